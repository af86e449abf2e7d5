// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

#include "../savina/ping_pong.hpp"
#include "../support/side_by_side.hpp"

/// What tracing costs a message: ping-pong without a policy, with one whose traces are not sampled, and with all
/// recorded, in turn. A recorded message is three events: sent, began, ended.
namespace benches {
namespace {

struct not_sampled : drover::features {
    using tracing = drover::flight_tracing<drover::sample_parents>;
};
struct recorded : drover::features {
    using tracing = drover::flight_tracing<>;
};

constexpr std::array<contender, 3> policies{{{"off", &ping_pong_with<drover::features>},
                                             {"not sampled", &ping_pong_with<not_sampled>},
                                             {"recorded", &ping_pong_with<recorded>}}};

void tracing_cost(benchmark::State& state) {
    measure_side_by_side(state, policies);
}
// "producers" are workers here.
BENCHMARK(tracing_cost)->Apply(rounds<1'000'000, 1, 2>);

}  // namespace
}  // namespace benches
