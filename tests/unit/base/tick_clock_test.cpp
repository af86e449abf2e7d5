#include <drover/base/tick_clock.hpp>

#include <chrono>
#include <cstdint>
#include <thread>

#include <catch2/catch.hpp>

#include <drover/base/clock.hpp>

using namespace std::chrono_literals;
using drover::clock_duration;
using drover::tick_clock;

TEST_CASE("on a clock that is given ticks are its nanoseconds, exactly") {
    drover::manual_clock clock;
    const tick_clock ticks(clock);
    CHECK_FALSE(ticks.runs());
    const std::uint64_t first = ticks.now();
    CHECK(first != 0);
    CHECK(ticks.now() == first);
    clock.advance(1ns);
    const std::uint64_t second = ticks.now();
    CHECK(ticks.between(first, second) == 1ns);
    CHECK(ticks.between(second, first) == 0ns);
    clock.advance(1h);
    CHECK(ticks.between(first, ticks.now()) == 1h + 1ns);
    CHECK(ticks.between(first, first) == 0ns);
}

TEST_CASE("on the steady clock ticks run, and measure as it does") {
    const tick_clock ticks(drover::steady_clock_source::instance());
    CHECK(ticks.runs());
    const auto outer = std::chrono::steady_clock::now();
    const std::uint64_t first = ticks.now();
    CHECK(first != 0);
    const auto inner = std::chrono::steady_clock::now();
    auto inner_end = inner;
    while (inner_end - inner < 20ms) {
        inner_end = std::chrono::steady_clock::now();
    }
    const std::uint64_t second = ticks.now();
    const auto outer_end = std::chrono::steady_clock::now();
    const clock_duration measured = ticks.between(first, second);
    // The counter's rate was itself measured for 2 ms; 10 % is far beyond what that may be wrong by.
    CHECK(measured >= (inner_end - inner) * 9 / 10);
    CHECK(measured <= (outer_end - outer) * 11 / 10);
    CHECK(ticks.between(second, first) == 0ns);
}

TEST_CASE("without a usable counter the steady clock gives the ticks") {
    drover::detail::time_stamp_counter none;
    CHECK_FALSE(none.usable);
    const tick_clock ticks(drover::steady_clock_source::instance(), none);
    CHECK(ticks.runs());
    const auto before = std::chrono::steady_clock::now();
    const std::uint64_t first = ticks.now();
    const std::uint64_t second = ticks.now();
    const auto after = std::chrono::steady_clock::now();
    CHECK(first != 0);
    CHECK(ticks.between(first, second) <= after - before);
    CHECK(ticks.between(first, first + 1500) == 1500ns);
}

TEST_CASE("a counter's rate is whatever it was measured to be") {
    drover::detail::time_stamp_counter slow;
    slow.nanoseconds_per_tick = 2.5;
    slow.usable = true;
    const tick_clock ticks(drover::steady_clock_source::instance(), slow);
    CHECK(ticks.now() % 2 == 1);
    CHECK(ticks.between(1, 101) == 250ns);
    CHECK(ticks.between(1, 1 + (std::uint64_t{1} << 60U)) == clock_duration(std::int64_t{5} << 59U));
}
