#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "drover/base/cache_line.hpp"
#include "drover/scheduling/runnable.hpp"

namespace drover {

/// A worker's queue: the owner appends and takes in order, thieves take the older half. Bounded, so that nothing is
/// allocated; indices have 64 bits and do not come round (as in Go's run queue, which tokio took up).
class run_ring {
public:
    static constexpr std::uint64_t capacity = 256;

    /// Owner only. False if full. The store is sequentially consistent: a worker that goes to sleep announces it first
    /// and looks at `tail_` second, and the owner looks for sleepers after this, so one of them sees the other.
    bool push(runnable* item) noexcept {
        const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - head_.load(std::memory_order_acquire) == capacity) {  // pairs with the exchange in pop() and steal
            return false;
        }
        slots_[tail % capacity].store(item, std::memory_order_relaxed);
        tail_.store(tail + 1, std::memory_order_seq_cst);  // releases the slot
        return true;
    }

    /// Owner only; null if empty.
    runnable* pop() noexcept {
        std::uint64_t head = head_.load(std::memory_order_acquire);
        for (;;) {
            if (head == tail_.load(std::memory_order_relaxed)) {
                return nullptr;
            }
            runnable* const item = slots_[head % capacity].load(std::memory_order_relaxed);
            if (head_.compare_exchange_weak(head, head + 1, std::memory_order_acq_rel, std::memory_order_acquire)) {
                return item;
            }
        }
    }

    /// Any thread. Gives one item and moves up to half of the others into `mine`, which is empty and the caller's own.
    runnable* steal_half(run_ring& mine, std::size_t& taken) noexcept {
        std::uint64_t head = head_.load(std::memory_order_acquire);
        for (;;) {
            const std::uint64_t tail = tail_.load(std::memory_order_seq_cst);  // pairs with the store in push()
            if (head >= tail) {
                return nullptr;
            }
            const std::uint64_t half = (tail - head + 1) / 2;
            const std::uint64_t to = mine.tail_.load(std::memory_order_relaxed);
            runnable* const first = slots_[head % capacity].load(std::memory_order_relaxed);
            for (std::uint64_t each = 1; each != half; ++each) {
                mine.slots_[(to + each - 1) % capacity].store(
                    slots_[(head + each) % capacity].load(std::memory_order_relaxed), std::memory_order_relaxed);
            }
            // Succeeds only if nobody has taken any of them, so what was copied is still what was there.
            if (head_.compare_exchange_weak(head, head + half, std::memory_order_acq_rel, std::memory_order_acquire)) {
                mine.tail_.store(to + half - 1, std::memory_order_seq_cst);
                taken = half;
                return first;
            }
        }
    }

    bool empty() const noexcept {
        return head_.load(std::memory_order_seq_cst) >= tail_.load(std::memory_order_seq_cst);
    }

    std::uint64_t size() const noexcept {
        const std::uint64_t head = head_.load(std::memory_order_acquire);
        const std::uint64_t tail = tail_.load(std::memory_order_acquire);
        return tail > head ? tail - head : 0;
    }

private:
    alignas(cache_line) std::atomic<std::uint64_t> head_{0};
    alignas(cache_line) std::atomic<std::uint64_t> tail_{0};
    std::array<std::atomic<runnable*>, capacity> slots_{};
};

}  // namespace drover
