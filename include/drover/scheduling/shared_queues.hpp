#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <utility>

#include "drover/base/cache_line.hpp"
#include "drover/base/futex.hpp"
#include "drover/scheduling/runnable.hpp"

namespace drover {

/// Where threads that are no workers hand over an actor that became ready. A push is one compare-exchange and never
/// blocks; a worker takes everything at once, so that a node is never compared against its own later life.
class injector {
public:
    void push(runnable* item) noexcept {
        runnable* seen = newest_.load(std::memory_order_relaxed);
        do {
            item->next_runnable = seen;
            // Sequentially consistent for the same reason as run_ring::push; releases the item to take_all().
        } while (!newest_.compare_exchange_weak(seen, item, std::memory_order_seq_cst, std::memory_order_relaxed));
    }

    /// Oldest first, linked by `next_runnable`.
    runnable* take_all() noexcept {
        if (empty()) {
            return nullptr;
        }
        runnable* newest = newest_.exchange(nullptr, std::memory_order_acquire);
        runnable* oldest = nullptr;
        while (newest != nullptr) {
            runnable* const next = newest->next_runnable;
            newest->next_runnable = oldest;
            oldest = newest;
            newest = next;
        }
        return oldest;
    }

    bool empty() const noexcept { return newest_.load(std::memory_order_seq_cst) == nullptr; }

private:
    alignas(cache_line) std::atomic<runnable*> newest_{nullptr};
};

/// What does not fit into a worker's ring: a list in order under a lock, touched once in many turns.
class overflow_list {
public:
    /// The chain is not empty.
    void push(const run_chain& chain) noexcept {
        const std::lock_guard lock(mutex_);
        (waiting_.last != nullptr ? waiting_.last->next_runnable : waiting_.first) = chain.first;
        waiting_.last = chain.last;
        filled_.store(true, std::memory_order_seq_cst);
    }

    /// Up to `most` items, oldest first; null if there are none.
    runnable* take(std::size_t most) noexcept {
        if (empty()) {
            return nullptr;
        }
        const std::lock_guard lock(mutex_);
        runnable* const first = waiting_.first;
        runnable* last = first;
        for (std::size_t count = 1; last != nullptr && count != most && last->next_runnable != nullptr; ++count) {
            last = last->next_runnable;
        }
        if (last != nullptr) {
            waiting_.first = std::exchange(last->next_runnable, nullptr);
            if (waiting_.first == nullptr) {
                waiting_.last = nullptr;
                filled_.store(false, std::memory_order_seq_cst);
            }
        }
        return first;
    }

    bool empty() const noexcept { return !filled_.load(std::memory_order_seq_cst); }

private:
    alignas(cache_line) futex_mutex mutex_;
    std::atomic<bool> filled_{false};
    run_chain waiting_;
};

}  // namespace drover
