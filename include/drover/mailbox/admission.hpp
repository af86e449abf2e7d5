#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <utility>

#include "drover/base/asymmetric_fence.hpp"
#include "drover/base/cache_line.hpp"
#include "drover/base/clock.hpp"
#include "drover/base/contracts.hpp"
#include "drover/base/futex.hpp"
#include "drover/mailbox/overflow.hpp"

namespace drover {

/// How much a mailbox takes, and what happens beyond. Counted in messages that wait; the one in its handler is not one.
struct mailbox_limits {
    static constexpr std::size_t no_limit = std::numeric_limits<std::int64_t>::max();

    std::size_t capacity = no_limit;    ///< 1 or more
    std::size_t high_water = no_limit;  ///< above this many a send answers `accepted_above_high_water`
    std::size_t low_water = 0;          ///< at this many or fewer, after that, a `water_level` says that it fell
    overflow when_full = overflow::reject_newest;
    clock_duration patience{};       ///< of block_sender
    std::size_t wake_at = no_limit;  ///< the message that makes it so many ends a linger
};

/// Who waits for room without a thread. Stands where it is until it is removed or called.
struct room_listener {
    void (*freed)(room_listener*) noexcept;  ///< in whichever thread found out, once; outside the lock
    room_listener* next = nullptr;
    room_listener* previous = nullptr;
    bool linked = false;
};

/// Room in a mailbox, exact under any number of senders: a place is reserved before the message is built, and released
/// when it is popped. A send is refused only if all places were taken at one moment of it.
///
/// Two counters that only grow: senders add to one by compare-exchange, the consumer stores the other. Modelled in
/// tests/model/bounded.pml.
class admission {
public:
    explicit admission(const mailbox_limits& chosen) noexcept : limits_(chosen) {}

    admission(const admission&) = delete;
    admission& operator=(const admission&) = delete;

    const mailbox_limits& limits() const noexcept { return limits_; }

    /// A sender's: how many places are taken with these `count`, or 0 if there is no room for all of them. Lock-free.
    std::size_t try_reserve(std::size_t count) noexcept {
        std::uint64_t taken = reserved_.load(std::memory_order_acquire);
        std::uint64_t freed = known_released_.load(std::memory_order_relaxed);
        for (;;) {
            if (waiting(taken, freed) + static_cast<std::int64_t>(count) > edge_) {
                // Read after `taken`: what is full by these two was full when `taken` was read.
                freed = released_.load(std::memory_order_acquire);  // pairs with release()
                known_released_.store(freed, std::memory_order_relaxed);
                if (waiting(taken, freed) + static_cast<std::int64_t>(count) > capacity()) {
                    return 0;
                }
            }
            if (reserved_.compare_exchange_weak(taken, taken + count, std::memory_order_seq_cst,
                                                std::memory_order_acquire)) {
                return level_with(taken, freed, count);
            }
        }
    }

    /// A sender's: `count` reserved places that no message was put into. True as of release(): the consumer, which saw
    /// these places taken, may have had no fall to tell of.
    bool give_back(std::size_t count) noexcept {
        reserved_.fetch_sub(count, std::memory_order_seq_cst);
        ring_if_awaited();
        if (!above_.load(std::memory_order_seq_cst)) [[likely]] {
            return false;
        }
        asymmetric_fence::
            heavy_fence();  // pairs with the light store in release(): one of the two sees the other's part
        return fell();
    }

    /// The consumer's: `count` messages have left. True if that brought the level down to the low mark, from above the
    /// high one, even if it has risen again meanwhile: somebody must be told how it stands.
    bool release(std::size_t count) noexcept {
        asymmetric_fence::light_store(released_, released_.load(std::memory_order_relaxed) + count);
        if (waiters_.load(std::memory_order_relaxed) != 0) [[unlikely]] {  // pairs with the heavy fence of a waiter
            ring();
        }
        return above_.load(std::memory_order_relaxed) && fell();
    }

