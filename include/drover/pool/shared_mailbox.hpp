#pragma once

#include <cstddef>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/cell.hpp"
#include "drover/mailbox/concept.hpp"
#include "drover/mailbox/unbounded.hpp"
#include "drover/pool/pool_state.hpp"
#include "drover/pool/shared_list.hpp"

namespace drover {

namespace detail {

// The room of a queue, where those find it who know it of a mailbox.
template <class Queue, bool Limited>
struct room_of_queue {
    explicit room_of_queue(Queue&) noexcept {}
};
template <class Queue>
struct room_of_queue<Queue, true> {
    explicit room_of_queue(Queue& queue) noexcept : room(queue.room()) {}
    decltype(std::declval<Queue&>().room()) room;
};
template <class Queue>
    requires requires(Queue& queue) { queue.gathering(); }
struct room_of_queue<Queue, true> {
    explicit room_of_queue(Queue& queue) noexcept : room(queue.room()), gathering(queue.gathering()) {}
    decltype(std::declval<Queue&>().room()) room;
    decltype(std::declval<Queue&>().gathering()) gathering;
};

}  // namespace detail

/// The mailbox of a pool as an actor, if its members pull: the queue itself, with the limits and levels of `Mailbox`.
/// What the actor itself takes is the mark of stop_when_drained().
template <mailbox_policy Mailbox, class Policy, class F>
struct shared_mailbox : detail::water_marks_of<Mailbox> {
    using producer_side = tagged_list::producer_side;
    using consumer_side = tagged_list::consumer_side;
    using queue = queue_of<Policy>;

    static constexpr bool limited = Mailbox::limited;
    static constexpr std::size_t levels = Mailbox::levels;
    static constexpr mailbox_limits default_limits() noexcept { return Mailbox::default_limits(); }

    struct holds_queue {
        boost::intrusive_ptr<queue> list;
    };

    struct extra : holds_queue, detail::room_of_queue<queue, limited> {
        explicit extra(const mailbox_limits& limits)
            : holds_queue{new queue(limits)}, detail::room_of_queue<queue, limited>(*this->list) {}

        delivery taken_at_all(lane& mine) const noexcept { return pool->would_take(mine); }

        /// The messages can be seen now: their sender wakes whom it can for them.
        void pushed(std::size_t count) const noexcept { pool->pushed(count); }

        boost::intrusive_ptr<pool_state<Policy, F>> pool;  ///< set before the cell is known
        unbounded_mailbox::extra none;
    };

    static push_result push_chain(producer_side&, extra& x, message_node* first, message_node* last) noexcept {
        x.list->push(first, last);
        return push_result::queued;
    }

    template <class Owner, class Wanted = any_node>
    static message_node* pop(producer_side& p, consumer_side& c, extra& x, const Owner& owner,
                             Wanted wanted = {}) noexcept {
        return unbounded_mailbox::pop(p, c, x.none, owner, wanted);
    }

    template <class Owner>
    static message_node* evict(producer_side&, extra& x, const Owner& owner) noexcept
        requires requires { x.list->evict(owner); }
    {
        return x.list->evict(owner);
    }

    template <class Owner>
    static bool try_mark_idle(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        return unbounded_mailbox::try_mark_idle(p, c, x.none, owner);
    }

    template <class Owner>
    static bool try_close(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        return unbounded_mailbox::try_close(p, c, x.none, owner);
    }

    static bool quiet(const extra&) noexcept { return true; }

    static const message_node* given(const producer_side& p, const consumer_side& c, const extra& x) noexcept {
        return unbounded_mailbox::given(p, c, x.none);
    }

    static std::size_t count(const producer_side& p, const consumer_side& c, const extra& x,
                             std::size_t most = tagged_list::all) noexcept {
        const std::size_t own = unbounded_mailbox::count(p, c, x.none, most);
        return own + x.list->count(most - own);
    }
};

}  // namespace drover
