#include <drover/health/ejection.hpp>

#include <chrono>
#include <limits>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using drover::clock_duration;
using drover::ejection;
using drover::ejection_cap;
using drover::ejection_time;
using drover::random_source;

TEST_CASE("an ejection takes 30 s times how often, at most 300 s") {
    random_source random(1);
    const ejection plan{.jitter = 0};
    CHECK(ejection_time(plan, 1, random) == 30s);
    CHECK(ejection_time(plan, 2, random) == 60s);
    CHECK(ejection_time(plan, 9, random) == 270s);
    CHECK(ejection_time(plan, 10, random) == 300s);
    CHECK(ejection_time(plan, 11, random) == 300s);
    CHECK(ejection_time(plan, std::numeric_limits<std::uint32_t>::max(), random) == 300s);
    CHECK(ejection_time({.first = 40s, .most = 100s, .jitter = 0}, 3, random) == 100s);
    const ejection endless{.first = clock_duration::max() / 2, .most = clock_duration::max(), .jitter = 1};
    for (std::uint32_t times = 1; times != 100; ++times) CHECK(ejection_time(endless, times, random) >= 0s);
}

TEST_CASE("jitter takes off up to its part, by the seed") {
    random_source one(7);
    random_source same(7);
    random_source other(8);
    bool differs = false;
    clock_duration least = 1h;
    clock_duration most = 0s;
    for (int each = 0; each != 1000; ++each) {
        const clock_duration time = ejection_time({}, 1, one);
        REQUIRE(time == ejection_time({}, 1, same));
        differs = differs || time != ejection_time({}, 1, other);
        REQUIRE(time > 27s);
        REQUIRE(time <= 30s);
        least = std::min(least, time);
        most = std::max(most, time);
    }
    CHECK(differs);
    CHECK(least < 27100ms);
    CHECK(most > 29900ms);
}

TEST_CASE("a tenth may be out, and one in any case, but never the only one") {
    const ejection plan;
    CHECK(ejection_cap(plan, 0) == 0);
    CHECK(ejection_cap(plan, 1) == 0);
    CHECK(ejection_cap(plan, 2) == 1);
    CHECK(ejection_cap(plan, 19) == 1);
    CHECK(ejection_cap(plan, 20) == 2);
    CHECK(ejection_cap(plan, 65'536) == 6553);
    CHECK(ejection_cap({.percent = 0}, 100) == 1);
    CHECK(ejection_cap({.percent = 100}, 100) == 100);
    CHECK(ejection_cap({.percent = 100}, 1) == 0);
}
