#pragma once

#include <atomic>
#include <cstdint>

#include "drover/base/cache_line.hpp"

namespace drover {

/// How much a member of a pool has to do: what waits for it and what it is at, as two counters that only grow and stand
/// on a cache line of their own. A locked add by the sender and a plain store by the member is all it costs; nothing is
/// walked. No operation blocks or allocates. That read() is never too low is modelled in tests/model/member_load.pml.
struct alignas(cache_line) member_load {
    /// Before the push, so that who finishes is never ahead. Any thread.
    void sent(std::uint64_t messages = 1) noexcept { sent_.fetch_add(messages, std::memory_order_relaxed); }

    /// Counts one message as sent, unless that would make the load more than `most`. Any thread; it tries again as long
    /// as others send to the same member, and so one of them gets through.
    bool sent_within(std::uint64_t most) noexcept {
        const std::uint64_t finished = finished_.load(std::memory_order_acquire);  // pairs as in read()
        std::uint64_t sent = sent_.load(std::memory_order_relaxed);
        do {
            if (sent - finished >= most) return false;
        } while (!sent_.compare_exchange_weak(sent, sent + 1, std::memory_order_relaxed, std::memory_order_relaxed));
        return true;
    }

    /// What was counted as sent has been refused. Any thread.
    void withdrawn(std::uint64_t messages = 1) noexcept { sent_.fetch_sub(messages, std::memory_order_relaxed); }

    /// Handled, failed or made dead letters. The member's own thread, or who empties its mailbox after it: one at a
    /// time.
    void finished(std::uint64_t messages = 1) noexcept {
        // Pairs with the load in read(), which then sees the messages as sent, too: their push came between.
        finished_.store(finished_.load(std::memory_order_relaxed) + messages, std::memory_order_release);
    }

    /// Queued and running, as of some moment just past; never too little by what finished meanwhile. Any thread.
    std::uint64_t read() const noexcept {
        const std::uint64_t finished = finished_.load(std::memory_order_acquire);  // pairs with the store in finished()
        return sent_.load(std::memory_order_relaxed) - finished;
    }

private:
    std::atomic<std::uint64_t> sent_{0};
    std::atomic<std::uint64_t> finished_{0};
};

static_assert(sizeof(member_load) == cache_line && alignof(member_load) == cache_line);

}  // namespace drover
