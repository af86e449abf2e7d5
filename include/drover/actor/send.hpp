#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "drover/actor/answer.hpp"
#include "drover/actor/boxed_mailbox.hpp"
#include "drover/actor/choices.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/message.hpp"
#include "drover/actor/outbox.hpp"
#include "drover/actor/promise.hpp"
#include "drover/actor/task_environment.hpp"

namespace drover::detail {

// A chain of messages that is not sent yet.
template <class F>
struct message_chain {
    message_node* first = nullptr;
    message_node* last = nullptr;
    std::size_t count = 0;

    void append(message_node* node) noexcept {
        if (last != nullptr) {
            last->next.store(node, std::memory_order_relaxed);
        } else {
            first = node;
        }
        last = node;
        count += 1;
    }

    void discard(basic_cell<F>& receiver) noexcept {
        while (first != nullptr) {
            message_node* const next = first->next.load(std::memory_order_relaxed);
            receiver.discard(first);
            basic_cell<F>::release_envelope_of(first);
            first = next;
        }
    }
};

/// The way into one cell's mailbox, of which `A` may say what it is. What every send does: find room, build, push.
template <class A, class F>
class port {
public:
    /// `picked`: what a pool knows of this actor, if it has picked it.
    port(basic_cell<F>& cell, lane& mine, membership_pick picked = {}) noexcept
        : cell_(cell), mine_(mine), picked_(picked) {}

    /// Room for `count` messages, or why there is none.
    admitted admit(std::size_t count, bool may_wait) const noexcept {
        admitted place = find_place(count, may_wait);
        place.counted = picked_.link != nullptr && picked_.link->counted_by_pick;
        return place;
    }

    void give_back(std::size_t count) const noexcept {
        if (cell_.box != nullptr) {
            cell_.box->operations->give_back(cell_, count);
        }
    }

    delivery push(const message_chain<F>& chain, admitted place) const noexcept {
        if constexpr (!has_plain_mailbox<A>) {
            return has_own_mailbox()
                       ? boxed_mailbox<F, mailbox_of<A>>::push(cell_, mine_, chain.first, chain.last, chain.count,
                                                               place)
                       : cell_.box->operations->push(cell_, mine_, chain.first, chain.last, chain.count, place);
        } else if (cell_.box != nullptr) {
            return cell_.box->operations->push(cell_, mine_, chain.first, chain.last, chain.count, place);
        } else {
            return cell_.push(mine_, chain.first, chain.last, chain.count);
        }
    }

    /// Throws std::out_of_range if the mailbox has no such level.
    template <class M>
    void check_level(const M& message) const {
        if constexpr (prioritised<A, M>) {
            const std::size_t levels = cell_.box != nullptr ? cell_.box->operations->levels : 1;
            const std::size_t level = priority_of<A>(message);
            if (levels > 1 && level >= levels) {
                throw std::out_of_range(join_text({"drover: a ", type_name<M>(), " of priority ", std::to_string(level),
                                                   " for a mailbox of ", std::to_string(levels), " levels; use 0 to ",
                                                   std::to_string(levels - 1)}));
            }
        }
    }

    bool gate_open() const noexcept { return mine_.worker || cell_.core->gate_open(); }

    /// What a send that is not accepted makes of its messages.
    delivery refuse(std::string_view message, delivery why, std::size_t count = 1) const noexcept {
        if (picked_.link != nullptr) {
            picked_.refused(count);
        }
        cell_.refuse(mine_, message, reason_of(why), count);
        return why;
    }

    /// The same of one whose deadline has passed.
    void refuse_late(std::string_view message) const noexcept {
        if (picked_.link != nullptr) {
            picked_.refused(1);
        }
        cell_.refuse(mine_, message, dead_letter_reason::expired);
    }

    void bury(message_node* first) const noexcept {
        while (first != nullptr) {
            message_node* const next = first->next.load(std::memory_order_relaxed);
            cell_.note_left();
            cell_.bury_envelope(first, dead_letter_reason::dropped);
            first = next;
        }
    }

private:
    // The mailbox that the actor's type names, and not one around it that a pool has given to its member.
    bool has_own_mailbox() const noexcept { return cell_.box->operations == &boxed_mailbox<F, mailbox_of<A>>::record; }

    admitted find_place(std::size_t count, bool may_wait) const noexcept {
        if constexpr (!has_plain_mailbox<A>) {
            return has_own_mailbox() ? boxed_mailbox<F, mailbox_of<A>>::admit(cell_, mine_, count, may_wait)
                                     : cell_.box->operations->admit(cell_, mine_, count, may_wait);
        } else {
            return cell_.box == nullptr ? admitted{delivery::accepted}
                                        : cell_.box->operations->admit(cell_, mine_, count, may_wait);
        }
    }

    basic_cell<F>& cell_;
    lane& mine_;
    membership_pick picked_;
};

// Around building and pushing: gives the places back if the messages cannot be built, and buries what was evicted for them
// when this sender holds no place any more. A sink may send to the same actor.
template <class Port>
class reservation {
public:
    reservation(const Port& port, const admitted& place, std::size_t count) noexcept
        : port_(port), evicted_(place.evicted), count_(is_accepted(place.result) ? count : 0) {}
    ~reservation() {
        if (count_ != 0) {
            port_.give_back(count_);
        }
        port_.bury(evicted_);
    }
    void keep() noexcept { count_ = 0; }
    reservation(const reservation&) = delete;
    reservation& operator=(const reservation&) = delete;

private:
    const Port& port_;
    message_node* const evicted_;
    std::size_t count_;
};

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
    // From here on the message is the mailbox's; if the actor stops meanwhile it is a dead letter, as after any accepted send.
    const delivery result = way.push({node, node, 1}, place);
    return result == delivery::stopped ? delivery::accepted : result;
}

// How long an ask is waited for; false: without end. The present deadline limits one that says nothing, and, if messages
// carry deadlines, every one.
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
