#pragma once

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include "drover/actor/boxed_mailbox.hpp"
#include "drover/actor/cell.hpp"
#include "drover/actor/choices.hpp"
#include "drover/actor/membership.hpp"
#include "drover/base/text.hpp"
#include "drover/base/type_name.hpp"
#include "drover/mailbox/admission.hpp"
#include "drover/message/dead_letter.hpp"
#include "drover/message/delivery.hpp"
#include "drover/message/node.hpp"
#include "drover/scheduling/lane.hpp"

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

// Around building and pushing: gives the places back if the messages cannot be built, and buries what was evicted for
// them when this sender holds no place any more. A sink may send to the same actor.
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

}  // namespace drover::detail
