#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/actor/resumption.hpp"
#include "drover/base/block_pool.hpp"
#include "drover/message/message_names.hpp"
#include "drover/message/signal.hpp"
#include "drover/scheduling/timer_service.hpp"

namespace drover {

namespace detail {
template <class F>
void resume_task(basic_context<F>& turn, resumption& who);
}

/// The timer of one sleep, and the signal that it becomes. Counted: by the task that sleeps, and by the timer, then the
/// signal. So it outlives a frame that is destroyed while the timer fires.
template <class F>
struct sleep_record final : signal<basic_context<F>>, timer {
    /// Null if it is `until` already, or if the runtime's timers have ended. Throws std::bad_alloc, and
    /// std::system_error if there is no thread for the timers.
    static sleep_record* start(basic_context<F>& turn, time_point until, resumption& who) {
        timer_service& timers = turn.core().timers;
        if (until <= timers.now()) {
            return nullptr;
        }
        auto* const fresh = new (pooled_memory<sleep_record>::allocate()) sleep_record(turn.cell(), who);
        bool armed_now = false;
        try {
            armed_now = timers.arm(*fresh, until);
        } catch (...) {
            fresh->release(2);
            throw;
        }
        if (!armed_now) {
            fresh->release(2);
            return nullptr;
        }
        return fresh;
    }

    /// The sleeping task's end, in its actor's turn: `then` is not called any more.
    void forget() noexcept {
        const bool woken = std::exchange(then_, nullptr) == nullptr;
        release(!woken && sleeper_.core->timers.cancel(*this) ? 2 : 1);
    }

private:
    sleep_record(basic_cell<F>& sleeper, resumption& who) noexcept
        : signal<basic_context<F>>(&operations_of_sleep), timer(&on_fire), sleeper_(sleeper), then_(&who) {
        sleeper_.retain();
        F::tracing::keep(trace_);
    }

    void release(std::uint32_t count) noexcept {
        if (references_.fetch_sub(count, std::memory_order_acq_rel) == count) {
            basic_cell<F>& sleeper = sleeper_;
            std::destroy_at(this);
            pooled_memory<sleep_record>::deallocate(this);
            sleeper.release();
        }
    }

    // Any thread. Our own count on the actor, because the signal's is gone once it is handled.
    static void on_fire(timer* t) noexcept {
        auto& self = static_cast<sleep_record&>(*t);
        basic_cell<F>& sleeper = self.sleeper_;
        sleeper.retain();
        if (sleeper.post(&self) == system_lane::post_result::refused) {
            self.release(1);
        }
        sleeper.release();
    }

    static void on_deliver(signal<basic_context<F>>* node, basic_context<F>& turn) {
        auto* const self = static_cast<sleep_record*>(node);
        const std::unique_ptr<sleep_record, decltype([](sleep_record* r) noexcept { r->release(1); })> at_end(self);
        if (resumption* const who = std::exchange(self->then_, nullptr); who != nullptr) {
            [[maybe_unused]] const typename F::tracing::resuming here(self->trace_, typename F::tracing::stamp{},
                                                                      turn.cell().id, names);
            detail::resume_task(turn, *who);
        }
    }

    static void on_refuse(signal<basic_context<F>>* node) noexcept { static_cast<sleep_record*>(node)->release(1); }

    static constexpr signal_operations<basic_context<F>> operations_of_sleep{&on_deliver, &on_refuse};

    std::atomic<std::uint32_t> references_{2};
    basic_cell<F>& sleeper_;
    static constexpr message_names names{"sleep", "time"};

    resumption* then_;  // the actor's alone
    [[no_unique_address]] typename F::tracing::stamp trace_{};
};

}  // namespace drover
