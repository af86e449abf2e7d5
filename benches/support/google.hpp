// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include "outcome.hpp"

namespace benches {

/// Set once any benchmark failed: Google Benchmark prints an error but ends with status 0, so support/main.cpp looks
/// here.
inline bool any_failed = false;

inline void fail(benchmark::State& state, std::string const& why) {
    any_failed = true;
    state.SkipWithError(why.c_str());
}

/// A workload: how many messages, how many worker threads.
using workload = outcome (*)(std::uint64_t messages, std::size_t threads);

/// Runs `run` with the arguments (messages, threads). Each iteration has a runtime of its own; the time that counts is
/// the wall clock that the workload took itself, without start-up and shut-down. Register with `savina` below.
inline void measure(benchmark::State& state, workload run) {
    auto const messages = static_cast<std::uint64_t>(state.range(0));
    auto const threads = static_cast<std::size_t>(state.range(1));
    double total_ns = 0;
    double total_messages = 0;
    try {
        for (auto _ : state) {
            outcome const result = run(messages, threads);
            if (!result.wrong.empty()) return fail(state, result.wrong);
            if (result.workers != threads)
                return fail(state, expect_equal("the number of workers", result.workers, threads));
            state.SetIterationTime(std::chrono::duration<double>(result.elapsed).count());
            total_ns += static_cast<double>(result.elapsed.count());
            total_messages += static_cast<double>(result.messages);
        }
    } catch (std::exception const& error) {
        return fail(state, error.what());
    }
    state.counters["ns_per_message"] = total_ns / total_messages;
}

/// Argument names, sizes, and the clock of a workload's benchmark: BENCHMARK_CAPTURE(measure,
/// …)->Apply(savina<1'000'000>).
template <std::int64_t Messages>
void savina(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"messages", "threads"})->Args({Messages, 2})->UseManualTime()->Unit(benchmark::kMillisecond);
}

/// A part without a runtime: does `operations` of one kind, and `outcome::messages` says how many they were.
using part = outcome (*)(std::uint64_t operations);

/// Runs `run` with the argument (operations). The figure is the median of the iterations: where one takes less than a
/// millisecond, few of them are interrupted by other programs, and a mean would show those. Register with `operations`.
inline void measure_part(benchmark::State& state, part run) {
    auto const wanted = static_cast<std::uint64_t>(state.range(0));
    std::vector<double> ns;
    try {
        for (auto _ : state) {
            outcome const result = run(wanted);
            if (!result.wrong.empty()) return fail(state, result.wrong);
            state.SetIterationTime(std::chrono::duration<double>(result.elapsed).count());
            ns.push_back(result.ns_per_message());
        }
    } catch (std::exception const& error) {
        return fail(state, error.what());
    }
    auto const middle = ns.begin() + static_cast<std::ptrdiff_t>(ns.size() / 2);
    std::nth_element(ns.begin(), middle, ns.end());
    state.counters["ns_per_operation"] = *middle;
}

/// As `savina`, for a part: BENCHMARK_CAPTURE(measure_part, …)->Apply(operations<16'384>).
template <std::int64_t Operations>
void operations(benchmark::internal::Benchmark* bench) {
    bench->ArgName("operations")->Arg(Operations)->UseManualTime()->Unit(benchmark::kMillisecond);
}

}  // namespace benches
