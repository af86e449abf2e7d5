// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "../savina/fork_join_throughput_actor.hpp"
#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/processors.hpp"
#include "../support/side_by_side.hpp"

namespace benches {
namespace {

// Counts and does nothing else: what remains is the sending and the receiving.
struct counting_member {
    struct job {};

    void operator()(job) {
        if (++done_ == expected_) finished_->add(done_);
    }

    tally* finished_;
    std::uint64_t expected_;
    std::uint64_t done_ = 0;
};

template <class Member, std::size_t Outbox, std::size_t Workers>
outcome fan_out(std::uint64_t messages, std::size_t) {
    return fork_join_from_actor<Member, Outbox>(messages, Workers);
}

template <class Member, std::size_t Workers>
constexpr std::array ways{
    contender{"tell", &fan_out<Member, 0, Workers>},
    contender{"outbox_8", &fan_out<Member, 8, Workers>},
    contender{"outbox_64", &fan_out<Member, 64, Workers>},
    contender{"outbox_512", &fan_out<Member, 512, Workers>},
};

}  // namespace

// Fork-join throughput with an actor as the sender, by single tells and through outboxes of several sizes.
BENCHMARK_CAPTURE(measure_side_by_side, sines, ways<throughput_member, 2>)
    ->Name("outbox/fork_join_throughput")
    ->Apply(rounds<600'000, 1>);
BENCHMARK_CAPTURE(measure_side_by_side, counts, ways<counting_member, 2>)
    ->Name("outbox/fan_out_to_counters")
    ->Apply(rounds<600'000, 1>);
BENCHMARK_CAPTURE(measure_side_by_side, counts_on_one, ways<counting_member, 1>)
    ->Name("outbox/fan_out_to_counters_on_one_worker")
    ->Apply(rounds<600'000, 1>);

}  // namespace benches
