#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/actor/directive.hpp"
#include "drover/base/clock.hpp"
#include "drover/message/signal.hpp"
#include "drover/message/stop_reason.hpp"
#include "drover/scheduling/timer_wheel.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// What a supervised actor has beside its cell: who decides about its failures, how its state is built anew, and the restart
/// that is under way. Used by the consumer alone, but for the timer. The decisions are made above, in supervision/.
///
/// Between two states the actor is held, as one whose children stop: user messages wait and do not schedule it. The timer
/// posts this very object as a signal, so nothing is asked of the protocol that a reply does not ask.
template <class F>
class actor_guard : public signal<basic_context<F>>, timer {
public:
    struct verdict {
        directive what = directive::stop;
        clock_duration delay{};                ///< of a restart
        stop_kind reason = stop_kind::failed;  ///< of a stop or an escalation
    };

    struct operations_type {
        /// Runs user code; what that throws stops the actor.
        verdict (*decide)(actor_guard&, basic_cell<F>&, const std::exception_ptr&);
        /// Tells the old state; null if it has no `restarting`.
        void (*leave)(basic_cell<F>&, const std::exception_ptr&);
        /// Builds the new state where the old one was. Throws what the constructor throws.
        void (*rebuild)(actor_guard&, basic_cell<F>&);
        void (*destroy)(actor_guard*) noexcept;
    };

    actor_guard(const actor_guard&) = delete;
    actor_guard& operator=(const actor_guard&) = delete;

    const operations_type* const operations;
    std::exception_ptr cause;      ///< of the restart that is under way
    std::exception_ptr escalated;  ///< what the parent fails of when this actor has stopped
    clock_duration delay{};        ///< between the end of the old state and the new one

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

    struct deleter {
        void operator()(actor_guard* gone) const noexcept { gone->operations->destroy(gone); }
    };

protected:
    explicit actor_guard(const operations_type& record) noexcept
        : signal<basic_context<F>>(&signal_record), timer(&on_fire), operations(&record) {}
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

    static constexpr signal_operations<basic_context<F>> signal_record{&on_deliver,
                                                                       [](signal<basic_context<F>>*) noexcept {}};

    basic_cell<F>* cell_ = nullptr;
    bool waits_ = false;
};

template <class F>
using guard_pointer = std::unique_ptr<actor_guard<F>, typename actor_guard<F>::deleter>;

/// What `child`, which has stopped, escalates to its parent, whose extra is `to`.
template <class F>
void hand_up_failure(const basic_cell<F>& child, cell_extra<F>& to) noexcept {
    const cell_extra<F>* const own = child.extra.load(std::memory_order_relaxed);
    if (own != nullptr && own->guard != nullptr && own->guard->escalated != nullptr) {
        to.escalated = own->guard->escalated;
    }
}

}  // namespace drover
