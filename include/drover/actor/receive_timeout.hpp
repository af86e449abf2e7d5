#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/base/clock.hpp"
#include "drover/message/signal.hpp"
#include "drover/scheduling/timer_wheel.hpp"

namespace drover {

/// What an actor hears when no message has come for the time it has set.
struct receive_timeout {};

/// One actor's timer for that. The actor's phase is `timed` meanwhile, so that each message leaves its time here; the
/// timer does not follow each, but looks at that time when it fires, and is armed anew for the rest. Owned by the
/// actor's extra, and used by the consumer alone but for the timer; a count on the cell stands for the timer while it
/// is armed, then for the signal.
template <class F>
class receive_timer : public signal<basic_context<F>>, timer {
public:
    explicit receive_timer(basic_cell<F>& self) noexcept
        : signal<basic_context<F>>(&signal_record), timer(&on_fire), cell_(self) {}
    receive_timer(const receive_timer&) = delete;
    receive_timer& operator=(const receive_timer&) = delete;

    bool wanted() const noexcept { return notice_ != nullptr; }

    /// Throws std::bad_alloc, and std::system_error if the timer thread cannot be started; then nothing has changed.
    template <class Callable>
    void set(clock_duration after, Callable&& callable) {
        auto fresh = std::make_shared<stored<Callable>>(std::move(callable));
        const time_point now = cell_.core->timers.now();
        if (!under_way_ || (cell_.core->timers.cancel(*this) && take_back())) {
            arm(after);
        }
        last_ = now;
        after_ = after;
        notice_ = std::move(fresh);
    }

    /// There is no notice after this.
    void clear() noexcept {
        notice_.reset();
        if (under_way_ && cell_.core->timers.cancel(*this)) {
            take_back();
        }
    }

    /// A message was handled.
    void note() noexcept { last_ = cell_.core->timers.now(); }

private:
    // Called without knowing its type.
    struct notice {
        void (*call)(notice&);
    };
    template <class Callable>
    struct stored : notice {
        explicit stored(Callable&& f)
            : notice{[](notice& self) { static_cast<stored&>(self).callable(receive_timeout{}); }},
              callable(std::move(f)) {}
        Callable callable;
    };

    void arm(clock_duration after) {
        cell_.retain();
        bool armed_now = false;
        try {
            armed_now = cell_.core->timers.arm_after(*this, after);
        } catch (...) {
            drop_count();
            throw;
        }
        if (!armed_now) {  // the runtime ends
            drop_count();
        }
        under_way_ = armed_now;
    }

    bool take_back() noexcept {
        under_way_ = false;
        drop_count();
        return true;
    }

    void drop_count() noexcept {
        cell_.references.fetch_sub(1, std::memory_order_relaxed);  // never the last: this actor runs
    }

    static void on_fire(timer* t) noexcept {
        auto& self = static_cast<receive_timer&>(*t);
        basic_cell<F>& cell = self.cell_;
        // A runtime that drains gives no notices: the actor is done when its messages are.
        if (!cell.core->gate_open() || cell.post(&self) == system_lane::post_result::refused) {
            cell.release();
        }
    }

    static void on_deliver(signal<basic_context<F>>* node, basic_context<F>&) {
        auto& self = static_cast<receive_timer&>(*node);
        self.take_back();
        if (!self.wanted()) {
            return;
        }
        const time_point now = self.cell_.core->timers.now();
        const clock_duration rest = later_by(self.last_, self.after_) - now;
        if (rest.count() > 0) {
            self.arm(rest);
            return;
        }
        self.last_ = now;
        self.arm(self.after_);
        const std::shared_ptr<notice> called = self.notice_;  // it may set another
        called->call(*called);
    }

    static constexpr signal_operations<basic_context<F>> signal_record{
        &on_deliver,
        [](signal<basic_context<F>>* node) noexcept { static_cast<receive_timer&>(*node).cell_.release(); }};

    basic_cell<F>& cell_;
    std::shared_ptr<notice> notice_;
    clock_duration after_{};
    time_point last_{};
    bool under_way_ = false;
};

}  // namespace drover
