#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>

#include "drover/actor/mailbox_box.hpp"
#include "drover/actor/pending_ask.hpp"
#include "drover/pool/keyed_by.hpp"
#include "drover/pool/pool_state.hpp"
#include "drover/scheduling/lane.hpp"

namespace drover::detail {

/// The key of a message whose type is not seen; none if the policy wants one and none can be found, of which the
/// failure sink hears, as it does of what the user's routing_key throws.
template <class Policy, class F>
std::optional<pick_key> key_in(const message_node* node, const basic_cell<F>& by) noexcept {
    if constexpr (!includes(Policy::needs, signals::key)) {
        return pick_key{};
    } else {
        const auto& operations = *static_cast<const envelope_of<F>*>(node)->operations;
        try {
            if (has_projection<Policy> || operations.key == nullptr) {
                throw std::logic_error(
                    "drover: a message without a routing key came by a ref to a pool that picks by key; declare "
                    "routing_key(const M&) beside its type in place of keyed_by, or send by the pool itself");
            }
            return pick_key{operations.key(node)};
        } catch (...) {
            by.core->report(failure{by.name(), by.id, operations.message, std::current_exception()});
            return std::nullopt;
        }
    }
}

/// Puts a message whose type is not seen into the mailbox of `to`. If this is not accepted the message is still the
/// caller's, but for `stopped`: then it has become a dead letter of `to`. `how` says whether it waits, and for whose
/// accounts.
template <bool counts_asks, class F>
delivery put_into(const picked_member<F>& to, lane& mine, message_node* node, admitted how) noexcept {
    basic_cell<F>& cell = to.cell();
    node->next.store(nullptr, std::memory_order_relaxed);
    if constexpr (counts_asks) {
        if (auto* const ask = open_ask(cell, node); ask != nullptr) {
            static_cast<void>(ask->charge_to(cell));  // it may time out while it waits there
        }
    }
    if (cell.box == nullptr) {
        return how.moved ? cell.push_counted(mine, node, node, 1) : cell.push(mine, node, node, 1);
    }
    // What has been in a mailbox already does not drive others out of theirs.
    admitted place = how.moved ? cell.box->operations->admit_if_room(cell, 1)
                               : cell.box->operations->admit(cell, mine, 1, how.may_wait);
    if (!is_accepted(place.result)) {
        to.pick().refused(1);
        return place.result == delivery::stopped ? delivery::rejected_full : place.result;
    }
    place.moved = how.moved;
    place.counted = to.link().counted_by_pick;
    message_node* const evicted = place.evicted;
    const delivery result = cell.box->operations->push(cell, mine, node, node, 1, place);
    for (message_node* each = evicted; each != nullptr;) {
        message_node* const next = each->next.load(std::memory_order_relaxed);
        cell.note_left();
        cell.bury_envelope(each, dead_letter_reason::dropped);
        each = next;
    }
    return result;
}

/// A message whose type is not seen, to whomever the policy picks; again if that one does not take it. As put_into():
/// what is neither accepted nor `stopped` is still the caller's; so is what nobody takes, `no_target`. `gone`, of a
/// message that moves: whether the last one picked had stopped, so that the next table has another for it.
template <class Policy, class F>
delivery forward(pool_state<Policy, F>& pool, lane& mine, message_node* node, pick_key key, admitted how,
                 bool* gone = nullptr) noexcept {
    delivery result = delivery::no_target;
    try {
        for (int left = pool_state<Policy, F>::most_picks; left != 0; --left) {
            const picked_member<F> to = pool.pick(mine, key);
            if (!to) {
                return delivery::no_target;
            }
            if (gone != nullptr) {
                *gone = to.cell().system.is_closed();
                if (*gone) {
                    to.pick().refused(1);
                    continue;
                }
            }
            result = put_into<includes(health_of<Policy>::needs, health_signals::outcomes)>(to, mine, node, how);
            if (is_accepted(result) || result == delivery::stopped) {
                return result;
            }
        }
    } catch (...) {  // no memory for this thread's part of the pool
    }
    return result;
}

}  // namespace drover::detail
