#pragma once

#include <atomic>
#include <cstddef>

#include "drover/mailbox/tagged_list.hpp"
#include "drover/message/node.hpp"

namespace drover {

/// Nodes that have left the tagged list for good, in order, for mailboxes that choose among them. The link of a node
/// may still be missing while its sender is between its two steps. One thread at a time.
class taken_nodes {
public:
    bool empty() const noexcept { return first_ == nullptr; }

    void append(tagged_list::chain more) noexcept {
        if (more.first == nullptr) {
            return;
        }
        if (first_ == nullptr) {
            first_ = more.first;
        } else {
            // The last node of a chain is linked to nothing, for ever: later pushes found the stub.
            last_->next.store(more.first, std::memory_order_relaxed);
        }
        last_ = more.last;
    }

    void append(message_node* one) noexcept {
        one->next.store(nullptr, std::memory_order_relaxed);
        append({one, one});
    }

    void append(taken_nodes more) noexcept { append({more.first_, more.last_}); }

    /// The oldest, no longer linked to anything; null if there is none, if it is not wanted, or if its link is still
    /// missing.
    template <class Wanted = any_node>
    message_node* pop(Wanted wanted = {}) noexcept {
        message_node* const oldest = first_;
        if (oldest == nullptr || !wanted(oldest)) {
            return nullptr;
        }
        message_node* const next = oldest->next.load(std::memory_order_acquire);  // pairs with push_chain()
        if (oldest == last_) {
            first_ = last_ = nullptr;
        } else if (next == nullptr) {
            return nullptr;
        } else {
            first_ = next;
        }
        return oldest;
    }

    /// Those whose links are there, `most` of them at most.
    std::size_t count(std::size_t most = tagged_list::all) const noexcept {
        std::size_t nodes = 0;
        for (const message_node* each = first_; each != nullptr && nodes != most;) {
            nodes += 1;
            each = each != last_ ? each->next.load(std::memory_order_acquire) : nullptr;
        }
        return nodes;
    }

private:
    message_node* first_ = nullptr;
    message_node* last_ = nullptr;
};

}  // namespace drover
