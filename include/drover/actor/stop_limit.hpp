#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/actor/core.hpp"
#include "drover/actor/group.hpp"
#include "drover/actor/guard.hpp"
#include "drover/base/clock.hpp"
#include "drover/message/signal.hpp"
#include "drover/scheduling/timer_wheel.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// How long a parent waits for one of its children to stop, or to halt for a restart of its group. Stands in the
/// child's extra, and only in those whose spawn said so; used by the parent's worker, but for the timer and part().
///
/// No handler can be ended from outside. So a child that is late is let go: it becomes an actor without a parent, which
/// has been asked to stop and stops when its handler returns. Who of the two parts first is decided by one word: the
/// child on its way to its end (part()), or the parent (let_go()). Only the one who wins touches the other afterwards.
/// Modelled in tests/model/stop_limit.pml.
template <class F>
class stop_limit : public signal<basic_context<F>>, timer {
public:
    stop_limit(basic_cell<F>& child, clock_duration within) noexcept
        : signal<basic_context<F>>(&signal_record), timer(&on_fire), child_(child), within_(within) {}
    stop_limit(const stop_limit&) = delete;
    stop_limit& operator=(const stop_limit&) = delete;

    /// The parent has asked the child, and waits from now on; nothing if it does already.
    void begin() noexcept {
        if (!std::exchange(waits_, true) && !under_way_) {
            arm();
        }
    }

    /// The child has done what it was asked for. A timer that fires just now may not be armed again before its signal
    /// has come.
    void end() noexcept {
        if (std::exchange(waits_, false) && under_way_) {
            if (child_.core->timers.cancel(*this)) {
                under_way_ = false;
                drop_counts();
            } else {
                stale_ = true;
            }
        }
    }

    /// The child's, once, when it has stopped. False if its parent has let it go.
    bool part() noexcept {
        // Pairs with the exchange in let_go(): whoever comes second acquires what the first wrote before.
        return bond_.exchange(bond::ended, std::memory_order_acq_rel) == bond::held;
    }

private:
    enum class bond : std::uint8_t { held, ended, let_go };

    // The timer's and its signal's: one on the child, in which this stands, and one on the parent.
    void arm() noexcept {
        child_.retain();
        child_.parent->retain();
        try {
            under_way_ = child_.core->timers.arm_after(*this, within_);
        } catch (...) {  // no thread for the timers: then there is no limit
        }
        if (!under_way_) {
            drop_counts();
        }
    }

    // Never the last ones: the parent runs, and has the child in its list.
    void drop_counts() noexcept {
        child_.parent->references.fetch_sub(1, std::memory_order_relaxed);
        child_.references.fetch_sub(1, std::memory_order_relaxed);
    }

    void let_go(basic_cell<F>& parent) noexcept {
        child_.request_stop(stop_kind::parent_stopped);  // of a round it was asked to halt only
        parent.retain();  // the child's, which may still tell it of a round, until its end
        bond expected = bond::held;
        const bool parted = child_.core->adopt(child_, parent.more().youngest_child, [&] {
            return bond_.compare_exchange_strong(expected, bond::let_go, std::memory_order_acq_rel);
        });
        if (!parted) {  // it has just stopped, and its signal is on its way
            parent.references.fetch_sub(1, std::memory_order_relaxed);
            return;
        }
        child_.core->report_late_stop(&child_);
        if (actor_guard<F>* const its = guard_of(child_); its != nullptr && its->seat != nullptr) {
            its->seat->stands = group_seat<F>::place::gone;
        }
        if (actor_guard<F>* const mine = guard_of(parent); mine != nullptr) {
            mine->round.advance(parent);
        }
    }

    static void on_fire(timer* t) noexcept {
        auto& self = static_cast<stop_limit&>(*t);
        if (self.child_.parent->post(&self) == system_lane::post_result::refused) {
            on_refuse(&self);
        }
    }

    static void on_refuse(signal<basic_context<F>>* node) noexcept {
        basic_cell<F>& child = static_cast<stop_limit&>(*node).child_;
        child.parent->release();
        child.release();
    }

    static void on_deliver(signal<basic_context<F>>* node, basic_context<F>& turn) {
        auto& self = static_cast<stop_limit&>(*node);
        const inside_scope scope(turn.on().inside);
        basic_cell<F>& child = self.child_;
        child.retain();  // outlives what is done here, whatever the child does meanwhile
        on_refuse(node);
        self.under_way_ = false;
        const bool stale = std::exchange(self.stale_, false);
        if (self.waits_ && stale) {
            self.arm();
        } else if (std::exchange(self.waits_, false)) {
            self.let_go(turn.cell());
        }
        child.release();
    }

    static constexpr signal_operations<basic_context<F>> signal_record{&on_deliver, &on_refuse};

    basic_cell<F>& child_;
    const clock_duration within_;
    bool waits_ = false;      // does the parent wait?
    bool under_way_ = false;  // the timer, or the signal that it has posted
    bool stale_ = false;      // what is under way is of a wait that has ended
    std::atomic<bond> bond_{bond::held};
};

/// Where `child` has a limit. On its parent's worker, or the child's.
template <class F>
stop_limit<F>* stop_limit_of(const basic_cell<F>& child) noexcept {
    const cell_extra<F>* const extra =
        child.extra.load(std::memory_order_acquire);  // pairs with the exchange in more()
    return extra != nullptr ? extra->limit.get() : nullptr;
}

/// The parent begins to wait for `child`, which it has asked to stop or to halt.
template <class F>
void begin_stop_limit(const basic_cell<F>& child) noexcept {
    if (stop_limit<F>* const limit = stop_limit_of(child); limit != nullptr) {
        limit->begin();
    }
}

template <class F>
void end_stop_limit(const basic_cell<F>& child) noexcept {
    if (stop_limit<F>* const limit = stop_limit_of(child); limit != nullptr) {
        limit->end();
    }
}

}  // namespace drover
