// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/base/asymmetric_fence.hpp>
#include <drover/base/biased_lock.hpp>

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>

#include "../support/google.hpp"
#include "../support/outcome.hpp"

namespace benches {
namespace {

/// The owner of a biased lock enters and leaves it `operations` times; nobody revokes it. Figure: ns for both.
outcome biased_lock(std::uint64_t operations) {
    drover::biased_lock lock;
    std::uint64_t inside = 0;
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations; ++i) {
        lock.enter();
        inside += lock.held() ? 1 : 0;
        lock.leave();
    }
    return {clock.elapsed(), operations, 0, expect_equal("the number of times inside", inside, operations)};
}

/// A word is taken by an atomic exchange and given back by a store, as in a spin lock, `operations` times, in one
/// thread. Figure: ns for both.
outcome locked_exchange(std::uint64_t operations) {
    std::atomic<std::uint32_t> word{0};
    std::uint64_t inside = 0;
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations; ++i) {
        inside += word.exchange(1, std::memory_order_acquire) == 0 ? 1 : 0;
        word.store(0, std::memory_order_release);
    }
    return {clock.elapsed(), operations, 0, expect_equal("the number of times inside", inside, operations)};
}

/// A std::mutex is locked and unlocked `operations` times, in one thread. Figure: ns for both.
outcome mutex(std::uint64_t operations) {
    std::mutex lock;
    std::uint64_t inside = 0;
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations; ++i) {
        lock.lock();
        inside += 1;
        lock.unlock();
    }
    return {clock.elapsed(), operations, 0, expect_equal("the number of times inside", inside, operations)};
}

outcome fences(std::uint64_t operations) {
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations; ++i) drover::asymmetric_fence::heavy_fence();
    auto const elapsed = clock.elapsed();
    if (!drover::asymmetric_fence::available())
        return {elapsed, operations, 0, "this kernel has no membarrier, so there is no heavy fence to measure."};
    return {elapsed, operations, 0, {}};
}

/// The heavy fence, membarrier(2), while no other thread of the process runs. Figure: ns a fence.
outcome heavy_fence_alone(std::uint64_t operations) {
    return fences(operations);
}

/// The heavy fence while another thread of the process enters and leaves a biased lock, on another core as long as the
/// machine has one to spare. Figure: ns a fence.
outcome heavy_fence_beside_one(std::uint64_t operations) {
    drover::biased_lock lock;
    std::atomic<bool> over{false};
    std::atomic<bool> runs{false};
    std::thread owner([&] {
        while (!over.load(std::memory_order_relaxed)) {
            lock.enter();
            lock.leave();
            runs.store(true, std::memory_order_relaxed);
        }
    });
    while (!runs.load(std::memory_order_relaxed)) std::this_thread::yield();
    outcome const result = fences(operations);
    over.store(true, std::memory_order_relaxed);
    owner.join();
    return result;
}

}  // namespace

BENCHMARK_CAPTURE(measure_part, biased_lock, &biased_lock)->Name("fences/biased_lock")->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, locked_exchange, &locked_exchange)
    ->Name("fences/locked_exchange")
    ->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, mutex, &mutex)->Name("fences/mutex")->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, heavy_fence_alone, &heavy_fence_alone)
    ->Name("fences/heavy_fence_alone")
    ->Apply(operations<1'000>);
BENCHMARK_CAPTURE(measure_part, heavy_fence_beside_one, &heavy_fence_beside_one)
    ->Name("fences/heavy_fence_beside_one")
    ->Apply(operations<1'000>);

}  // namespace benches