    /// A sender's, after try_reserve() answered `level`: true if it was the one that took the level above the high
    /// mark.
    bool rose(std::size_t level) noexcept {
        return level > limits_.high_water && !above_.load(std::memory_order_seq_cst) &&
               !above_.exchange(true, std::memory_order_seq_cst);
    }

    /// After rose(): the consumer may have emptied the mailbox meanwhile without having seen that.
    void settle_water() noexcept {
        asymmetric_fence::heavy_fence();  // pairs with the light store in release()
        static_cast<void>(fell());
    }

    /// Has the level risen above the high mark while a fall was found? Who tells, under the lock of those that do: the
    /// rise is told even if it is over, since a sender may have heard of it.
    bool take_restored() noexcept {
        return restored_.load(std::memory_order_seq_cst) && restored_.exchange(false, std::memory_order_seq_cst);
    }

    /// Which way it went last; what rose() and release() have answered may come out of order.
    bool above() const noexcept { return above_.load(std::memory_order_seq_cst); }

    /// Messages that wait or have their place. Exact when nothing moves.
    std::size_t level() const noexcept {
        const std::uint64_t freed = released_.load(std::memory_order_seq_cst);
        const std::int64_t now = waiting(reserved_.load(std::memory_order_seq_cst), freed);
        return static_cast<std::size_t>(now);
    }

    /// A sender that waits for room: `bell` changes whenever it may have become free. The fence makes a release that
    /// this thread does not see yet see this waiter.
    class waiter {
    public:
        explicit waiter(admission& room) noexcept : room_(room) {
            room_.waiters_.fetch_add(1, std::memory_order_seq_cst);
            asymmetric_fence::heavy_fence();
        }
        ~waiter() { room_.waiters_.fetch_sub(1, std::memory_order_seq_cst); }
        waiter(const waiter&) = delete;
        waiter& operator=(const waiter&) = delete;

    private:
        admission& room_;
    };

    const std::atomic<std::uint32_t>& bell() const noexcept { return bell_; }

    void ring() noexcept {
        bell_.fetch_add(1, std::memory_order_seq_cst);
        futex_wake_all(bell_);
        call_listeners();
    }

    /// From now on, until it is called or removed, `fresh` is a waiter as above: whoever frees room after this sees it,
    /// or the caller, who looks for room once more, sees the room. A short lock and a heavy fence.
    void add_listener(room_listener& fresh) noexcept {
        waiters_.fetch_add(1, std::memory_order_seq_cst);
        {
            const std::lock_guard lock(listeners_mutex_);
            fresh.previous = nullptr;
            fresh.next = std::exchange(listeners_, &fresh);
            if (fresh.next != nullptr) {
                fresh.next->previous = &fresh;
            }
            fresh.linked = true;
        }
        asymmetric_fence::heavy_fence();  // pairs with the light store in release()
    }

    /// True if it is not called any more; false if it has been called, or is just being called.
    bool remove_listener(room_listener& gone) noexcept {
        {
            const std::lock_guard lock(listeners_mutex_);
            if (!gone.linked) {
                return false;
            }
            (gone.previous != nullptr ? gone.previous->next : listeners_) = gone.next;
            if (gone.next != nullptr) {
                gone.next->previous = gone.previous;
            }
            gone.linked = false;
        }
        waiters_.fetch_sub(1, std::memory_order_seq_cst);
        return true;
    }

    /// Does a sender wait for room?
    bool awaited() const noexcept { return waiters_.load(std::memory_order_seq_cst) != 0; }

    void ring_if_awaited() noexcept {
        if (awaited()) {
            ring();
        }
    }

protected:
    static std::int64_t waiting(std::uint64_t taken, std::uint64_t freed) noexcept {
        return static_cast<std::int64_t>(taken - freed);
    }

    // Who ends a linger must not count what had left before it reserved: while the actor is held nothing leaves.
    std::size_t level_with(std::uint64_t taken, std::uint64_t freed, std::size_t count) const noexcept {
        if (limits_.wake_at != mailbox_limits::no_limit) {
            freed = released_.load(std::memory_order_seq_cst);
        }
        const std::int64_t before = waiting(taken, freed);
        return (before > 0 ? static_cast<std::size_t>(before) : 0) + count;
    }

