#include <drover/routing/name_table.hpp>

#include <drover/scheduling/this_thread.hpp>

#include <cstddef>
#include <cstdlib>
#include <map>
#include <new>
#include <random>
#include <string>

#include <catch2/catch.hpp>

#include "support/test_core.hpp"

using drover::name_table;
using drover::name_view;
using drover::read_scope;
using drover::retired_chain;
using drover::route_entry;
using drover_test::test_core;

namespace {

std::size_t alive = 0;

route_entry* make(const std::string& name, std::uint64_t hash) {
    void* const memory = std::malloc(sizeof(route_entry) + name.size());
    alive += 1;
    return new (memory) route_entry(name_view(name, hash), nullptr, nullptr, [](route_entry* gone) noexcept {
        gone->~route_entry();
        std::free(gone);
        alive -= 1;
    });
}

route_entry* make(const std::string& name) {
    return make(name, drover::hash_name(name));
}

}  // namespace

TEST_CASE("a table agrees with a map under random changes, and everything is freed") {
    const std::uint64_t seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    alive = 0;
    {
        test_core core;
        drover::lane mine(core, false);
        core.lanes().add(mine);
        {
            name_table table;
            std::map<std::string, route_entry*> expected;
            for (int step = 0; step != 20'000; ++step) {
                const std::string name = "n/" + std::to_string(random() % 3000);
                retired_chain garbage;
                const auto there = expected.find(name);
                if (random() % 3 != 0 || there == expected.end()) {
                    expected[name] = make(name);
                    table.put(*expected[name], garbage);
                } else {
                    table.erase(*there->second, garbage);
                    expected.erase(there);
                }
                garbage.retire_to(core);
                REQUIRE(table.size() == expected.size());
            }
            const read_scope scope(mine);
            for (const auto& [name, entry] : expected) {
                REQUIRE(table.find(scope, name) == entry);
                REQUIRE(entry->current);
            }
            CHECK(table.find(scope, "absent") == nullptr);
            std::size_t visited = 0;
            table.visit(scope, [&](const route_entry& each) {
                visited += expected.at(std::string(each.name())) == &each ? 1 : 0;
            });
            CHECK(visited == expected.size());
        }
        core.free_retired();
        core.lanes().remove(mine);
    }
    CHECK(alive == 0);
}

TEST_CASE("names that share all bits of their hash are told apart") {
    alive = 0;
    {
        test_core core;
        drover::lane mine(core, false);
        core.lanes().add(mine);
        {
            name_table table;
            retired_chain garbage;
            route_entry* const one = make("one", 7);
            route_entry* const two = make("two", 7);
            table.put(*one, garbage);
            table.put(*two, garbage);
            {
                const read_scope scope(mine);
                CHECK(table.find(scope, name_view("one", 7)) == one);
                CHECK(table.find(scope, name_view("two", 7)) == two);
            }
            table.erase(*one, garbage);
            const read_scope scope(mine);
            CHECK(table.find(scope, name_view("one", 7)) == nullptr);
            CHECK(table.find(scope, name_view("two", 7)) == two);
            garbage.retire_to(core);
        }
        core.free_retired();
        core.lanes().remove(mine);
    }
    CHECK(alive == 0);
}
