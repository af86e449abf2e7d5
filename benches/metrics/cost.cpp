// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

#include "../savina/ping_pong.hpp"
#include "../support/side_by_side.hpp"

/// What metrics cost a message: ping-pong with each policy, and without one, in turn.
namespace benches {
namespace {

struct counted : drover::features {
    using metrics = drover::counter_metrics;
};
struct sampled : drover::features {
    using metrics = drover::latency_metrics<64>;
};
struct timed : drover::features {
    using metrics = drover::latency_metrics<1, 64>;
};
struct timed_twice : drover::features {
    using metrics = drover::latency_metrics<1>;
};

constexpr std::array<contender, 5> policies{{{"off", &ping_pong_with<drover::features>},
                                             {"counters", &ping_pong_with<counted>},
                                             {"latency 1 in 64", &ping_pong_with<sampled>},
                                             {"handlers all, waits 1 in 64", &ping_pong_with<timed>},
                                             {"handlers and waits all", &ping_pong_with<timed_twice>}}};

void metrics_cost(benchmark::State& state) {
    measure_side_by_side(state, policies);
}
// "producers" are workers here.
BENCHMARK(metrics_cost)->Apply(rounds<1'000'000, 1, 2>);

}  // namespace
}  // namespace benches
