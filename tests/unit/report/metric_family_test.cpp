#include <drover/report/metric_family.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <stdexcept>

#include <catch2/catch.hpp>

namespace {

using drover::histogram_in_seconds;
using ns = drover::clock_duration;

}  // namespace

TEST_CASE("a histogram in seconds has the exact counts of powers of two") {
    drover::histogram seen;
    seen.record(ns(128));
    seen.record(ns(129), 2);
    seen.record(ns(256));
    seen.record(ns(257));
    seen.record(std::chrono::minutes(2));
    const drover::metric_histogram made = histogram_in_seconds(seen);
    REQUIRE(made.buckets.size() == 30);
    CHECK(made.buckets[0].bound == 1.28e-7);
    CHECK(made.buckets[0].count == 1);
    CHECK(made.buckets[1].bound == 2.56e-7);
    CHECK(made.buckets[1].count == 4);
    CHECK(made.buckets[2].count == 5);
    CHECK(made.buckets.back().bound == 68.719476736);
    CHECK(made.buckets.back().count == 5);
    CHECK(made.count == 6);
    CHECK(made.sum == 120.000000899);
    CHECK_FALSE(made.beyond.has_value());
}

TEST_CASE("the range of the buckets is the caller's, and what is below the first is in it") {
    drover::histogram seen;
    seen.record(ns(1));
    seen.record(ns(3));
    CHECK(histogram_in_seconds(seen, 0, 0).buckets.size() == 1);
    CHECK(histogram_in_seconds(seen, 0, 0).buckets[0].count == 1);
    CHECK(histogram_in_seconds(seen, 0, 36).buckets.size() == 37);
    CHECK(histogram_in_seconds(seen, 20, 22).buckets[0].count == 2);
    CHECK_THROWS_WITH(histogram_in_seconds(seen, 5, 4),
                      "drover: histogram_in_seconds cannot give the buckets from 2^5 to 2^4 ns; pass two powers from 0 "
                      "to 36, the smaller one first");
    CHECK_THROWS_AS(histogram_in_seconds(seen, 5, 37), std::invalid_argument);
}

TEST_CASE("an exemplar is shown in the bucket that its value belongs to") {
    drover::metric_histogram whole{.buckets = {{.bound = 1}, {.bound = 2}}};
    whole.show({.labels = {{"trace_id", "a"}}, .value = 1});
    whole.show({.labels = {{"trace_id", "b"}}, .value = 1.5});
    whole.show({.labels = {{"trace_id", "c"}}, .value = 2.5});
    REQUIRE(whole.buckets[0].exemplar.has_value());
    CHECK(whole.buckets[0].exemplar->labels[0].second == "a");
    REQUIRE(whole.buckets[1].exemplar.has_value());
    CHECK(whole.buckets[1].exemplar->labels[0].second == "b");
    REQUIRE(whole.beyond.has_value());
    CHECK(whole.beyond->labels[0].second == "c");

    whole.show({.labels = {{"trace_id", "d"}}, .value = 0.5});
    CHECK(whole.buckets[0].exemplar->labels[0].second == "d");
    CHECK(whole.buckets[0].exemplar->value == 0.5);
}
