#pragma once

#include <cstddef>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/actor_cell.hpp"
#include "drover/actor/boxed_mailbox.hpp"
#include "drover/actor/choices.hpp"
#include "drover/actor/run.hpp"
#include "drover/mailbox/unbounded.hpp"
#include "drover/pool/forward.hpp"
#include "drover/pool/pool_state.hpp"
#include "drover/pool/shared_mailbox.hpp"

namespace drover {

/// A pool as an actor of type `A`: whoever holds a ref to it, a recipient, a name, a subscription, sends to whom the
/// policy picks. It never runs a message; it stops when it is asked to, and the pool with it.
template <class A>
struct pool_face {};

template <class A>
struct seen_as<pool_face<A>> {
    using type = A;
};

/// A mailbox that keeps nothing but the mark of stop_when_drained(). `Levels`: the members', so that who sends a
/// priority that they do not have hears of it.
template <class Policy, std::size_t Levels>
struct face_mailbox : unbounded_mailbox {
    static constexpr std::size_t levels = Levels;
};

/// What is pushed here goes on to a member, each message of a batch to its own.
template <class F, class Policy, std::size_t Levels>
struct boxed_mailbox<F, face_mailbox<Policy, Levels>> : mailbox_box<F> {
    using cell = basic_cell<F>;

    explicit boxed_mailbox(const mailbox_limits&) noexcept : mailbox_box<F>(record) {}

    unbounded_mailbox::extra extra;
    boost::intrusive_ptr<pool_state<Policy, F>> pool;  ///< set before the cell is known

    static boxed_mailbox& of(const cell& owner) noexcept { return static_cast<boxed_mailbox&>(*owner.box); }

private:
    static admitted admit(cell&, lane&, std::size_t, bool may_wait) noexcept {
        return {.result = delivery::accepted, .may_wait = may_wait};
    }
    static admitted admit_if_room(cell& owner, std::size_t) noexcept {
        return {owner.system.is_closed() ? delivery::stopped : delivery::accepted};
    }
    static void give_back(cell&, std::size_t) noexcept {}

    static delivery push(cell& owner, lane& mine, message_node* first, message_node*, std::size_t,
                         admitted place) noexcept {
        pool_state<Policy, F>& to = *of(owner).pool;
        delivery worst = delivery::accepted;
        while (first != nullptr) {
            message_node* const next = first->next.load(std::memory_order_relaxed);
            const delivery result = push_one(owner, to, mine, first, place);
            worst = result != delivery::accepted && is_accepted(worst) ? result : worst;
            first = next;
        }
        return worst;
    }

    static delivery push_one(cell& owner, pool_state<Policy, F>& to, lane& mine, message_node* node,
                             admitted place) noexcept {
        delivery result = delivery::no_target;
        if (owner.system.is_closed() || to.closed(mine)) {
            result = delivery::stopped;
        } else if (const auto key = detail::key_in<Policy, F>(node, owner)) {
            result = detail::forward(to, mine, node, *key, place);
            if (is_accepted(result) || result == delivery::stopped) {
                return result;
            }
        }
        const auto& operations = *static_cast<envelope_of<F>*>(node)->operations;
        owner.refuse(mine, operations.message, reason_of(result));
        if (operations.refuse != nullptr) {
            operations.refuse(node, result);
        }
        owner.discard(node);
        cell::release_envelope_of(node);
        return result;
    }

    static message_node* close(cell& owner) noexcept {
        return owner.template close_mailbox<unbounded_mailbox>(of(owner).extra);
    }
    static const message_node* given(const cell& owner) noexcept {
        return unbounded_mailbox::given(owner.incoming, owner.consumed, of(owner).extra);
    }
    static std::size_t count(const cell& owner, std::size_t most) noexcept {
        return unbounded_mailbox::count(owner.incoming, owner.consumed, of(owner).extra, most);
    }
    static void free(cell& owner) noexcept { delete &of(owner); }

    static constexpr mailbox_operations<F> record{&admit,
                                                  &admit_if_room,
                                                  &give_back,
                                                  &push,
                                                  &close,
                                                  &given,
                                                  &count,
                                                  &free,
                                                  [](runnable* item, lane& mine) {
                                                      auto& self = static_cast<cell&>(*item);
                                                      return detail::run_actor<F, unbounded_mailbox>(
                                                          self, of(self).extra, static_cast<worker&>(mine));
                                                  },
                                                  Levels};
};

template <class A, class Policy, class F>
using face_mailbox_of = std::conditional_t<pulls<Policy>, shared_mailbox<mailbox_of<A>, Policy, F>,
                                           face_mailbox<Policy, mailbox_of<A>::levels>>;

namespace detail {

/// Where the mailbox of a pool, seen as an actor, keeps what the pool's handles share.
template <class A, class Policy, class F>
auto& pool_of_face(const basic_cell<F>& face) noexcept {
    auto& box = boxed_mailbox<F, face_mailbox_of<A, Policy, F>>::of(face);
    if constexpr (pulls<Policy>) {
        return box.extra.pool;
    } else {
        return box.pool;
    }
}

}  // namespace detail

/// Spawns it: the cell is told its pool before anybody knows it.
template <class A, class Policy, class F>
struct face_build {
    boost::intrusive_ptr<pool_state<Policy, F>> pool;

    void operator()(pool_face<A>* at) const noexcept { ::new (static_cast<void*>(at)) pool_face<A>; }
    void populate(basic_cell<F>& cell) const noexcept {
        detail::pool_of_face<A, Policy>(cell) = pool;
        if constexpr (pulls<Policy>) {
            pool->open_queue(*boxed_mailbox<F, face_mailbox_of<A, Policy, F>>::of(cell).extra.list, cell);
        }
    }
};

}  // namespace drover
