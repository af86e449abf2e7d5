#pragma once

#include <atomic>
#include <exception>

#include "drover/actor/cell.hpp"
#include "drover/actor/guard.hpp"
#include "drover/base/cpu_pause.hpp"
#include "drover/mailbox/unbounded.hpp"

namespace drover {

namespace detail {

// Keeps what a mailbox gives up, but for the envelope whose message is gone already.
template <class F>
struct closing_owner : basic_cell<F>::mailbox_owner {
    const message_node* handled;
    mutable message_node* first = nullptr;
    mutable message_node* last = nullptr;

    void retire(message_node* node) const noexcept {
        if (node == handled) {
            basic_cell<F>::release_envelope_of(node);
            return;
        }
        node->next.store(nullptr, std::memory_order_relaxed);
        if (last != nullptr) {
            last->next.store(node, std::memory_order_relaxed);
        } else {
            first = node;
        }
        last = node;
    }
};

}  // namespace detail

template <class F>
void basic_cell<F>::drain_to_dead_letters() noexcept {
    message_node* first = nullptr;
    if (box == nullptr) {
        unbounded_mailbox::extra none;
        first = close_mailbox<unbounded_mailbox>(none);
    } else {
        first = box->operations->close(*this);
    }
    membership* const member = membership_of(*this);
    while (first != nullptr) {
        message_node* const following = first->next.load(std::memory_order_relaxed);
        if (first != &pill) {
            this->note_left();
        }
        if (member == nullptr || !member->operations->pass_on(*member, first)) {
            this->bury_envelope(first, dead_letter_reason::stopped);
        }
        first = following;
    }
}

template <class F>
template <class Mailbox>
message_node* basic_cell<F>::close_mailbox(typename Mailbox::extra& extra_part) noexcept {
    if constexpr (requires { Mailbox::leave(extra_part); }) {
        Mailbox::leave(extra_part);
    }
    detail::closing_owner<F> collected{{*this}, Mailbox::given(incoming, consumed, extra_part)};
    for (;;) {
        if (Mailbox::pop(incoming, consumed, extra_part, collected) != nullptr) {
            continue;
        }
        if (!Mailbox::try_close(incoming, consumed, extra_part, collected)) {
            yield_thread();  // a sender is between its two steps
        } else if (Mailbox::quiet(extra_part) || list::announce(incoming) != push_result::closed) {
            return collected.first;
        }
    }
}

template <class F>
void basic_cell<F>::discard(message_node* node) noexcept {
    try {
        static_cast<envelope_of<F>*>(node)->operations->discard(node);
    } catch (...) {
        core->report(
            failure{name(), id, static_cast<envelope_of<F>*>(node)->operations->message, std::current_exception()});
    }
}

}  // namespace drover
