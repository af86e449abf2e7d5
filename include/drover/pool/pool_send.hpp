#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

#include "drover/actor/send.hpp"
#include "drover/base/type_name.hpp"
#include "drover/pool/keyed_by.hpp"
#include "drover/pool/member_gauge.hpp"
#include "drover/pool/pool_state.hpp"

namespace drover::detail {

// What `send` returns; gives the pick back if the message could not be built.
template <class Send>
decltype(auto) send_picked(membership_pick pick, Send send) {
    try {
        return send();
    } catch (...) {
        pick.refused(1);
        throw;
    }
}

/// Nobody takes messages: dead letters of the pool.
template <class Policy, class F>
delivery refuse_by_pool(const pool_state<Policy, F>& pool, lane& mine, std::string_view message,
                        std::size_t count = 1) noexcept {
    const send_bracket bracket(mine);
    const bool closed = pool.closed(mine);
    pool.controller.cell()->refuse(mine, message, closed ? dead_letter_reason::stopped : dead_letter_reason::no_target,
                                   count);
    return closed ? delivery::stopped : delivery::no_target;
}

template <class Reply, class M, class Policy, class F>
Reply no_answer(const pool_state<Policy, F>& pool, lane& mine) {
    const bool closed = refuse_by_pool(pool, mine, type_name<M>()) == delivery::stopped;
    return Reply(ask_error{closed ? ask_error::actor_stopped : ask_error::no_target, nullptr});
}

template <class A, class Policy, class M, class F>
delivery tell_pool(pool_state<Policy, F>& pool, M&& message) {
    const pick_key key = key_of<Policy>(message);
    lane& mine = lane_to(pool.core);
    const picked_member<F> to = pool.pick(mine, key);
    if (!to) [[unlikely]] {
        return refuse_by_pool(pool, mine, type_name<std::decay_t<M>>());
    }
    if constexpr (gauged<Policy>) {
        return send_picked(to.pick(),
                           [&] { return tell_with_care<A>(to.cell(), std::forward<M>(message), to.pick()); });
    } else {
        return tell_cell<A>(to.cell(), std::forward<M>(message));
    }
}

template <class A, class Policy, class M, class F>
delivery try_tell_pool(pool_state<Policy, F>& pool, M& message) {
    const pick_key key = key_of<Policy>(message);
    lane& mine = lane_to(pool.core);
    const picked_member<F> to = pool.pick(mine, key);
    if (!to) [[unlikely]] {
        mine.returned.add(1);
        return pool.closed(mine) ? delivery::stopped : delivery::no_target;
    }
    const delivery result = send_picked(to.pick(), [&] { return try_tell_cell<A>(to.cell(), message, to.pick()); });
    if (!is_accepted(result)) {
        to.pick().refused(1);
    }
    return result;
}

template <class A, class Policy, class M, class F>
auto ask_pool(pool_state<Policy, F>& pool, M&& message, const clock_duration* timeout) {
    using reply = answer<reply_type<A, M, F>, F>;
    const pick_key key = key_of<Policy>(message);
    lane& mine = lane_to(pool.core);
    const picked_member<F> to = pool.pick(mine, key);
    if (!to) [[unlikely]] {
        return no_answer<reply, M>(pool, mine);
    }
    return send_picked(to.pick(), [&] { return ask_cell<A>(to.cell(), std::forward<M>(message), timeout, to.pick()); });
}

}  // namespace drover::detail
