// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/scheduling/timer_wheel.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "../support/google.hpp"
#include "../support/outcome.hpp"

namespace benches {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::size_t a_million = 1'000'000;

void nothing(drover::timer*) noexcept {}

// Deadlines within a second: at random, or a microsecond after one another.
std::vector<drover::timer> a_million_timers(bool in_order) {
    std::mt19937_64 random(1);
    std::vector<drover::timer> timers(a_million, drover::timer(&nothing));
    std::uint64_t last = 0;
    for (drover::timer& each : timers) {
        last = in_order ? last + second / a_million : 1 + random() % second;
        each.deadline = last;
    }
    return timers;
}

outcome arm_and_cancel(drover::timer_wheel& wheel, std::uint64_t operations) {
    std::uint64_t const before = wheel.next_event();
    drover::timer one(&nothing);
    std::uint64_t armed = 0;
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations; ++i) {
        one.deadline = second / 2 + i;
        wheel.add(one);
        armed += one.armed ? 1 : 0;
        benchmark::ClobberMemory();
        wheel.remove(one);
    }
    auto const elapsed = clock.elapsed();
    auto wrong = expect_equal("the number of timers armed", armed, operations);
    if (wrong.empty()) wrong = expect_equal("the next event after the last cancel", wheel.next_event(), before);
    return {elapsed, operations, 0, wrong};
}

/// A timer is armed and cancelled, `operations` times, on a wheel that holds no other: what an ask with a timeout costs
/// the wheel, without the lock that guards it. Figure: ns for both.
outcome arm_cancel_alone(std::uint64_t operations) {
    drover::timer_wheel wheel(0);
    return arm_and_cancel(wheel, operations);
}

/// The same beside a million armed timers with deadlines at random within a second. Figure: ns for both.
outcome arm_cancel_beside_a_million(std::uint64_t operations) {
    static std::vector<drover::timer> others = a_million_timers(false);
    static drover::timer_wheel wheel = [] {
        drover::timer_wheel fresh(0);
        for (drover::timer& each : others) fresh.add(each);
        return fresh;
    }();
    return arm_and_cancel(wheel, operations);
}

outcome fire(std::vector<drover::timer>& timers) {
    drover::timer_wheel wheel(0);
    for (drover::timer& each : timers) wheel.add(each);

    std::uint64_t fired = 0;
    std::uint64_t right = 0;
    std::uint64_t last = 0;
    stopwatch const clock;
    for (std::uint64_t now = 0; now <= second; now += second / 1'000) {
        for (drover::timer* each = wheel.advance(now); each != nullptr; each = each->next) {
            fired += 1;
            right += each->deadline >= last && each->deadline <= now ? 1 : 0;
            last = each->deadline;
        }
    }
    auto const elapsed = clock.elapsed();
    auto wrong = expect_equal("the number of timers fired", fired, timers.size());
    if (wrong.empty()) wrong = expect_equal("the number of timers fired in order", right, timers.size());
    return {elapsed, timers.size(), 0, wrong};
}

/// A million timers, armed in the order of their deadlines, a microsecond apart, as asks with one timeout are. They
/// become due as the wheel goes on by a millisecond at a time. Arming is not included. Figure: ns a timer.
outcome fire_in_order(std::uint64_t) {
    static std::vector<drover::timer> timers = a_million_timers(true);
    return fire(timers);
}

/// The same with deadlines at random, so each move to a lower level touches memory that is not in the cache. Figure: ns
/// a timer.
outcome fire_at_random(std::uint64_t) {
    static std::vector<drover::timer> timers = a_million_timers(false);
    return fire(timers);
}

}  // namespace

BENCHMARK_CAPTURE(measure_part, arm_cancel_alone, &arm_cancel_alone)
    ->Name("timer_wheel/arm_cancel_alone")
    ->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, arm_cancel_beside_a_million, &arm_cancel_beside_a_million)
    ->Name("timer_wheel/arm_cancel_beside_a_million")
    ->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, fire_in_order, &fire_in_order)
    ->Name("timer_wheel/fire_in_order")
    ->Apply(operations<1'000'000>);
BENCHMARK_CAPTURE(measure_part, fire_at_random, &fire_at_random)
    ->Name("timer_wheel/fire_at_random")
    ->Apply(operations<1'000'000>);

}  // namespace benches
