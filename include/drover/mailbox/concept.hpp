#pragma once

#include <concepts>
#include <cstddef>

#include "drover/mailbox/admission.hpp"
#include "drover/mailbox/push_result.hpp"
#include "drover/mailbox/tagged_list.hpp"
#include "drover/message/node.hpp"

namespace drover {

namespace detail {

// The marks of a mailbox that has any, for one that stands around it.
template <class Mailbox>
struct water_marks_of {};
template <class Mailbox>
    requires requires { typename Mailbox::marks; }
struct water_marks_of<Mailbox> {
    using marks = typename Mailbox::marks;
};

/// What a mailbox may ask of the actor it belongs to.
struct any_owner {
    void retire(message_node*) const noexcept {}                         ///< the memory of a node it needs no longer
    std::size_t level(const message_node*) const noexcept { return 0; }  ///< of a message: higher goes first
    bool is_mark(const message_node*) const noexcept { return false; }   ///< the end mark, which takes no room
    void fell_to_low_water() const noexcept {}
};

}  // namespace detail

/// A mailbox holds the messages of one actor: any number of senders, one consumer at a time. A model is a type of
/// static functions over the tagged list that each cell has and its own `extra`, which stands outside the cell.
///
/// Duties beyond the signatures; those of the list hold as well:
/// - `limited` says that `x.room` is an admission: a sender reserves there before it pushes, and `pop` releases.
/// - `push_chain` never blocks or allocates. Nodes of one sender, and of one level if there are levels, keep their
///   order.
/// - `pop` gives the next message. It passes each node that it needs no longer to the owner's `retire`, the one it gave
///   by a later call, at the latest when the mailbox goes idle or closes; `given` is the one it gave last, if not
///   retired. A `pop` that gives nothing retires nothing: a batch that ends there leaves its last node to the mailbox.
/// - `try_mark_idle` and `try_close` as in the list. After them the consumer looks at `quiet`: true if no message waits
///   outside of the list; if one does, it takes the mark back.
/// - It may have `leave(x)`: the actor has stopped, and what `pop` gives from now on becomes dead letters.
/// - `count` is the consumer's: how many messages wait, the end mark included; linear. With a number behind the rest it
///   looks no further than to so many.
template <class M>
concept mailbox_policy =
    requires { typename M::extra; } && std::constructible_from<typename M::extra, const mailbox_limits&> &&
    requires(tagged_list::producer_side& p, tagged_list::consumer_side& c, typename M::extra& x, message_node* n,
             const detail::any_owner& owner) {
        { M::limited } -> std::convertible_to<bool>;
        { M::levels } -> std::convertible_to<std::size_t>;
        { M::default_limits() } -> std::same_as<mailbox_limits>;
        { M::push_chain(p, x, n, n) } noexcept -> std::same_as<push_result>;
        { M::pop(p, c, x, owner) } noexcept -> std::same_as<message_node*>;
        { M::try_mark_idle(p, c, x, owner) } noexcept -> std::same_as<bool>;
        { M::try_close(p, c, x, owner) } noexcept -> std::same_as<bool>;
        { M::quiet(x) } noexcept -> std::same_as<bool>;
        { M::given(p, c, x) } noexcept -> std::same_as<const message_node*>;
        { M::count(p, c, x) } noexcept -> std::same_as<std::size_t>;
        { M::count(p, c, x, std::size_t{}) } noexcept -> std::same_as<std::size_t>;
    };

}  // namespace drover