    std::int64_t capacity() const noexcept { return static_cast<std::int64_t>(limits_.capacity); }

    // True if it has changed the flag, be it for a moment. Senders may have filled it up above the high mark before
    // that, and none of them has seen it; so it is set again. That is a rise as any other: a fall may have been told
    // meanwhile, and what left meanwhile has found the flag down and told nobody. Modelled in tests/model/water.pml.
    bool fell() noexcept {
        bool changed = false;
        while (level() <= limits_.low_water && above_.exchange(false, std::memory_order_seq_cst)) {
            changed = true;
            if (level() <= limits_.high_water || above_.exchange(true, std::memory_order_seq_cst)) {
                break;
            }
            restored_.store(true, std::memory_order_seq_cst);  // pairs with take_restored()
            asymmetric_fence::heavy_fence();                   // pairs with the light store in release()
        }
        return changed;
    }

    // Senders' line.
    alignas(cache_line) std::atomic<std::uint64_t> reserved_{0};
    std::atomic<std::uint64_t> known_released_{0};  // a value that released_ had, so that senders seldom read that
    const mailbox_limits limits_;
    // Up to here an old value of released_ will do; above it the answer depends on the present one.
    const std::int64_t edge_ =
        static_cast<std::int64_t>(std::min({limits_.high_water, limits_.capacity, limits_.wake_at - 1}));
    std::atomic<bool> sending_{false};  // of single_sender_admission, in builds that check
    // The consumer's line.
    alignas(cache_line) std::atomic<std::uint64_t> released_{0};
    std::atomic<std::uint32_t> waiters_{0};
    std::atomic<bool> above_{false};
    std::atomic<bool> restored_{false};
    std::atomic<std::uint32_t> bell_{0};

private:
    void call_listeners() noexcept {
        room_listener* each = nullptr;
        {
            const std::lock_guard lock(listeners_mutex_);
            each = std::exchange(listeners_, nullptr);
            for (room_listener* one = each; one != nullptr; one = one->next) {
                one->linked = false;
                waiters_.fetch_sub(1, std::memory_order_seq_cst);
            }
        }
        while (each != nullptr) {
            room_listener* const next = each->next;  // it may be gone once it has been called
            each->freed(each);
            each = next;
        }
    }

    futex_mutex listeners_mutex_;
    room_listener* listeners_ = nullptr;
};

/// The same for a mailbox whose sends never overlap: a store in place of the compare-exchange.
class single_sender_admission : public admission {
public:
    using admission::admission;

    std::size_t try_reserve(std::size_t count) noexcept {
        const overlap_check check(sending_);
        const std::uint64_t taken = reserved_.load(std::memory_order_relaxed);
        std::uint64_t freed = known_released_.load(std::memory_order_relaxed);
        if (waiting(taken, freed) + static_cast<std::int64_t>(count) > edge_) {
            freed = released_.load(std::memory_order_acquire);  // pairs with release()
            known_released_.store(freed, std::memory_order_relaxed);
            if (waiting(taken, freed) + static_cast<std::int64_t>(count) > capacity()) {
                return 0;
            }
        }
        reserved_.store(taken + count, std::memory_order_seq_cst);
        return level_with(taken, freed, count);
    }

private:
    struct overlap_check {
        explicit overlap_check(std::atomic<bool>& sending) noexcept : sending_(sending) {
#ifndef NDEBUG
            if (sending_.exchange(true, std::memory_order_acquire)) {
                fail_contract("two sends to a single_producer_mailbox overlapped; give the actor another mailbox");
            }
#endif
        }
        ~overlap_check() {
#ifndef NDEBUG
            sending_.store(false, std::memory_order_release);
#endif
        }
        overlap_check(const overlap_check&) = delete;
        overlap_check& operator=(const overlap_check&) = delete;

        [[maybe_unused]] std::atomic<bool>& sending_;
    };
};

}  // namespace drover
