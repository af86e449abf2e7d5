#pragma once

#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>

#include "drover/actor/answer.hpp"
#include "drover/actor/choices.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/message.hpp"
#include "drover/actor/outbox.hpp"
#include "drover/actor/port.hpp"
#include "drover/actor/promise.hpp"
#include "drover/actor/task_environment.hpp"

namespace drover::detail {

template <class A, class M, class F>
[[gnu::noinline]] delivery tell_with_care(basic_cell<F>& cell, M&& message, membership_pick picked = {}) {
    using message_type = std::decay_t<M>;
    lane& mine = lane_to(*cell.core);
    const send_bracket bracket(mine);
    const port<A, F> way(cell, mine, picked);
    if (!way.gate_open()) [[unlikely]] {
        return way.refuse(type_name<message_type>(), delivery::stopped);
    }
    way.check_level(message);
    const admitted place = way.admit(1, true);
    reservation reserved(way, place, 1);
    if (!is_accepted(place.result)) [[unlikely]] {
        return way.refuse(type_name<message_type>(), place.result);
    }
    message_node* const node = told_message<A, message_type, F>::create(cell, std::forward<M>(message));
    reserved.keep();
    return way.push({node, node, 1}, place);
}

// When a send does not go straight: it goes through the outbox of the actor that runs here, or else the long way.
template <class A, class M, class F>
[[gnu::noinline]] delivery tell_deferred(basic_cell<F>& cell, M&& content) {
    if constexpr (has_plain_mailbox<A>) {
        auto* const outbox = static_cast<basic_outbox<F>*>(this_thread().outbox);
        if (outbox != nullptr && outbox->takes(cell)) [[likely]] {
            using message = told_message<A, std::decay_t<M>, F>;
            void* const block = outbox->room_for(cell, message::envelope_type::size_class);
            return outbox->add(cell, message::create_in(block, cell, std::forward<M>(content)));
        }
    }
    return tell_with_care<A>(cell, std::forward<M>(content));
}

template <class A, class M, class F>
delivery tell_cell(basic_cell<F>& cell, M&& message) {
    using message_type = std::decay_t<M>;
    if constexpr (has_plain_mailbox<A>) {
        const thread_state& thread = this_thread();
        if (cell.core.straight(thread.direct)) [[likely]] {
            lane& mine = *thread.current;
            const send_bracket bracket(mine);
            if (!mine.worker && !cell.core->gate_open()) [[unlikely]] {
                return port<A, F>(cell, mine).refuse(type_name<message_type>(), delivery::stopped);
            }
            message_node* const node = told_message<A, message_type, F>::create(cell, std::forward<M>(message));
            mine.pushed.add(1);
            return cell.template push_counted<true>(mine, node, node, 1);
        }
    }
    return tell_deferred<A>(cell, std::forward<M>(message));
}

template <class A, class M, class F>
delivery try_tell_cell(basic_cell<F>& cell, M& message, membership_pick picked = {}) {
    lane& mine = lane_to(*cell.core);
    const send_bracket bracket(mine);
    const port<A, F> way(cell, mine, picked);
    flush_outbox();
    if (!way.gate_open() || cell.system.is_closed()) {
        mine.returned.add(1);
        return delivery::stopped;
    }
    way.check_level(message);
    const admitted place = way.admit(1, false);
    reservation reserved(way, place, 1);
    if (!is_accepted(place.result)) {
        mine.returned.add(1);
        cell.note_rejected(mine, place.result == delivery::stopped ? 0 : 1);
        return place.result;
    }
    message_node* const node = told_message<A, M, F>::create(cell, std::move(message));
    reserved.keep();
    // From here on the message is the mailbox's; if the actor stops meanwhile it is a dead letter, as after any
    // accepted send.
    const delivery result = way.push({node, node, 1}, place);
    return result == delivery::stopped ? delivery::accepted : result;
}

// How long an ask is waited for; false: without end. The present deadline limits one that says nothing, and, if
// messages carry deadlines, every one.
template <class F>
bool limit_of_ask(const clock_duration* timeout, clock_duration& limit) noexcept {
    if (has_deadlines<F> || timeout == nullptr) {
        const bool limited = time_left(limit);
        if (timeout == nullptr || (limited && limit < *timeout)) {
            return limited;
        }
    }
    limit = *timeout;
    return true;
}

template <class A, class M, class F>
auto ask_cell(basic_cell<F>& cell, M&& message, const clock_duration* timeout, membership_pick picked = {}) {
    using reply = reply_type<A, M, F>;
    lane& mine = lane_to(*cell.core);
    const send_bracket bracket(mine);
    const port<A, F> way(cell, mine, picked);
    flush_outbox();
    way.check_level(message);
    reply_record<reply, F>* const record = reply_record<reply, F>::create(cell);
    answer<reply, F> result(record);
    request<reply, F> right(record);
    F::metrics::on_ask_sent(metrics_part<F>(mine), cell.subject());
    if (!way.gate_open()) [[unlikely]] {
        way.refuse(type_name<M>(), delivery::stopped);
        return result;  // `right` answers that the actor has stopped
    }
    clock_duration limit{};
    if constexpr (has_deadlines<F>) {
        // Else whom it was to go to would be blamed for a time that was over before.
        if (time_left(limit) && limit.count() <= 0) [[unlikely]] {
            way.refuse_late(type_name<M>());
            right.fail({ask_error::timeout, nullptr});
            return result;
        }
    }
    const admitted place = way.admit(1, true);
    reservation reserved(way, place, 1);
    if (!is_accepted(place.result)) [[unlikely]] {
        way.refuse(type_name<M>(), place.result);
        if (place.result != delivery::stopped) {
            right.fail({place.result == delivery::no_target ? ask_error::no_target : ask_error::mailbox_full, nullptr});
        }
        return result;
    }
    if (limit_of_ask<F>(timeout, limit)) {
        record->expire_after(limit);
    }
    message_node* const node = asked_message<A, M, F>::create(cell, std::move(message), right);
    reserved.keep();
    static_cast<void>(way.push({node, node, 1}, place));
    return result;
}

// `sent`: how many there were.
template <class A, class M, class F, class Range>
delivery tell_batch_to_cell(basic_cell<F>& cell, Range&& range, std::size_t& sent) {
    lane& mine = lane_to(*cell.core);
    const send_bracket bracket(mine);
    const port<A, F> way(cell, mine);
    flush_outbox();
    if (!way.gate_open()) [[unlikely]] {
        std::size_t count = 0;
        for (auto each = std::ranges::begin(range); each != std::ranges::end(range); ++each) {
            count += 1;
        }
        sent = count;
        return way.refuse(type_name<M>(), delivery::stopped, count);
    }
    // Built first: only then is it known how many there are.
    message_chain<F> chain;
    try {
        for (auto&& each : range) {
            way.check_level(each);
            if constexpr (std::is_lvalue_reference_v<Range> || std::ranges::view<std::remove_cvref_t<Range>>) {
                chain.append(told_message<A, M, F>::create(cell, M(std::forward<decltype(each)>(each))));
            } else {
                chain.append(told_message<A, M, F>::create(cell, M(std::move(each))));
            }
        }
    } catch (...) {
        chain.discard(cell);
        throw;
    }
    sent = chain.count;
    if (chain.count == 0) {
        return delivery::accepted;
    }
    const admitted place = way.admit(chain.count, true);
    reservation reserved(way, place, chain.count);
    reserved.keep();
    if (!is_accepted(place.result)) {
        chain.discard(cell);
        return way.refuse(type_name<M>(), place.result, chain.count);
    }
    return way.push(chain, place);
}

}  // namespace drover::detail
