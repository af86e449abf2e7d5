// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/base/random.hpp>
#include <drover/metrics/histogram.hpp>
#include <drover/metrics/histogram_block.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "../support/google.hpp"
#include "../support/outcome.hpp"

namespace benches {
namespace {

// Handlers take from 0.1 µs to 0.4 ms, and no branch can guess which.
std::vector<drover::clock_duration> durations() {
    drover::random_source random(1);
    std::vector<drover::clock_duration> values;
    for (int i = 0; i < 1'024; ++i)
        values.emplace_back(static_cast<std::int64_t>(100U << random.below(5) << random.below(5) << random.below(5)) +
                            random.below(100));
    return values;
}

struct one_writer {
    drover::histogram_block block;
    void record(drover::clock_duration value) { block.record(value); }
    std::uint64_t count() const { return block.read().count(); }
};

struct shared {
    drover::histogram_block block;
    void record(drover::clock_duration value) { block.record_shared(value); }
    std::uint64_t count() const { return block.read().count(); }
};

/// What a client library does that lets anybody observe: a mutex, and a search through the bounds.
struct locked {
    std::mutex mutex;
    std::array<std::int64_t, 37> bounds{};
    std::array<std::uint64_t, 38> counts{};
    std::uint64_t sum = 0;

    locked() {
        for (std::size_t i = 0; i < bounds.size(); ++i) bounds[i] = std::int64_t{1} << i;
    }
    void record(drover::clock_duration value) {
        std::lock_guard const lock(mutex);
        auto const bucket =
            std::find_if(bounds.begin(), bounds.end(), [&](auto bound) { return value.count() <= bound; });
        counts[static_cast<std::size_t>(bucket - bounds.begin())] += 1;
        sum += static_cast<std::uint64_t>(value.count());
    }
    std::uint64_t count() const {
        std::uint64_t all = 0;
        for (std::uint64_t const each : counts) all += each;
        return all;
    }
};

/// One thread records durations of 0.1 µs to 0.4 ms. Figure: ns for one.
template <class Histogram>
outcome record(std::uint64_t operations) {
    static auto const values = durations();
    // In a program of one thread the C library's mutex does without locked instructions.
    static bool const threads = [] { return std::thread([] {}).join(), true; }();
    benchmark::DoNotOptimize(threads);
    Histogram histogram;
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations; ++i) {
        histogram.record(values[i % values.size()]);
        benchmark::ClobberMemory();
    }
    return {clock.elapsed(), operations, 0, expect_equal("the count", histogram.count(), operations)};
}

/// All buckets of one block are read, and a percentile found. Figure: ns for both.
outcome read(std::uint64_t operations) {
    drover::histogram_block block;
    for (auto const each : durations()) block.record(each);
    std::uint64_t wrong = 0;
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations; ++i) {
        drover::histogram const now = block.read();
        wrong += now.percentile(99).has_value() ? 0 : 1;
        benchmark::DoNotOptimize(wrong);
    }
    return {clock.elapsed(), operations, 0, expect_equal("the number of empty readings", wrong, 0)};
}

}  // namespace

BENCHMARK_CAPTURE(measure_part, record_own, &record<one_writer>)
    ->Name("histogram/record/one_writer")
    ->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, record_shared, &record<shared>)
    ->Name("histogram/record/shared")
    ->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, record_locked, &record<locked>)
    ->Name("histogram/record/mutex_and_search")
    ->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, read, &read)->Name("histogram/read_and_percentile")->Apply(operations<1'024>);

}  // namespace benches
