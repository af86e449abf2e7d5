#pragma once

#include <atomic>
#include <mutex>
#include <utility>

#include "drover/base/futex.hpp"
#include "drover/message/node.hpp"

namespace drover {

/// Messages out of mailboxes that are closed, for which a pool has found only members that have stopped. They wait
/// here, in the order in which they came, until the pool's controller has made a table without those. Any thread adds;
/// the controller alone takes. One short lock; no operation allocates.
class parked_messages {
public:
    struct parking {
        bool taken = false;  ///< the message waits here
        bool wake = false;   ///< and the controller must be told: no news of it is under way
    };

    struct chain {
        message_node* first;
        message_node* last;
    };

    /// Any thread. Not taken once closed.
    parking add(message_node* node) noexcept {
        const std::lock_guard lock(mutex_);
        return closed_ ? parking{} : append(node);
    }

    /// Any thread. As add(), but only behind others: what came later must not overtake them.
    parking add_behind(message_node* node) noexcept {
        if (!busy_.load(std::memory_order_relaxed)) {  // who parked another of this mailbox is this very thread
            return {};
        }
        const std::lock_guard lock(mutex_);
        return closed_ || !busy_.load(std::memory_order_relaxed) ? parking{} : append(node);
    }

    /// The controller: what `wake` has set off is here, and may be sent again.
    void heard() noexcept {
        const std::lock_guard lock(mutex_);
        told_ = false;
    }

    /// The controller: all that wait, linked; those that come until put_back() wait behind them.
    chain take() noexcept {
        const std::lock_guard lock(mutex_);
        return {std::exchange(first_, nullptr), std::exchange(last_, nullptr)};
    }

    /// The controller: what it could not forward of those it took, first of all again; none if `first` is null.
    void put_back(chain left) noexcept {
        const std::lock_guard lock(mutex_);
        if (left.first != nullptr) {
            left.last->next.store(first_, std::memory_order_relaxed);
            last_ = last_ == nullptr ? left.last : last_;
            first_ = left.first;
        }
        busy_.store(first_ != nullptr, std::memory_order_relaxed);
    }

    /// For good. Gives what is left, linked.
    message_node* close() noexcept {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        last_ = nullptr;
        busy_.store(false, std::memory_order_relaxed);
        return std::exchange(first_, nullptr);
    }

private:
    parking append(message_node* node) noexcept {
        node->next.store(nullptr, std::memory_order_relaxed);
        if (last_ != nullptr) {
            last_->next.store(node, std::memory_order_relaxed);
        } else {
            first_ = node;
        }
        last_ = node;
        busy_.store(true, std::memory_order_relaxed);
        return {true, !std::exchange(told_, true)};
    }

    futex_mutex mutex_;
    message_node* first_ = nullptr;
    message_node* last_ = nullptr;
    std::atomic<bool> busy_{false};  // some wait, or are being forwarded; changed under the lock
    bool told_ = false;              // news are under way, which are no more than once at a time
    bool closed_ = false;
};

}  // namespace drover
