// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../support/google.hpp"
#include "../support/outcome.hpp"

namespace benches {
namespace {

constexpr std::size_t a_million = 1'000'000;
constexpr std::uint64_t second = 1'000'000'000;

struct tick {};

struct ticked {
    void operator()(tick) { count += 1; }
    std::uint64_t operator()(char) const { return count; }
    std::uint64_t count = 0;
};

// A million messages put off to moments at random within a second, a tenth of an hour ahead, on a clock that stands.
struct crowded {
    crowded() {
        drover::random_source random(7);
        for (std::size_t each = 0; each != a_million; ++each) {
            target.tell_after(std::chrono::minutes(6) + drover::clock_duration(random.below(1'000'000'000)), tick{});
        }
    }

    drover::manual_clock clock;
    drover::runtime rt{[this] {
        drover::runtime_options chosen;
        chosen.threads = 1;
        chosen.clock = &clock;
        return chosen;
    }()};
    drover::ref<ticked> target = rt.spawn<ticked>();
};

crowded& a_crowd() {
    static crowded all;
    return all;
}

/// `tell_after` and `cancel` of what it gives, one after the other, beside a million that wait. Figure: ns for both.
outcome set_and_cancel(std::uint64_t operations) {
    crowded& all = a_crowd();
    drover::random_source random(11);
    std::uint64_t cancelled = 0;
    stopwatch const clock;
    for (std::uint64_t each = 0; each != operations; ++each) {
        auto const timer = all.target.tell_after(drover::clock_duration(1 + random.below(1'000'000'000)), tick{});
        cancelled += timer.cancel() ? 1 : 0;
    }
    auto const elapsed = clock.elapsed();
    return {elapsed, operations, 0, expect_equal("the number of sends cancelled", cancelled, operations)};
}

/// A thousand are set, then all of them cancelled, beside a million that wait. Figure: ns for both.
outcome set_many_and_cancel(std::uint64_t operations) {
    crowded& all = a_crowd();
    drover::random_source random(13);
    std::vector<drover::timer_handle> timers(1000);
    std::uint64_t cancelled = 0;
    stopwatch const clock;
    for (std::uint64_t each = 0; each < operations; each += timers.size()) {
        for (drover::timer_handle& one : timers) {
            one = all.target.tell_after(drover::clock_duration(1 + random.below(1'000'000'000)), tick{});
        }
        for (drover::timer_handle const& one : timers) cancelled += one.cancel() ? 1 : 0;
    }
    auto const elapsed = clock.elapsed();
    return {elapsed, cancelled, 0, cancelled >= operations ? "" : "not every send was cancelled"};
}

/// A million messages put off to moments at random within a second, and sent as the clock goes on by a millisecond at a
/// time. Setting them, and handling them, is not included. Figure: ns a message.
outcome fire(std::uint64_t operations) {
    drover::manual_clock clock;
    drover::runtime_options chosen;
    chosen.threads = 1;
    chosen.clock = &clock;
    drover::runtime rt(chosen);
    auto const target = rt.spawn<ticked>();
    drover::random_source random(17);
    for (std::uint64_t each = 0; each != operations; ++each) {
        target.tell_after(drover::clock_duration(1 + random.below(static_cast<std::uint32_t>(second - 1))), tick{});
    }
    stopwatch const watch;
    for (int each = 0; each != 1000; ++each) clock.advance(std::chrono::milliseconds(1));
    auto const elapsed = watch.elapsed();
    return {elapsed, operations, 0, expect_equal("the number of messages handled", target.ask('?').get(), operations)};
}

}  // namespace

BENCHMARK_CAPTURE(measure_part, set_and_cancel, &set_and_cancel)
    ->Name("timers/set_and_cancel_beside_a_million")
    ->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, set_many_and_cancel, &set_many_and_cancel)
    ->Name("timers/set_1000_and_cancel_beside_a_million")
    ->Apply(operations<16'000>);
BENCHMARK_CAPTURE(measure_part, fire, &fire)->Name("timers/fire")->Apply(operations<1'000'000>);

}  // namespace benches
