#include <drover/balancing/member_latency.hpp>

#include <chrono>
#include <cmath>
#include <stdexcept>

#include <catch2/catch.hpp>

using namespace drover;
using namespace std::chrono_literals;

namespace {

time_point at(clock_duration moment) {
    return time_point(moment);
}

// Within a billionth.
Approx about(double value) {
    return Approx(value).epsilon(1e-9).margin(0);
}

}  // namespace

TEST_CASE("an average goes up at once and falls exponentially") {
    member_latency latency({.decay = 4s});
    CHECK(latency.average() == 0);
    latency.record(1ms, at(100s), false);
    CHECK(latency.average() == 1e6);
    CHECK(latency.last() == at(100s));
    latency.record(5ms, at(100s + 1us), false);
    CHECK(latency.average() == 5e6);
    latency.record(2ms, at(102s + 1us), false);
    const double half = std::exp(-0.5);
    const double fallen = 5e6 * half + 2e6 * (1 - half);
    CHECK(latency.average() == about(fallen));
    CHECK(latency.last() == at(102s + 1us));
    latency.record(1ms, at(106s + 1us), false);
    CHECK(latency.average() == about(fallen * std::exp(-1.0) + 1e6 * (1 - std::exp(-1.0))));
    latency.record(3ms, at(1000s), false);
    CHECK(latency.average() == 3e6);
}

TEST_CASE("time that stands still or goes back changes no average but upwards") {
    member_latency latency;
    latency.record(4ms, at(10s), false);
    latency.record(1ms, at(10s), false);
    CHECK(latency.average() == 4e6);
    latency.record(1ms, at(5s), false);
    CHECK(latency.average() == 4e6);
    latency.record(6ms, at(5s), false);
    CHECK(latency.average() == 6e6);
}

TEST_CASE("a message takes a nanosecond at least") {
    member_latency latency;
    latency.record(0ns, at(0s), false);
    CHECK(latency.average() == 1);
    latency.record(-5ns, at(100s), false);
    CHECK(latency.average() == 1);
}

TEST_CASE("a failure counts as slow, and a slow failure as it was") {
    member_latency latency({.decay = 1s, .penalty = 200ms});
    latency.record(1us, at(1s), false);
    latency.record(1us, at(1s), true);
    CHECK(latency.average() == 200e6);
    latency.record(1s, at(1s), true);
    CHECK(latency.average() == 1e9);
    latency.record(1us, at(2s), true);
    CHECK(latency.average() == about(1e9 * std::exp(-1.0) + 200e6 * (1 - std::exp(-1.0))));
}

TEST_CASE("what a message is awaited to take fades while a member is idle, and only then") {
    member_latency latency({.decay = 2s, .penalty = 300ms});
    CHECK(latency.awaited(0, at(50s)) == 0);
    CHECK(latency.awaited(1, at(50s)) == 300e6);
    CHECK(latency.awaited(7, at(50s)) == 300e6);
    latency.record(8ms, at(60s), false);
    CHECK(latency.awaited(0, at(60s)) == 8e6);
    CHECK(latency.awaited(0, at(63s)) == about(8e6 * std::exp(-1.5)));
    CHECK(latency.awaited(0, at(59s)) == 8e6);
    CHECK(latency.awaited(1, at(63s)) == 8e6);
}

TEST_CASE("a latency refuses durations that are none, in a sentence") {
    CHECK_THROWS_WITH(member_latency({.decay = 0s}), "drover: latency_options::decay is 0 ns; give it a time above 0");
    CHECK_THROWS_WITH(member_latency({.penalty = -3ns}),
                      "drover: latency_options::penalty is -3 ns; give it a time above 0");
    CHECK_THROWS_AS(member_latency({.penalty = 0s}), std::invalid_argument);
}
