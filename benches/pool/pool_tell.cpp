// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <future>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/side_by_side.hpp"
#include "round_robin.hpp"

namespace benches {
namespace {

struct number {
    std::uint64_t value;
};

struct adder {
    void operator()(number one) {
        sum += one.value;
        if (++seen == expected) finished->set_value(sum);
    }

    std::promise<std::uint64_t>* finished;
    std::uint64_t expected;
    std::uint64_t sum = 0;
    std::uint64_t seen = 0;
};

// Sends `left` numbers in portions, each from a handler of its own, so that the worker that both share comes to the
// receiver in between, and what is measured is a send and its handling with warm memory.
template <class Target>
struct portioner {
    struct next {};

    void operator()(next, drover::context& me) {
        for (int each = 0; each != 64 && left != 0; ++each, --left) target.tell(number{left});
        if (left != 0) me.self<portioner>().tell(next{});
    }

    Target target;
    std::uint64_t left;
};

template <class Target>
outcome send_to(Target const& target, drover::runtime& rt, std::future<std::uint64_t> finished,
                std::uint64_t messages) {
    auto const sender = rt.spawn<portioner<Target>>(target, messages);
    stopwatch const clock;
    sender.tell(typename portioner<Target>::next{});
    auto const sum = await_answer(std::move(finished));
    auto const elapsed = clock.elapsed();
    return {elapsed, messages, 0, expect_equal("the sum of the numbers", sum, messages * (messages + 1) / 2)};
}

outcome direct(std::uint64_t messages, std::size_t) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = 1});
    auto const target = rt.spawn<adder>(&finished, messages);
    return send_to(target, rt, finished.get_future(), messages);
}

/// One actor tells a pool of one member: so the member gets what it gets from the direct send, and the difference is
/// the pool's. One worker. Time: from the first send until the last message was handled. Figure: ns per message.
template <class Policy>
outcome pooled(std::uint64_t messages, std::size_t) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = 1});
    auto const pool = drover::spawn_pool<adder, Policy>(rt, {.members = 1}, &finished, messages);
    return send_to(pool, rt, finished.get_future(), messages);
}

outcome by_ref(std::uint64_t messages, std::size_t) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = 1});
    drover::ref<adder> const target =
        drover::spawn_pool<adder, drover::round_robin>(rt, {.members = 1}, &finished, messages);
    return send_to(target, rt, finished.get_future(), messages);
}

constexpr std::array ways{
    contender{"direct", &direct},
    contender{"round_robin", &pooled<drover::round_robin>},
    contender{"weighted_round_robin", &pooled<drover::weighted_round_robin>},
    contender{"random", &pooled<drover::random_pick>},
    contender{"two_choices", &pooled<drover::power_of_two_choices>},
    contender{"least_loaded", &pooled<drover::least_loaded>},
    contender{"idle_queue", &pooled<drover::join_idle_queue<>>},
    contender{"shared_queue", &pooled<drover::shared_queue>},
    contender{"by_ref", &by_ref},
};

constexpr std::array batches{
    contender{"tell", &pool_round_robin},
    contender{"tell_batch", &pool_round_robin_batch},
};

}  // namespace

BENCHMARK_CAPTURE(measure_side_by_side, tell, ways)->Name("pool_tell/one_member")->Apply(rounds<1'000'000, 1>);
BENCHMARK_CAPTURE(measure_side_by_side, batch, batches)
    ->Name("pool_tell/round_robin_of_8")
    ->Apply(rounds<1'000'000, 2>);

}  // namespace benches
