#include <drover/supervision/backoff.hpp>

#include <chrono>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using drover::backoff;
using drover::backoff_state;
using drover::clock_duration;
using drover::time_point;

TEST_CASE("delays double up to the cap, and begin again after a quiet time") {
    backoff_state delays({.first = 100ms, .most = 500ms, .jitter = 0, .quiet = 10s}, 1);
    time_point now(1s);
    const auto fails = [&] {
        const clock_duration delay = delays.next(now);
        now += delay;  // it is back, and fails at once
        return delay;
    };
    CHECK(fails() == 100ms);
    CHECK(fails() == 200ms);
    CHECK(fails() == 400ms);
    CHECK(fails() == 500ms);
    CHECK(fails() == 500ms);
    now += 10s - 1ns;
    CHECK(fails() == 500ms);
    now += 10s;
    CHECK(fails() == 100ms);
    CHECK(fails() == 200ms);
}

TEST_CASE("jitter takes off a part, and the same seed takes off the same") {
    const backoff plan{.first = 1s, .most = 1s, .jitter = 0.25};
    backoff_state one(plan, 7);
    backoff_state same(plan, 7);
    backoff_state other(plan, 8);
    bool differs = false;
    clock_duration least = 1s;
    clock_duration largest = 0s;
    for (int each = 0; each != 200; ++each) {
        const clock_duration delay = one.next(time_point(0s));
        CHECK(delay == same.next(time_point(0s)));
        differs = differs || delay != other.next(time_point(0s));
        CHECK(delay <= 1s);
        CHECK(delay >= 750ms);
        least = delay < least ? delay : least;
        largest = delay > largest ? delay : largest;
    }
    CHECK(differs);
    CHECK(least < 780ms);
    CHECK(largest > 970ms);
}

TEST_CASE("no first delay is no delay at all, and a large factor does not overflow") {
    backoff_state none({}, 1);
    CHECK(none.next(time_point(0s)) == 0s);
    CHECK(none.next(time_point(0s)) == 0s);
    backoff_state steep({.first = 1h, .most = clock_duration::max() / 2, .factor = 1e9, .jitter = 0}, 1);
    for (int each = 0; each != 10; ++each) {
        CHECK(steep.next(time_point(0s)) <= clock_duration::max() / 2);
    }
}
