#pragma once

#include <cstddef>
#include <ranges>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tsl/robin_map.h>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/send.hpp"
#include "drover/base/type_name.hpp"
#include "drover/pool/keyed_by.hpp"
#include "drover/pool/member_gauge.hpp"
#include "drover/pool/pool_state.hpp"
#include "drover/routing/batch_split.hpp"

namespace drover::detail {

// What `send` returns; gives the pick back if the message could not be built.
template <class Send>
auto send_picked(membership& link, Send send) {
    try {
        return send();
    } catch (...) {
        link.operations->refused(link, 1);
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

template <class A, class Policy, class M, class F>
delivery tell_pool(pool_state<Policy, F>& pool, M&& message) {
    const pick_key key = key_of<Policy>(message);
    lane& mine = lane_to(pool.core);
    const picked_member<F> to = pool.pick(mine, key);
    if (!to) [[unlikely]] {
        return refuse_by_pool(pool, mine, type_name<std::decay_t<M>>());
    }
    if constexpr (wants_gauge(Policy::needs)) {
        return send_picked(to.link(),
                           [&] { return tell_with_care<A>(to.cell(), std::forward<M>(message), &to.link()); });
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
    const delivery result = send_picked(to.link(), [&] { return try_tell_cell<A>(to.cell(), message, &to.link()); });
    if (!is_accepted(result)) {
        to.link().operations->refused(to.link(), 1);
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
        const bool closed = refuse_by_pool(pool, mine, type_name<M>()) == delivery::stopped;
        return reply(ask_error{closed ? ask_error::actor_stopped : ask_error::no_target, nullptr});
    }
    return send_picked(to.link(),
                       [&] { return ask_cell<A>(to.cell(), std::forward<M>(message), timeout, &to.link()); });
}

/// The messages of a batch for one member. Counted, as the whole batch is picked before any of it is sent.
template <class F>
struct pool_batch {
    boost::intrusive_ptr<basic_cell<F>> cell;
    membership* link;
    message_chain<F> chain;
};

/// The messages of one batch by member, in the order in which they were first picked.
template <class F>
class pool_batches {
public:
    pool_batch<F>& of(const picked_member<F>& to) {
        basic_cell<F>* const cell = &to.cell();
        const std::size_t size = groups_.size();
        // Policies take turns, so the group behind the last one is the likely one.
        if (size != 0 && groups_[last_ = last_ + 1 < size ? last_ + 1 : 0].cell == cell) {
            return groups_[last_];
        }
        const auto [found, fresh] = places_.try_emplace(cell, size);
        if (fresh) {
            groups_.push_back({boost::intrusive_ptr<basic_cell<F>>(cell), &to.link(), {}});
        }
        last_ = found->second;
        return groups_[last_];
    }

    std::vector<pool_batch<F>>& all() noexcept { return groups_; }

private:
    std::vector<pool_batch<F>> groups_;
    tsl::robin_map<basic_cell<F>*, std::size_t> places_;
    std::size_t last_ = 0;
};

template <class Policy, class F>
void count_as_sent(membership& link, std::size_t count) noexcept {
    if constexpr (wants_gauge(Policy::needs) && !counts_picks<Policy>) {
        link.load.sent(count);
    }
}

template <class Policy, class F>
void count_as_withdrawn(membership& link, std::size_t count) noexcept {
    if constexpr (wants_gauge(Policy::needs) && !counts_picks<Policy>) {
        link.load.withdrawn(count);
    }
}

template <class A, class Policy, class M, class F, class Range>
batch_result tell_batch_to_pool(pool_state<Policy, F>& pool, Range&& range) {
    lane& mine = lane_to(pool.core);
    const send_bracket bracket(mine);
    flush_outbox();
    batch_result result;
    pool_batches<F> batches;
    try {
        for (auto&& each : range) {
            const picked_member<F> to = pool.pick(mine, key_of<Policy>(std::as_const(each)));
            if (!to) {
                result.no_target += 1;
                continue;
            }
            send_picked(to.link(), [&] {
                pool_batch<F>& group = batches.of(to);
                port<A, F>(to.cell(), mine).check_level(each);
                if constexpr (std::is_lvalue_reference_v<Range> || std::ranges::view<std::remove_cvref_t<Range>>) {
                    group.chain.append(told_message<A, M, F>::create(to.cell(), M(std::forward<decltype(each)>(each))));
                } else {
                    group.chain.append(told_message<A, M, F>::create(to.cell(), M(std::move(each))));
                }
            });
            count_as_sent<Policy, F>(to.link(), 1);  // so that the next pick sees it
        }
    } catch (...) {
        for (pool_batch<F>& each : batches.all()) {
            count_as_withdrawn<Policy, F>(*each.link, each.chain.count);
            each.link->operations->refused(*each.link, each.chain.count);
            each.chain.discard(*each.cell);
        }
        throw;
    }
    for (pool_batch<F>& each : batches.all()) {
        const port<A, F> way(*each.cell, mine, each.link);
        const std::size_t count = each.chain.count;
        admitted place = way.gate_open() ? way.admit(count, true) : admitted{delivery::stopped};
        reservation reserved(way, place, count);
        reserved.keep();
        if (!is_accepted(place.result)) {
            count_as_withdrawn<Policy, F>(*each.link, count);
            each.chain.discard(*each.cell);
            way.refuse(type_name<M>(), place.result, count);
            result.refused += count;
            continue;
        }
        place.counted = wants_gauge(Policy::needs);
        (is_accepted(way.push(each.chain, place)) ? result.accepted : result.refused) += count;
    }
    if (result.no_target != 0) {
        refuse_by_pool(pool, mine, type_name<M>(), result.no_target);
    }
    return result;
}

}  // namespace drover::detail
