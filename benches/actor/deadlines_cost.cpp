// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "../savina/ping_pong.hpp"
#include "../support/side_by_side.hpp"

/// What deadlines cost a message: ping-pong without them, with them and none set, and with one that each throw has from
/// the throw before.
namespace benches {
namespace {

struct with_deadlines : drover::features {
    using deadlines = drover::message_deadlines;
};

outcome under_a_deadline(std::uint64_t messages, std::size_t threads) {
    return ping_pong_begun<with_deadlines>(messages, threads,
                                           [](auto const& rt) { return rt.within(std::chrono::hours(1)); });
}

constexpr std::array<contender, 3> ways{{{"off", &ping_pong_with<drover::features>},
                                         {"none set", &ping_pong_with<with_deadlines>},
                                         {"one set", &under_a_deadline}}};

void deadlines_cost(benchmark::State& state) {
    measure_side_by_side(state, ways);
}
// "producers" are workers here.
BENCHMARK(deadlines_cost)->Apply(rounds<1'000'000, 1, 2>);

}  // namespace
}  // namespace benches
