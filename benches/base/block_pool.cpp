// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/base/block_pool.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <thread>
#include <vector>

#include "../support/google.hpp"
#include "../support/outcome.hpp"

namespace benches {
namespace {

constexpr std::size_t block_bytes = 64;

struct from_pool {
    static void* take() { return drover::block_pool::allocate(drover::block_pool::class_of(block_bytes)); }
    static void give(void* block) noexcept {
        drover::block_pool::release(block, drover::block_pool::class_of(block_bytes));
    }
};

struct from_operator_new {
    static void* take() { return ::operator new(block_bytes); }
    static void give(void* block) noexcept { ::operator delete(block, block_bytes); }
};

// What a block is for: the number that is written when it is taken is read when it is given back, so a block that was
// handed out twice shows in the sum.
template <class Memory>
void* take_with(std::uint64_t number) {
    void* const block = Memory::take();
    *static_cast<std::uint64_t*>(block) = number;
    benchmark::DoNotOptimize(block);
    return block;
}

template <class Memory>
std::uint64_t give_back(void* block) {
    std::uint64_t const number = *static_cast<std::uint64_t*>(block);
    Memory::give(block);
    return number;
}

std::uint64_t sum_below(std::uint64_t count) {
    return count * (count - 1) / 2;
}

/// One block of 64 bytes is taken and given back, `operations` times, in one thread. Figure: ns for both.
template <class Memory>
outcome one_by_one(std::uint64_t operations) {
    std::uint64_t sum = 0;
    stopwatch const clock;
    for (std::uint64_t i = 0; i < operations; ++i) sum += give_back<Memory>(take_with<Memory>(i));
    return {clock.elapsed(), operations, 0, expect_equal("the sum over the blocks", sum, sum_below(operations))};
}

/// 4 096 blocks of 64 bytes are taken and then given back in the order they were taken, again and again, in one thread.
/// Figure: ns a block for both.
template <class Memory>
outcome many_out(std::uint64_t operations) {
    constexpr std::uint64_t out = 4'096;
    std::vector<void*> blocks(out);
    std::uint64_t const rounds = operations / out;
    std::uint64_t sum = 0;
    stopwatch const clock;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        for (std::uint64_t i = 0; i < out; ++i) blocks[i] = take_with<Memory>(i);
        for (void* const each : blocks) sum += give_back<Memory>(each);
    }
    return {clock.elapsed(), rounds * out, 0, expect_equal("the sum over the blocks", sum, rounds * sum_below(out))};
}

constexpr std::size_t batch_size = 256;

// One cache line of news for each batch, so that what is measured is the memory and not the way of the pointers.
struct alignas(64) batch {
    std::atomic<bool> full{false};
    std::array<void*, batch_size> blocks;
};

void await(std::atomic<bool> const& word, bool wanted) {
    while (word.load(std::memory_order_acquire) != wanted) std::this_thread::yield();
}

/// One thread takes blocks of 64 bytes, another gives them back, as sender and receiver of a message do. They go over
/// in batches of 256, of which there are 16. Figure: ns a block for both, handing over included.
template <class Memory>
outcome across_threads(std::uint64_t operations) {
    std::vector<batch> batches(16);
    std::uint64_t const rounds = operations / batch_size;
    std::uint64_t sum = 0;
    stopwatch const clock;
    std::thread receiver([&] {
        for (std::uint64_t round = 0; round < rounds; ++round) {
            batch& taken = batches[round % batches.size()];
            await(taken.full, true);
            for (void* const each : taken.blocks) sum += give_back<Memory>(each);
            taken.full.store(false, std::memory_order_release);
        }
    });
    for (std::uint64_t round = 0; round < rounds; ++round) {
        batch& given = batches[round % batches.size()];
        await(given.full, false);
        for (std::size_t i = 0; i < batch_size; ++i) given.blocks[i] = take_with<Memory>(i);
        given.full.store(true, std::memory_order_release);
    }
    receiver.join();
    return {clock.elapsed(), rounds * batch_size, 0,
            expect_equal("the sum over the blocks", sum, rounds * sum_below(batch_size))};
}

}  // namespace

BENCHMARK_CAPTURE(measure_part, one_by_one, &one_by_one<from_pool>)
    ->Name("block_pool/one_by_one/pool")
    ->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, one_by_one_new, &one_by_one<from_operator_new>)
    ->Name("block_pool/one_by_one/operator_new")
    ->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, many_out, &many_out<from_pool>)
    ->Name("block_pool/many_out/pool")
    ->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, many_out_new, &many_out<from_operator_new>)
    ->Name("block_pool/many_out/operator_new")
    ->Apply(operations<16'384>);
BENCHMARK_CAPTURE(measure_part, across_threads, &across_threads<from_pool>)
    ->Name("block_pool/across_threads/pool")
    ->Apply(operations<1'048'576>);
BENCHMARK_CAPTURE(measure_part, across_threads_new, &across_threads<from_operator_new>)
    ->Name("block_pool/across_threads/operator_new")
    ->Apply(operations<1'048'576>);

}  // namespace benches
