#include <drover/tracing/flight_ring.hpp>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

namespace {

drover::flight_record record_of(std::uint64_t n) {
    return {n, n * 3, n * 5, n * 7};
}

std::vector<std::uint64_t> numbers(const drover::flight_ring& ring, std::uint64_t most, std::uint64_t& lost) {
    std::vector<std::uint64_t> found;
    lost = ring.each_last(most, [&](const drover::flight_record& one) {
        CHECK(one == record_of(one[0]));
        found.push_back(one[0]);
    });
    return found;
}

using list = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("a ring gives its records oldest first, and says how many are lost") {
    drover::flight_ring ring(8);
    std::uint64_t lost = 0;
    CHECK(ring.capacity() == 8);
    CHECK(numbers(ring, 8, lost).empty());
    CHECK(lost == 0);
    for (std::uint64_t each = 0; each != 7; ++each) {
        ring.write(record_of(each));
    }
    CHECK(numbers(ring, 8, lost) == list{0, 1, 2, 3, 4, 5, 6});
    CHECK(lost == 0);
    CHECK(numbers(ring, 2, lost) == list{5, 6});
    CHECK(lost == 0);
    ring.write(record_of(7));  // the oldest might be written over at any moment
    CHECK(numbers(ring, 8, lost) == list{1, 2, 3, 4, 5, 6, 7});
    CHECK(lost == 1);
    for (std::uint64_t each = 8; each != 30; ++each) {
        ring.write(record_of(each));
    }
    CHECK(numbers(ring, 100, lost) == list{23, 24, 25, 26, 27, 28, 29});
    CHECK(lost == 23);
}

TEST_CASE("what a ring is told to forget is neither seen nor lost") {
    drover::flight_ring ring(8);
    std::uint64_t lost = 0;
    for (std::uint64_t each = 0; each != 20; ++each) {
        ring.write(record_of(each));
    }
    ring.forget();
    CHECK(numbers(ring, 8, lost).empty());
    CHECK(lost == 0);
    ring.write(record_of(20));
    CHECK(numbers(ring, 8, lost) == list{20});
    CHECK(lost == 0);
    for (std::uint64_t each = 21; each != 30; ++each) {
        ring.write(record_of(each));
    }
    CHECK(numbers(ring, 8, lost) == list{23, 24, 25, 26, 27, 28, 29});
    CHECK(lost == 3);
}

TEST_CASE("a record that is written over while it is read is left out, and those after it are there") {
    drover::flight_ring ring(8);
    for (std::uint64_t each = 0; each != 8; ++each) {
        ring.write(record_of(each));
    }
    list found;
    const std::uint64_t lost = ring.each_last(8, [&](const drover::flight_record& one) {
        if (found.empty()) {  // the writer goes on by three
            for (std::uint64_t each = 8; each != 11; ++each) {
                ring.write(record_of(each));
            }
        }
        found.push_back(one[0]);
    });
    CHECK(found == list{1, 4, 5, 6, 7});
    CHECK(lost == 4);
}

TEST_CASE("a reader beside a writer sees whole records alone, in their order") {
    drover::flight_ring ring(16);
    std::atomic<bool> over{false};
    std::thread writer([&] {
        for (std::uint64_t each = 0; each != 200'000; ++each) {
            ring.write(record_of(each));
        }
        over = true;
    });
    std::uint64_t torn = 0;
    std::uint64_t out_of_order = 0;
    while (!over) {
        std::uint64_t last = 0;
        ring.each_last(16, [&](const drover::flight_record& one) {
            torn += one == record_of(one[0]) ? 0U : 1U;
            out_of_order += one[0] < last ? 1U : 0U;
            last = one[0];
        });
    }
    writer.join();
    CHECK(torn == 0);
    CHECK(out_of_order == 0);
}

TEST_CASE("names and kind share a word, and an exception of who takes comes out") {
    static constexpr drover::message_names names{"a", "b"};
    const drover::flight_record record{1, 2, 3, drover::detail::pack(drover::flight_event_kind::resumed, &names)};
    CHECK(drover::detail::kind_of(record) == drover::flight_event_kind::resumed);
    CHECK(drover::detail::names_of(record) == &names);
    drover::flight_ring ring(8);
    ring.write(record);
    CHECK_THROWS_AS(ring.each_last(8, [](const auto&) { throw std::runtime_error("full"); }), std::runtime_error);
}
