// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../support/google.hpp"
#include "../support/outcome.hpp"

namespace benches {
namespace {

struct ball {};

// Passes what it gets on to the next in the ring.
struct player {
    void operator()(ball b) {
        caught += 1;
        next.tell(b);
    }
    void operator()(drover::ref<player> who) { next = std::move(who); }
    std::uint64_t operator()(char) const { return caught; }
    drover::ref<player> next{};
    std::uint64_t caught = 0;
};

outcome steps_among(std::size_t actors, std::uint64_t operations) {
    drover::simulated_runtime rt(1);
    std::vector<drover::ref<player>> ring;
    for (std::size_t each = 0; each != actors; ++each) {
        ring.push_back(rt.spawn<player>());
    }
    for (std::size_t each = 0; each != actors; ++each) {
        ring[each].tell(ring[(each + 1) % actors]);
    }
    rt.run_until_idle();
    for (const auto& each : ring) {
        each.tell(ball{});
    }
    std::uint64_t steps = 0;
    stopwatch const clock;
    for (std::uint64_t each = 0; each != operations; ++each) {
        steps += rt.step() ? 1 : 0;
    }
    auto const elapsed = clock.elapsed();
    return {elapsed, operations, 0, expect_equal("the number of steps taken", steps, operations)};
}

/// Two actors, each with a ball that goes to the other. Figure: ns a step, in which an actor handles one
/// message or finds that there is none.
outcome two_actors(std::uint64_t operations) {
    return steps_among(2, operations);
}

/// A thousand in a ring, all of them ready at nearly any time.
outcome a_thousand_actors(std::uint64_t operations) {
    return steps_among(1000, operations);
}

/// A simulation from its beginning to its end, with one actor that handles one message.
outcome whole_simulation(std::uint64_t operations) {
    std::uint64_t handled = 0;
    stopwatch const clock;
    for (std::uint64_t each = 0; each != operations; ++each) {
        drover::simulated_runtime rt(each);
        handled += rt.spawn<player>().ask('?').get() == 0 ? 1 : 0;
    }
    auto const elapsed = clock.elapsed();
    return {elapsed, operations, 0, expect_equal("the number of replies", handled, operations)};
}

}  // namespace

BENCHMARK_CAPTURE(measure_part, two_actors, &two_actors)->Name("simulated/two_actors")->Apply(operations<1'000'000>);
BENCHMARK_CAPTURE(measure_part, a_thousand_actors, &a_thousand_actors)
    ->Name("simulated/a_thousand_actors")
    ->Apply(operations<1'000'000>);
BENCHMARK_CAPTURE(measure_part, whole_simulation, &whole_simulation)
    ->Name("simulated/whole_simulation")
    ->Apply(operations<10'000>);

}  // namespace benches
