#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/context.hpp"
#include "drover/message/signal.hpp"
#include "drover/pool/forward.hpp"
#include "drover/pool/keyed_by.hpp"
#include "drover/pool/pool_state.hpp"
#include "drover/scheduling/lane.hpp"

namespace drover {

namespace detail {

enum class passing : std::uint8_t {
    done,     ///< somebody has it
    refused,  ///< nobody takes it: a dead letter
    waits,    ///< only members were picked that have stopped, of which the controller is about to hear
};

/// A message that was in the mailbox of a member which has stopped, once to the policy. Inside a send_bracket.
template <class Policy, class F>
passing try_to_pass_on(pool_state<Policy, F>& pool, lane& mine, message_node* node) noexcept {
    const auto key = key_in<Policy, F>(node, *pool.controller.cell());
    if (!key) {
        return passing::refused;
    }
    bool gone = false;
    const delivery result = forward(pool, mine, node, *key, {.result = delivery::accepted, .moved = true}, &gone);
    if (is_accepted(result) || result == delivery::stopped) {
        return passing::done;
    }
    return gone ? passing::waits : passing::refused;
}

/// The controller, after each new table and when it is told: forwards what is parked, in its order. If the first one
/// finds again nobody but a member that has stopped, that one's end is still on its way here, and a new table behind
/// it.
template <class Policy, class F>
void forward_parked(pool_state<Policy, F>& pool, lane& mine) noexcept {
    parked_messages::chain left = pool.parked.take();
    while (left.first != nullptr) {
        message_node* const next = left.first->next.load(std::memory_order_relaxed);
        const passing result = try_to_pass_on(pool, mine, left.first);
        if (result == passing::waits) {
            left.first->next.store(next, std::memory_order_relaxed);
            break;
        }
        if (result == passing::refused) {
            pool.controller.cell()->bury_envelope(left.first, dead_letter_reason::stopped);
        }
        left.first = next;
    }
    pool.parked.put_back(left);
}

/// The pool is no more: what is parked are its dead letters.
template <class Policy, class F>
void bury_parked(pool_state<Policy, F>& pool) noexcept {
    for (message_node* each = pool.parked.close(); each != nullptr;) {
        message_node* const next = each->next.load(std::memory_order_relaxed);
        pool.controller.cell()->bury_envelope(each, dead_letter_reason::stopped);
        each = next;
    }
}

/// A message that was in the mailbox of a member which has stopped. False if nobody takes it. Any thread that empties
/// such a mailbox, inside a send_bracket.
template <class Policy, class F>
bool pass_on(pool_state<Policy, F>& pool, lane& mine, message_node* node) noexcept {
    parked_messages::parking place = pool.parked.add_behind(node);
    if (!place.taken) {
        const passing result = try_to_pass_on(pool, mine, node);
        if (result != passing::waits) {
            return result == passing::done;
        }
        place = pool.parked.add(node);
    }
    if (place.wake) {
        intrusive_ptr_add_ref(&pool);
        if (pool.controller.cell()->post(&pool.news_of_parked) == system_lane::post_result::refused) {
            intrusive_ptr_release(&pool);  // what is parked is buried as the controller ends
        }
    }
    return place.taken;
}

}  // namespace detail

template <class Policy, class F>
const signal_operations<basic_context<F>> parked_news<Policy, F>::record{
    [](signal<basic_context<F>>* node, basic_context<F>& turn) {
        pool_state<Policy, F>& pool = static_cast<parked_news&>(*node).pool;
        const boost::intrusive_ptr<pool_state<Policy, F>> kept(&pool, false);
        const inside_scope scope(turn.on().inside);
        pool.parked.heard();
        detail::forward_parked(pool, turn.on());
    },
    [](signal<basic_context<F>>* node) noexcept { intrusive_ptr_release(&static_cast<parked_news&>(*node).pool); }};

}  // namespace drover
