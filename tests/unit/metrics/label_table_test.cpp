#include <drover/metrics/label_table.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/failing_new.hpp"

using drover::label_table;

TEST_CASE("a name has one number, and a member another one for each place") {
    label_table table(10);
    CHECK(table.all() == std::vector<label_table::label>{{"other", 0}});
    CHECK(table.number_of("crew") == 1);
    CHECK(table.number_of("crew", 1) == 2);
    CHECK(table.number_of("office") == 3);
    CHECK(table.number_of("crew") == 1);
    CHECK(table.number_of("crew", 1) == 2);
    CHECK(table.number_of("other") == label_table::other);
    CHECK(table.all() == std::vector<label_table::label>{{"other", 0}, {"crew", 0}, {"crew", 1}, {"office", 0}});
}

TEST_CASE("names beyond the last number are others, and those that have one keep it") {
    label_table table(3);
    CHECK(table.number_of("a") == 1);
    CHECK(table.number_of("b") == 2);
    CHECK(table.number_of("c") == label_table::other);
    CHECK(table.number_of("b", 1) == label_table::other);
    CHECK(table.number_of("b") == 2);
    CHECK(table.all().size() == 3);
}

TEST_CASE("a name for which there is no memory is an other one for now") {
    label_table table(3);
    const std::string long_name(100, 'x');
    std::uint16_t number = 7;
    {
        const drover_test::failing_new none;
        number = table.number_of(long_name);
    }
    CHECK(number == label_table::other);
    CHECK(table.number_of(long_name) == 1);
}

TEST_CASE("threads that name the same get the same numbers") {
    label_table table(100);
    std::vector<std::vector<std::uint16_t>> got(3);
    std::vector<std::thread> threads;
    for (auto& mine : got) {
        threads.emplace_back([&] {
            for (std::size_t each = 0; each != 50; ++each) {
                mine.push_back(table.number_of("n" + std::to_string(each)));
            }
        });
    }
    for (auto& each : threads) {
        each.join();
    }
    CHECK(got[1] == got[0]);
    CHECK(got[2] == got[0]);
    CHECK(table.all().size() == 51);
}

TEST_CASE("the two tables of a process are two, and as large as their numbers allow") {
    CHECK(&label_table::actors() != &label_table::members());
    CHECK(&label_table::actors() == &label_table::actors());
    STATIC_REQUIRE(label_table::most_actors - 1 <= UINT8_MAX);
    STATIC_REQUIRE(label_table::most_members - 1 <= UINT16_MAX);
}
