#pragma once

#include <atomic>
#include <cstdint>

#include "drover/message/signal.hpp"

namespace drover {

/// The lane of signals beside every mailbox: ahead of user messages, without a bound, never dropped. One word: a list
/// of signals, newest first, and three marks. Any number of senders, one consumer. Modelled in tests/model/cell.pml.
///
/// `held` says that the actor waits for a signal and for nothing else (children that stop, a suspended coroutine; later
/// a restart's backoff): user messages do not schedule it. A stop is a mark and not a node, so it needs no memory and
/// saying it twice is saying it once.
class system_lane {
public:
    static constexpr std::uintptr_t held = 1;
    static constexpr std::uintptr_t closed = 2;
    static constexpr std::uintptr_t stop = 4;
    static constexpr std::uintptr_t marks = held | closed | stop;

    enum class post_result : std::uint8_t {
        posted,        ///< the caller must now clear the mailbox's idle mark, and schedule the actor if it was there
        removed_held,  ///< the caller must schedule the actor
        refused,       ///< the actor has stopped: the caller disposes of the signal
    };

    post_result post(signal_node* node) noexcept { return add(node, 0); }
    post_result post_stop() noexcept { return add(nullptr, stop); }

    /// The consumer's, before each message and after its idle mark. Pairs with the release in add().
    bool quiet() const noexcept { return word_.load(std::memory_order_acquire) == 0; }

    struct taken {
        signal_node* first;  ///< oldest first
        bool stop;
    };

    /// The consumer's: takes all.
    taken take() noexcept { return sort(word_.exchange(0, std::memory_order_acq_rel)); }

    /// The consumer's, once: takes all, and refuses everything from now on.
    taken close() noexcept { return sort(word_.exchange(closed, std::memory_order_seq_cst)); }

    /// The consumer's: true if nothing waited and the actor is now held; it then belongs to whoever removes the mark.
    bool try_hold() noexcept {
        std::uintptr_t expected = 0;
        if (!quiet()) {  // as on most calls: the signal that was waited for is what made the actor run
            return false;
        }
        return word_.compare_exchange_strong(expected, held, std::memory_order_acq_rel, std::memory_order_acquire);
    }

    bool is_closed() const noexcept { return (word_.load(std::memory_order_acquire) & closed) != 0; }
    /// As is_closed(), in one order with close() and other sequentially consistent operations.
    bool is_closed_in_order() const noexcept { return (word_.load(std::memory_order_seq_cst) & closed) != 0; }
    bool is_held() const noexcept { return (word_.load(std::memory_order_acquire) & held) != 0; }

private:
    // A compare-exchange and not an exchange: a closed lane must stay as it is, and the lane is not contended.
    post_result add(signal_node* node, std::uintptr_t mark) noexcept {
        std::uintptr_t seen = word_.load(std::memory_order_acquire);
        std::uintptr_t wanted = 0;
        do {
            if ((seen & closed) != 0) {
                return post_result::refused;
            }
            wanted = (seen | mark) & ~held;
            if (node != nullptr) {
                node->next = first(seen);
                wanted = reinterpret_cast<std::uintptr_t>(node) | (wanted & marks);
            }
            // Releases the signal to take(); acquires what the consumer wrote before it was held, or closed the lane.
        } while (!word_.compare_exchange_weak(seen, wanted, std::memory_order_acq_rel, std::memory_order_acquire));
        return (seen & held) != 0 ? post_result::removed_held : post_result::posted;
    }

    static signal_node* first(std::uintptr_t word) noexcept { return reinterpret_cast<signal_node*>(word & ~marks); }

    static taken sort(std::uintptr_t word) noexcept {
        signal_node* oldest = nullptr;
        for (signal_node* each = first(word); each != nullptr;) {
            signal_node* const next = each->next;
            each->next = oldest;
            oldest = each;
            each = next;
        }
        return {oldest, (word & stop) != 0};
    }

    std::atomic<std::uintptr_t> word_{0};
};

}  // namespace drover
