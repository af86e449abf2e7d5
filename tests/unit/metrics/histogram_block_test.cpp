#include <drover/metrics/histogram_block.hpp>

#include <chrono>
#include <cstdint>
#include <type_traits>

#include <catch2/catch.hpp>

#include <drover/base/random.hpp>

namespace {

using drover::histogram;
using drover::histogram_block;
using ns = drover::clock_duration;

}  // namespace

TEST_CASE("a block is read as the histogram of what was recorded, by either way in") {
    drover::random_source random(1);
    histogram_block own;
    histogram_block shared;
    histogram wanted;
    for (int each = 0; each != 20'000; ++each) {
        const ns value(static_cast<std::int64_t>(random.next() >> (20 + random.below(44))) - 4);
        own.record(value);
        shared.record_shared(value);
        wanted.record(value);
    }
    CHECK(wanted.saturated() != 0);
    CHECK(own.read() == wanted);
    CHECK(shared.read() == wanted);
    CHECK(own.read().count() == 20'000);
}

TEST_CASE("the reader adds up the blocks of several threads") {
    histogram_block worker;
    histogram_block outside;
    worker.record(std::chrono::microseconds(3));
    outside.record_shared(std::chrono::hours(1));
    outside.record_shared(ns::min());
    histogram whole;
    worker.add_to(whole);
    outside.add_to(whole);
    CHECK(whole == worker.read() + outside.read());
    CHECK(whole.count() == 3);
    CHECK(whole.saturated() == 1);
    CHECK(whole.sum_nanoseconds() == 3'600'000'003'000U);
}

TEST_CASE("a new block is empty, and is not copied by accident") {
    CHECK(histogram_block().read() == histogram());
    STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<histogram_block>);
}
