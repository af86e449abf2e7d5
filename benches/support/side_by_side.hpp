// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "google.hpp"
#include "outcome.hpp"

namespace benches {

/// One of several ways to do the same, and the least that must be said of a run of it.
struct contender {
    char const* name;
    outcome (*run)(std::uint64_t messages, std::size_t producers);
};

/// For smoke tests: DROVER_BENCH_SMALLER=N divides the sizes by N and leaves one round.
inline std::int64_t smaller() {
    char const* const text = std::getenv("DROVER_BENCH_SMALLER");
    return text == nullptr ? 1 : std::max<std::int64_t>(1, std::atoll(text));
}

inline double median_of(std::vector<double> values) {
    auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// Runs all contenders in each iteration, a different one first each time, so that what slows the machine slows all
/// alike. Figures: for each contender the median ns of a message, and for all but the first the median over the
/// iterations of its time over the first one's, as `NAME/FIRST`. Arguments (messages, producers). Register with
/// `rounds`.
inline void measure_side_by_side(benchmark::State& state, std::span<contender const> all) {
    auto const messages = static_cast<std::uint64_t>(state.range(0));
    auto const producers = static_cast<std::size_t>(state.range(1));
    std::vector<std::vector<double>> ns(all.size());
    std::size_t round = 0;
    try {
        for (auto _ : state) {
            std::chrono::duration<double> total{};
            for (std::size_t i = 0; i < all.size(); ++i) {
                std::size_t const which = (i + round) % all.size();
                outcome const result = all[which].run(messages, producers);
                if (!result.wrong.empty()) return fail(state, std::string(all[which].name) + ": " + result.wrong);
                total += result.elapsed;
                ns[which].push_back(result.ns_per_message());
            }
            state.SetIterationTime(total.count());
            round += 1;
        }
    } catch (std::exception const& error) {
        return fail(state, error.what());
    }
    for (std::size_t which = 0; which < all.size(); ++which) {
        state.counters[std::string("ns ") + all[which].name] = median_of(ns[which]);
        if (which == 0) continue;
        std::vector<double> ratios;
        for (std::size_t i = 0; i < ns[which].size(); ++i) ratios.push_back(ns[which][i] / ns.front()[i]);
        state.counters[std::string(all[which].name) + "/" + all.front().name] = median_of(ratios);
    }
}

/// As `savina`, for comparisons: BENCHMARK_CAPTURE(measure_side_by_side, …)->Apply(rounds<262'144, 1, 2, 4, 8>).
template <std::int64_t Messages, std::int64_t... Producers>
void rounds(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"messages", "producers"})->UseManualTime()->Unit(benchmark::kMillisecond);
    bench->Iterations(smaller() == 1 ? 15 : 1);
    (bench->Args({std::max<std::int64_t>(64, Messages / smaller()), Producers}), ...);
}

}  // namespace benches
