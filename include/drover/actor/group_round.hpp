#pragma once

#include "drover/actor/context.hpp"
#include "drover/actor/group.hpp"
#include "drover/actor/guard.hpp"
#include "drover/actor/stop_limit.hpp"

namespace drover {

template <class F>
void group_round<F>::advance(basic_cell<F>& parent) noexcept {
    using place = typename group_seat<F>::place;
    if (!active_ || parent.phase == cell_phase::stopping || parent.phase == cell_phase::restarting) {
        return;
    }
    basic_cell<F>* oldest = nullptr;
    for (basic_cell<F>* each = parent.extra.load(std::memory_order_relaxed)->youngest_child;
         each != nullptr && each->id >= first_; each = each->older) {
        if (each->id > last_) {
            continue;
        }
        actor_guard<F>* const its = guard_of(*each);
        if (its == nullptr || !its->plan_says.buildable) {
            each->request_stop(stop_kind::parent_stopped);
            begin_stop_limit(*each);
            return;
        }
        group_seat<F>& seat = *its->seat;
        if (seat.stands == place::none) {
            seat.stands = place::asked;
            seat.halt_cause = cause_;
            static_cast<void>(each->post(&seat.halt));
            begin_stop_limit(*each);
        }
        if (seat.stands != place::halted) {
            return;
        }
        oldest = each;
    }
    end();
    for (basic_cell<F>* each = oldest; each != nullptr && each->id <= last_; each = each->younger) {
        group_seat<F>& seat = *guard_of(*each)->seat;
        seat.stands = place::released;
        seat.delay = delay_;
        static_cast<void>(each->post(&seat.go));
    }
}

template <class F>
void group_seat<F>::on_halt(signal<context>* node, context&) {
    group_seat& self = static_cast<note&>(*node).seat;
    self.must_halt = !self.in_round;
}

template <class F>
void group_seat<F>::on_go(signal<context>* node, context& turn) {
    group_seat& self = static_cast<note&>(*node).seat;
    if (self.in_round) {  // it may stop meanwhile
        self.in_round = self.reported = self.failed_itself = false;
        actor_guard<F>& mine = *guard_of(self.child);
        mine.delay = self.delay;
        self.tell_parent(self.going);
        if (self.child.phase == cell_phase::restarting) {
            mine.begin_delay(self.child, turn.on());
        }
    }
}

template <class F>
void group_seat<F>::on_halted(signal<context>* node, context& turn) {
    group_seat& self = static_cast<note&>(*node).seat;
    if (self.stands != place::gone) {
        basic_cell<F>& parent = turn.cell();
        actor_guard<F>& its = *guard_of(parent);
        self.stands = place::halted;
        end_stop_limit(self.child);
        if (self.failed_itself) {
            its.round.extend(parent, self, its.plan_says.children);
        }
        its.round.advance(parent);
    }
    forget_told(node);
}

template <class F>
void group_seat<F>::on_going(signal<context>* node, context& turn) {
    group_seat& self = static_cast<note&>(*node).seat;
    if (self.stands != place::gone) {
        self.stands = place::none;
        guard_of(turn.cell())->round.advance(turn.cell());
    }
    forget_told(node);
}

}  // namespace drover
