#pragma once

#include <concepts>
#include <cstdint>

#include "drover/message/node.hpp"

namespace drover {

/// What a push found out about the receiver, from the very instruction that made the message visible.
enum class push_result : std::uint8_t {
    queued,  ///< somebody will see it
    woke,    ///< the receiver was idle, and this sender is the one who must schedule it
    closed,  ///< the receiver had stopped, and this sender is now the one who must drain it to the dead letters
};

namespace detail {

struct ignore_node {
    void operator()(message_node*) const noexcept {}
};

}  // namespace detail

/// A mailbox holds the messages of one actor: any number of senders, one consumer at a time. Its two sides are separate
/// types, so that a cell can put them on separate cache lines beside other fields of the same user.
///
/// Duties beyond the signatures:
/// - `push_chain(p, first, last)` may be called from any thread, never blocks and never allocates. The nodes are linked
///   from first to last and `last->next` is null. Nodes of one sender come out in the order they went in.
/// - `pop` is the consumer's. It gives the next message, and passes each node that the mailbox needs no longer as a
///   link to `retire`; the node it gave is retired by a later call, at the latest when the mailbox goes idle, and then
///   perhaps beside the next consumer: `retire` gives memory back and touches nothing of the actor. It gives null
///   if it finds nothing, which may be because a sender is between making a push visible and linking it.
/// - `try_mark_idle` is the consumer's: true if nothing waits and the mailbox now says that the consumer is gone, after
///   which exactly one push answers `woke`. `clear_idle` is anybody's: true if it removed that mark, so that the caller
///   takes the place of that push.
/// - `try_close` is as `try_mark_idle`, but for ever: each push that finds the mark answers `closed`, and its sender is
///   the consumer until it has closed again.
/// - `count` is the consumer's: how many messages wait; linear.
template <class M>
concept mailbox_policy = requires(typename M::producer_side& p, typename M::consumer_side& c, message_node* n) {
    { M::start_idle(p, c) } noexcept;
    { M::start_scheduled(p, c) } noexcept;
    { M::push_chain(p, n, n) } noexcept -> std::same_as<push_result>;
    { M::pop(p, c, detail::ignore_node{}) } noexcept -> std::same_as<message_node*>;
    { M::try_mark_idle(p, c, detail::ignore_node{}) } noexcept -> std::same_as<bool>;
    { M::try_close(p, c, detail::ignore_node{}) } noexcept -> std::same_as<bool>;
    { M::clear_idle(p) } noexcept -> std::same_as<bool>;
    { M::count(p, c) } noexcept -> std::same_as<std::size_t>;
};

}  // namespace drover
