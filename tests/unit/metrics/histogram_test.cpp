#include <drover/metrics/histogram.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/base/random.hpp>

namespace {

using drover::histogram;
using ns = drover::clock_duration;

// Spread over all sizes: as many below 2^10 as between 2^30 and 2^40. One in sixteen is above the top.
ns any_size(drover::random_source& random) {
    const std::uint64_t bits = 1 + random.below(38);
    return ns(static_cast<std::int64_t>(random.next() & ((std::uint64_t{1} << bits) - 1)));
}

// The value of that rank, as a sorted list has it.
ns oracle(std::vector<ns> values, double percent) {
    std::sort(values.begin(), values.end());
    const auto rank = static_cast<std::size_t>(std::ceil(percent * static_cast<double>(values.size()) / 100));
    return values[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

TEST_CASE("the bounds of the buckets follow each other, and each is the last value of its bucket") {
    CHECK(histogram::lower_bound(0) == ns(0));
    for (std::size_t each = 0; each != histogram::buckets; ++each) {
        const ns low = histogram::lower_bound(each);
        const ns high = histogram::upper_bound(each);
        REQUIRE(low < high);
        REQUIRE(histogram::bucket_of(low + ns(1)) == each);
        REQUIRE(histogram::bucket_of(high) == each);
        REQUIRE(histogram::bucket_of(high + ns(1)) == each + 1);
        if (each != 0) {
            REQUIRE(histogram::upper_bound(each - 1) == low);
        }
        // 6.25 % of its lower bound, or the one nanosecond that cannot be divided.
        REQUIRE(((high - low) * 16 <= low || high - low == ns(1)));
    }
    CHECK(histogram::upper_bound(histogram::buckets - 1) == histogram::top);
}

TEST_CASE("each power of two is the bound of a bucket") {
    for (unsigned power = 0; power <= histogram::top_power; ++power) {
        const ns bound(std::int64_t{1} << power);
        CHECK(histogram::upper_bound(histogram::bucket_of(bound)) == bound);
    }
}

TEST_CASE("up to 32 ns every value has a bucket of its own") {
    for (std::int64_t each = 1; each <= 32; ++each) {
        CHECK(histogram::bucket_of(ns(each)) == static_cast<std::size_t>(each - 1));
    }
    CHECK(histogram::bucket_of(ns(33)) == histogram::bucket_of(ns(34)));
}

TEST_CASE("what is not above 0 is in the first bucket and adds nothing to the sum") {
    for (const ns each : {ns(0), ns(-1), ns::min(), ns::min() + ns(1)}) {
        CHECK(histogram::bucket_of(each) == 0);
        histogram seen;
        seen.record(each);
        CHECK(seen.count() == 1);
        CHECK(seen.count_in(0) == 1);
        CHECK(seen.sum_nanoseconds() == 0);
        CHECK(seen.percentile(50) == ns(1));
    }
}

TEST_CASE("a larger value never has a smaller bucket, and lies within its bucket") {
    drover::random_source random(1);
    for (int each = 0; each != 200'000; ++each) {
        const ns one = any_size(random);
        const ns other = any_size(random);
        REQUIRE((histogram::bucket_of(std::min(one, other)) <= histogram::bucket_of(std::max(one, other))));
        const std::size_t bucket = histogram::bucket_of(one);
        if (one > histogram::top) {
            REQUIRE(bucket == histogram::buckets);
        } else if (one > ns(0)) {
            REQUIRE(histogram::lower_bound(bucket) < one);
            REQUIRE(one <= histogram::upper_bound(bucket));
        }
    }
}

TEST_CASE("what is above the top is counted, and summed, and lost to no percentile") {
    histogram seen;
    seen.record(histogram::top);
    CHECK(seen.saturated() == 0);
    seen.record(histogram::top + ns(1));
    seen.record(std::chrono::hours(24));
    CHECK(seen.saturated() == 2);
    CHECK(seen.count() == 3);
    CHECK(seen.sum_nanoseconds() == 2 * static_cast<std::uint64_t>(histogram::top.count()) + 1 + 86'400'000'000'000U);
    CHECK(seen.percentile(33).value() < histogram::top);
    CHECK(seen.percentile(34) == ns::max());
    CHECK(seen.percentile(100) == ns::max());
    CHECK(seen.up_to_powers_of_two().back() == 1);

    CHECK(histogram::bucket_of(ns::max()) == histogram::buckets);
    seen.record(ns::max());
    CHECK(seen.saturated() == 3);
}

TEST_CASE("percentiles are those of a sorted list, within the error that is promised") {
    constexpr std::array percents{0.0, 0.1, 1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 100.0};
    drover::random_source random(2);
    for (std::size_t size : {1U, 2U, 3U, 10U, 99U, 1000U, 10'000U}) {
        std::vector<ns> values;
        histogram seen;
        for (std::size_t each = 0; each != size; ++each) {
            values.push_back(any_size(random));
            seen.record(values.back());
        }
        for (const double percent : percents) {
            const ns wanted = oracle(values, percent);
            const ns got = seen.percentile(percent).value();
            INFO(size << " values, " << percent << " %: " << got.count() << " for " << wanted.count());
            if (wanted > histogram::top) {
                CHECK(got == ns::max());
            } else if (wanted <= ns(32)) {
                CHECK(got == std::max(wanted, ns(1)));
            } else {
                CHECK(std::abs((got - wanted).count()) * 32 <= wanted.count());
            }
        }
    }
}

TEST_CASE("the error of a percentile is at most 1/32 at both ends of every bucket") {
    for (std::size_t each = 32; each != histogram::buckets; ++each) {
        for (const ns value : {histogram::lower_bound(each) + ns(1), histogram::upper_bound(each)}) {
            histogram seen;
            seen.record(value);
            const ns got = seen.percentile(50).value();
            REQUIRE(std::abs((got - value).count()) * 32 <= value.count());
        }
    }
}

TEST_CASE("ranks are the nearest, from the first to the last") {
    histogram seen;
    for (std::int64_t each = 1; each <= 10; ++each) {
        seen.record(ns(each));
    }
    CHECK(seen.percentile(0) == ns(1));
    CHECK(seen.percentile(10) == ns(1));
    CHECK(seen.percentile(10.1) == ns(2));
    CHECK(seen.percentile(50) == ns(5));
    CHECK(seen.percentile(90) == ns(9));
    CHECK(seen.percentile(90.1) == ns(10));
    CHECK(seen.percentile(100) == ns(10));

    histogram many;
    many.record(ns(3), std::numeric_limits<std::uint64_t>::max());
    CHECK(many.percentile(100) == ns(3));
    CHECK(many.percentile(1) == ns(3));
}

TEST_CASE("without values there is no percentile and no mean") {
    const histogram none;
    CHECK(none.count() == 0);
    CHECK_FALSE(none.percentile(50).has_value());
    CHECK_FALSE(none.mean().has_value());
}

TEST_CASE("a percentile that is none is refused with the number") {
    histogram seen;
    seen.record(ns(1));
    CHECK_THROWS_WITH(seen.percentile(101),
                      "drover: histogram::percentile got 101.000000; pass a number from 0 to 100, such as 99.9");
    CHECK_THROWS_AS(seen.percentile(-0.5), std::invalid_argument);
    CHECK_THROWS_AS(seen.percentile(std::numeric_limits<double>::quiet_NaN()), std::invalid_argument);
}

TEST_CASE("two histograms added are that of all their values, and the difference is what was added") {
    drover::random_source random(3);
    histogram one;
    histogram other;
    histogram both;
    for (int each = 0; each != 10'000; ++each) {
        const ns value = any_size(random);
        (random.below(2) == 0 ? one : other).record(value);
        both.record(value);
    }
    CHECK(one + other == both);
    CHECK(other + one == both);
    histogram merged = one;
    merged.merge(other);
    CHECK(merged == both);
    CHECK(merged.count() == one.count() + other.count());
    CHECK(merged.sum_nanoseconds() == one.sum_nanoseconds() + other.sum_nanoseconds());
    CHECK(both - one == other);
    CHECK(both - both == histogram());
}

TEST_CASE("the difference is refused the wrong way round") {
    histogram earlier;
    earlier.record(ns(4), 3);
    histogram later = earlier;
    later.record(ns(4), 2);
    CHECK_THROWS_WITH(earlier - later,
                      "drover: a histogram that holds 3 in bucket 3 cannot be later than one with 5 there; subtract "
                      "the earlier reading of the same histogram from the later one");
}

TEST_CASE("a sum that has begun again still has the right difference") {
    histogram earlier;
    earlier.record(ns::max(), 2);
    histogram later = earlier;
    later.record(ns(1000));
    CHECK(later.sum_nanoseconds() < 1000);
    CHECK((later - earlier).sum_nanoseconds() == 1000);
}

TEST_CASE("the mean is exact, unlike a percentile") {
    histogram seen;
    seen.record(ns(1'000'000));
    seen.record(ns(1'000'003), 2);
    CHECK(seen.mean() == ns(1'000'002));
}

TEST_CASE("counts up to powers of two are exact") {
    drover::random_source random(4);
    std::vector<ns> values;
    histogram seen;
    for (unsigned power = 0; power <= histogram::top_power; ++power) {
        for (const std::int64_t beside : {-1, 0, 1}) {
            values.emplace_back((std::int64_t{1} << power) + beside);
        }
    }
    for (int each = 0; each != 5'000; ++each) {
        values.push_back(any_size(random));
    }
    for (const ns each : values) {
        seen.record(each);
    }
    const auto counts = seen.up_to_powers_of_two();
    for (unsigned power = 0; power <= histogram::top_power; ++power) {
        const ns bound(std::int64_t{1} << power);
        const auto wanted = std::count_if(values.begin(), values.end(), [&](ns each) { return each <= bound; });
        CHECK(counts[power] == static_cast<std::uint64_t>(wanted));
    }
    CHECK(counts.back() + seen.saturated() == seen.count());
}

TEST_CASE("a histogram can be filled at compile time") {
    constexpr histogram seen = [] {
        histogram filling;
        filling.record(std::chrono::microseconds(1));
        filling.merge(histogram());
        return filling + filling;
    }();
    STATIC_REQUIRE(seen.count() == 2);
    STATIC_REQUIRE(seen.mean() == ns(1000));
    STATIC_REQUIRE(seen.count_in(histogram::bucket_of(ns(1000))) == 2);
}
