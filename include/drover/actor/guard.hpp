#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/actor/directive.hpp"
#include "drover/actor/group.hpp"
#include "drover/actor/membership.hpp"
#include "drover/base/clock.hpp"
#include "drover/message/signal.hpp"
#include "drover/message/stop_reason.hpp"
#include "drover/scheduling/timer_wheel.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// What a supervised actor has beside its cell: who decides about its failures, how its state is built anew, and the
/// restart that is under way. Used by the consumer alone, but for the timer. The decisions are made above, in
/// supervision/.
///
/// Between two states the actor is held, as one whose children stop: user messages wait and do not schedule it. The
/// timer posts this very object as a signal, so nothing is asked of the protocol that a reply does not ask.
template <class F>
class actor_guard : public signal<basic_context<F>>, timer {
public:
    struct verdict {
        directive what = directive::stop;
        clock_duration delay{};                ///< of a restart
        stop_kind reason = stop_kind::failed;  ///< of a stop or an escalation
        bool beyond = false;                   ///< a restart beyond the limit
    };

    struct operations_type {
        /// Runs user code; what that throws stops the actor.
        verdict (*decide)(actor_guard&, basic_cell<F>&, const std::exception_ptr&);
        /// Tells the old state; null if it has no `restarting`.
        void (*leave)(basic_cell<F>&, const std::exception_ptr&);
        /// Builds the new state where the old one was. Throws what the constructor throws.
        void (*rebuild)(actor_guard&, basic_cell<F>&);
        void (*destroy)(actor_guard*) noexcept;
        /// Of a permanent actor that stops itself.
        verdict (*decide_end)(actor_guard&, basic_cell<F>&);
    };

    /// What the run loop must know of the plan.
    struct traits {
        bool buildable = false;  ///< there is something to build a new state from, and leave to do so
        bool permanent = false;  ///< it is restarted also when it stops itself
        strategy children = strategy::one_for_one;
        std::uint32_t redeliver =
            0;  ///< how often one message is delivered again; if at all, it is a redelivering_guard
    };

    actor_guard(const actor_guard&) = delete;
    actor_guard& operator=(const actor_guard&) = delete;

    const operations_type* const operations;
    const traits plan_says;
    std::exception_ptr cause;                                 ///< of the restart that is under way
    std::exception_ptr escalated;                             ///< what the parent fails of when this actor has stopped
    clock_duration delay{};                                   ///< between the end of the old state and the new one
    std::unique_ptr<membership, membership::deleter> member;  ///< of an actor that a pool has made; set at spawn

    std::unique_ptr<group_seat<F>> seat;  ///< of a child whose parent restarts children together; set at spawn
    group_round<F> round;                 ///< of its own children
    bool ends_itself = false;             ///< it is permanent and has stopped itself; its run has not yet followed

    /// The actor's own thread: it is permanent, and stops itself.
    void end_itself(basic_cell<F>& self) noexcept {
        again_.wanted = true;
        if (!std::exchange(again_.sent, true)) {
            static_cast<void>(self.post(&again_));
        }
    }

    /// There is a new state, which has not asked for its end.
    void begin_life() noexcept {
        cause = nullptr;
        again_.wanted = false;
        ends_itself = false;
    }

    /// Is the delay under way?
    bool waits() const noexcept { return waits_; }

    /// The old state is gone. Drain waits for the new one as it waits for the answer of an ask.
    void begin_delay(basic_cell<F>& self, worker& me) noexcept {
        cell_ = &self;
        self.retain();
        bool armed_now = false;
        try {
            armed_now = self.core->timers.arm_after(*this, delay);
        } catch (...) {  // no thread for the timers: then there is no delay
        }
        if (!armed_now) {
            self.references.fetch_sub(1, std::memory_order_relaxed);  // never the last: this actor runs
            return;
        }
        waits_ = true;
        me.asks_begun.add(1);
    }

    /// The actor stops instead. A timer that fires just now posts a signal that finds nothing to do.
    void end_delay(worker& me) noexcept {
        if (!waits_) {
            return;
        }
        waits_ = false;
        me.asks_ended.add(1);
        if (cell_->core->timers.cancel(*this)) {
            cell_->references.fetch_sub(1, std::memory_order_relaxed);  // never the last: this actor runs
        }
    }

    /// As end_delay(), of an actor that will have another delay: a timer that fires just now may not be armed again, so
    /// its signal, which is on its way, ends this one.
    void cut_delay(worker& me) noexcept {
        if (waits_ && cell_->core->timers.cancel(*this)) {
            waits_ = false;
            me.asks_ended.add(1);
            cell_->references.fetch_sub(1, std::memory_order_relaxed);  // never the last: this actor runs
        }
    }

    struct deleter {
        void operator()(actor_guard* gone) const noexcept { gone->operations->destroy(gone); }
    };

protected:
    actor_guard(const operations_type& record, traits plan) noexcept
        : signal<basic_context<F>>(&signal_record), timer(&on_fire), operations(&record), plan_says(plan) {}
    ~actor_guard() = default;

private:
    static void on_fire(timer* t) noexcept {
        basic_cell<F>& cell = *static_cast<actor_guard&>(*t).cell_;
        static_cast<void>(cell.post(&static_cast<actor_guard&>(*t)));
        cell.release();
    }

    static void on_deliver(signal<basic_context<F>>* node, basic_context<F>& turn) {
        auto& self = static_cast<actor_guard&>(*node);
        if (std::exchange(self.waits_, false)) {
            turn.on().asks_ended.add(1);
        }
    }

    static void forget(signal<basic_context<F>>*) noexcept {}

    static constexpr signal_operations<basic_context<F>> signal_record{&on_deliver, &forget};

    struct again : signal<basic_context<F>> {
        explicit again(actor_guard& of) noexcept : signal<basic_context<F>>(&again_record), guard(of) {}
        actor_guard& guard;
        bool sent = false;
        bool wanted = false;
    };

    static void on_again(signal<basic_context<F>>* node, basic_context<F>&) {
        auto& self = static_cast<again&>(*node);
        self.sent = false;
        self.guard.ends_itself = self.wanted;
    }

    static constexpr signal_operations<basic_context<F>> again_record{&on_again, &forget};

    basic_cell<F>* cell_ = nullptr;
    bool waits_ = false;
    again again_{*this};
};

template <class F>
using guard_pointer = std::unique_ptr<actor_guard<F>, typename actor_guard<F>::deleter>;

template <class F>
actor_guard<F>* guard_of(const basic_cell<F>& cell) noexcept {
    const cell_extra<F>* const extra = cell.extra.load(std::memory_order_acquire);  // pairs with the exchange in more()
    return extra != nullptr ? extra->guard : nullptr;
}

/// Null if no pool has made the actor.
template <class F>
membership* membership_of(const basic_cell<F>& cell) noexcept {
    const actor_guard<F>* const its = guard_of(cell);
    return its != nullptr ? its->member.get() : nullptr;
}

/// Are children of `parent` restarted with each other?
template <class F>
bool restarts_together(const basic_cell<F>& parent) noexcept {
    const actor_guard<F>* const its = guard_of(parent);
    return its != nullptr && its->plan_says.children != strategy::one_for_one;
}

/// What `child`, which has stopped, escalates to its parent, whose extra is `to`.
template <class F>
void hand_up_failure(const basic_cell<F>& child, cell_extra<F>& to) noexcept {
    const actor_guard<F>* const its = guard_of(child);
    if (its != nullptr && its->escalated != nullptr) {
        to.escalated = its->escalated;
    }
}

}  // namespace drover
