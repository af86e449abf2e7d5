#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "drover/base/cache_line.hpp"
#include "drover/base/futex.hpp"

namespace drover {

/// Who sleeps, who searches, and who is woken next. At most one worker searches for each wake-up, and whoever stops
/// searching because it found work wakes the next one. Modelled in tests/model/parking.pml.
///
/// A sleeper announces itself by a read-modify-write of the state and looks at the queues once more; whoever makes work
/// visible (by a sequentially consistent operation) reads the state afterwards. One of the two sees the other.
class sleep_list {
public:
    explicit sleep_list(std::size_t workers) : tokens_(workers), state_(workers << awake_shift) {
        sleepers_.reserve(workers);
    }

    /// After work was made visible: wakes one worker unless one is searching already or all are awake. A load when
    /// there is nothing to do; otherwise a lock and a system call.
    void notify() noexcept {
        if (wants_wake(state_.load(std::memory_order_seq_cst))) [[unlikely]] {
            wake_one();
        }
    }

    /// Wakes one worker even though nothing waits in a queue: it is to keep an eye on the others' next slots.
    void wake_any() noexcept { wake_one(); }

    /// False if somebody searches already: then the caller had better sleep.
    bool try_start_search() noexcept {
        std::uint64_t seen = state_.load(std::memory_order_relaxed);
        do {
            if ((seen & search_mask) != 0) {
                return false;
            }
        } while (!state_.compare_exchange_weak(seen, seen + 1, std::memory_order_seq_cst, std::memory_order_relaxed));
        return true;
    }

    /// True if the caller was the last one: it must then notify(), as there may be more than it took.
    bool stop_search() noexcept { return (state_.fetch_sub(1, std::memory_order_seq_cst) & search_mask) == 1; }

    /// Announces that `worker` goes to sleep; it must look at all queues once more before it waits. True if it was the
    /// last one awake.
    bool announce(std::size_t worker, bool searching) noexcept {
        const std::lock_guard lock(mutex_);
        tokens_[worker].word.store(waiting, std::memory_order_relaxed);
        sleepers_.push_back(worker);
        const std::uint64_t before =
            state_.fetch_sub((std::uint64_t{1} << awake_shift) + (searching ? 1 : 0), std::memory_order_seq_cst);
        return (before >> awake_shift) == 1;
    }

    /// The caller found something after all. It is awake and searching afterwards, either way.
    void withdraw(std::size_t worker) noexcept {
        const std::lock_guard lock(mutex_);
        for (std::size_t& each : sleepers_) {
            if (each == worker) {
                each = sleepers_.back();
                sleepers_.pop_back();
                state_.fetch_add((std::uint64_t{1} << awake_shift) + 1, std::memory_order_seq_cst);
                return;
            }
        }
        // A notifier was faster and has counted us already; its token is spent by being here.
    }

    /// Waits for the token. The caller is awake and searching afterwards.
    void wait(std::size_t worker) const noexcept {
        const std::atomic<std::uint32_t>& word = tokens_[worker].word;
        while (word.load(std::memory_order_acquire) == waiting) {
            futex_wait(word, waiting);
        }
    }

    /// As wait(), but for at most so long; false if the time was over first, and the caller then still counts as
    /// asleep.
    bool wait_for(std::size_t worker, std::int64_t nanoseconds) const noexcept {
        const std::atomic<std::uint32_t>& word = tokens_[worker].word;
        if (word.load(std::memory_order_acquire) == waiting) {
            futex_wait_for(word, waiting, nanoseconds);
        }
        return word.load(std::memory_order_acquire) != waiting;
    }

    /// Does it sleep, or is it about to?
    bool asleep(std::size_t worker) const noexcept {
        return tokens_[worker].word.load(std::memory_order_acquire) == waiting;
    }

    std::size_t awake() const noexcept {
        return static_cast<std::size_t>(state_.load(std::memory_order_seq_cst) >> awake_shift);
    }

    /// For the end: every worker comes back, searching or not.
    void wake_all() noexcept {
        const std::lock_guard lock(mutex_);
        while (!sleepers_.empty()) {
            wake_last();
        }
    }

    /// Runs `test` while nobody can be woken.
    template <class Test>
    bool test_locked(Test test) {
        const std::lock_guard lock(mutex_);
        return test();
    }

private:
    static constexpr unsigned awake_shift = 32;
    static constexpr std::uint64_t search_mask = 0xffffffff;
    static constexpr std::uint32_t waiting = 0;
    static constexpr std::uint32_t woken = 1;

    struct alignas(cache_line) token {
        std::atomic<std::uint32_t> word{woken};
    };

    bool wants_wake(std::uint64_t state) const noexcept {
        return (state & search_mask) == 0 && (state >> awake_shift) != tokens_.size();
    }

    void wake_one() noexcept {
        const std::lock_guard lock(mutex_);
        if (!sleepers_.empty() && (state_.load(std::memory_order_seq_cst) & search_mask) == 0) {
            wake_last();
        }
    }

    // Under the lock, which is also why the token outlives the call: a woken worker that ends the scheduler takes the
    // lock before it goes.
    void wake_last() noexcept {
        std::atomic<std::uint32_t>& word = tokens_[sleepers_.back()].word;
        sleepers_.pop_back();
        state_.fetch_add((std::uint64_t{1} << awake_shift) + 1, std::memory_order_seq_cst);
        word.store(woken, std::memory_order_release);  // pairs with the load in wait()
        futex_wake_one(word);
    }

    std::vector<token> tokens_;
    alignas(cache_line) std::atomic<std::uint64_t> state_;  // awake workers above, searching ones below
    alignas(cache_line) futex_mutex mutex_;
    std::vector<std::size_t> sleepers_;
};

}  // namespace drover
