// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/tracing.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>

#include "../support/google.hpp"
#include "../support/outcome.hpp"

namespace benches {
namespace {

constexpr drover::message_names names{"worker", "job"};
using recorded = drover::flight_tracing<>;
using one_in_1000 = drover::flight_tracing<drover::sample_one_in<1'000>>;
using not_sampled = drover::flight_tracing<drover::sample_parents>;

/// One thread handles messages, each of which sends the next. Figure: ns for one message, which is three events: sent,
/// began, ended.
template <class Tracing>
outcome handle(std::uint64_t operations) {
    typename Tracing::stamp next;
    Tracing::sent(next, drover::actor_id{1}, names);
    std::uint64_t sampled = 0;
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations; ++i) {
        typename Tracing::handling const here(next, drover::actor_id{1}, names);
        next = {};
        Tracing::sent(next, drover::actor_id{1}, names);
        sampled += next.sampled() ? 1 : 0;
        benchmark::DoNotOptimize(next);
    }
    auto const elapsed = clock.elapsed();
    bool const all = std::is_same_v<Tracing, recorded>;
    return {elapsed, operations, 0, expect_equal("the number of sampled messages", sampled, all ? operations : 0)};
}

/// One thread begins traces. Figure: ns for one root, of which one in 1000 is recorded.
outcome begin(std::uint64_t operations) {
    std::uint64_t decided = 0;
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations; ++i) {
        one_in_1000::stamp fresh;
        one_in_1000::sent(fresh, drover::actor_id{1}, names);
        decided += fresh.empty() ? 0 : 1;
        benchmark::DoNotOptimize(fresh);
    }
    return {clock.elapsed(), operations, 0, expect_equal("the number of decisions", decided, operations)};
}

/// A full ring of 16 384 records is read. Figure: ns for a record.
outcome read(std::uint64_t operations) {
    handle<recorded>(20'000);
    std::uint64_t read = 0;
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations / 16'383; ++i)
        for (auto const& thread : drover::read_flight_recorder().threads) read += thread.events.size();
    auto const elapsed = clock.elapsed();
    return {elapsed, read, 0, expect_equal("the records of one reading", read % 16'383, 0)};
}

}  // namespace

BENCHMARK_CAPTURE(measure_part, handle_recorded, &handle<recorded>)
    ->Name("tracing/message/recorded")
    ->Apply(operations<1'000'000>);
BENCHMARK_CAPTURE(measure_part, handle_not_sampled, &handle<not_sampled>)
    ->Name("tracing/message/not_sampled")
    ->Apply(operations<1'000'000>);
BENCHMARK_CAPTURE(measure_part, begin, &begin)->Name("tracing/root/one_in_1000")->Apply(operations<1'000'000>);
BENCHMARK_CAPTURE(measure_part, read, &read)->Name("tracing/read")->Apply(operations<1'000'000>);

}  // namespace benches
