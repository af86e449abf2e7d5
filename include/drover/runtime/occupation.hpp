#pragma once

#include <string_view>

#include "drover/actor/cell.hpp"

namespace drover::detail {

// What an actor does at the moment; while the worker that runs it is held outside the runtime.

/// The message taken out of its mailbox last, or null.
template <class F>
const message_node* message_given(const basic_cell<F>& cell) noexcept {
    if (cell.box != nullptr) {
        return cell.box->operations->given(cell);
    }
    return cell.consumed.tail != &cell.incoming.stub ? cell.consumed.tail : nullptr;
}

/// The type of the message whose handler runs, or empty if what runs is no handler. Of static storage.
template <class F>
std::string_view message_handled(const basic_cell<F>& cell) noexcept {
    if (cell.phase == cell_phase::suspended) {
        return cell.extra.load(std::memory_order_acquire)->task.message;  // pairs with the exchange in more()
    }
    if (cell.phase == cell_phase::replaying) {
        return "a message out of its stash";
    }
    const message_node* const last = message_given(cell);
    if ((is_running(cell.phase) || cell.phase == cell_phase::batched) && last != nullptr) {
        return static_cast<const envelope_of<F>*>(last)->operations->message;
    }
    return {};
}

/// What of the actor runs, if that is no handler of a message.
template <class F>
std::string_view code_between_messages(const basic_cell<F>& cell) noexcept {
    return cell.phase == cell_phase::starting ? "started" : "its own code";
}

}  // namespace drover::detail
