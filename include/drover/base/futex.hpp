#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>

namespace drover {

/// The kernel's wait on a 32-bit word: how workers sleep and how a thread waits for a reply or for the end.
/// `std::atomic::wait` spins first and wakes through a shared table; a condition variable adds a mutex to each wake-up.
/// A port needs this header alone.
static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

/// Blocks while `word` holds `expected`; may return early. Pairs with a change of `word` followed by `futex_wake_*`.
inline void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected) noexcept {
    ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

/// As above, for at most `nanoseconds` of real time (not negative).
inline void futex_wait_for(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                           std::int64_t nanoseconds) noexcept {
    timespec limit{static_cast<time_t>(nanoseconds / 1'000'000'000), static_cast<long>(nanoseconds % 1'000'000'000)};
    ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, &limit, nullptr, 0);
}

/// Wakes one waiter, or nobody. The word's memory is not read, so a waiter may already have freed it.
inline void futex_wake_one(const std::atomic<std::uint32_t>& word) noexcept {
    ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

inline void futex_wake_all(const std::atomic<std::uint32_t>& word) noexcept {
    ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

/// A mutex of four bytes without a destructor (Drepper, "Futexes Are Tricky", mutex 2), so that it may stand in objects
/// that outlive every static: the block pool and the core record. Meets Lockable; not recursive.
class futex_mutex {
public:
    void lock() noexcept {
        std::uint32_t seen = 0;
        if (state_.compare_exchange_strong(seen, 1, std::memory_order_acquire, std::memory_order_relaxed)) {
            return;
        }
        // Once a thread has waited, the word says so until it is free: its owner then knows that it must wake somebody.
        while (state_.exchange(2, std::memory_order_acquire) != 0) {
            futex_wait(state_, 2);
        }
    }

    bool try_lock() noexcept {
        std::uint32_t seen = 0;
        return state_.compare_exchange_strong(seen, 1, std::memory_order_acquire, std::memory_order_relaxed);
    }

    void unlock() noexcept {
        if (state_.exchange(0, std::memory_order_release) == 2) {
            futex_wake_one(state_);
        }
    }

private:
    std::atomic<std::uint32_t> state_{0};  // 0 free, 1 held, 2 held and perhaps waited for
};

}  // namespace drover
