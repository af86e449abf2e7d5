#pragma once

#include <atomic>
#include <cstdint>

#include "drover/base/clock.hpp"
#include "drover/base/cpu_pause.hpp"
#include "drover/base/futex.hpp"
#include "drover/scheduling/core_record.hpp"
#include "drover/scheduling/timer_service.hpp"

namespace drover {

/// How long a blocked thread waits, on a runtime's clock. On a clock that moves by itself the kernel keeps the time,
/// and no timer and no other thread is needed; on a manual clock a timer calls `wake` when it is over, in whichever
/// thread turned the clock. In a simulation the waiting thread does what there is to do, and when nothing is left it is
/// over at once. Lives on the waiting thread's stack.
class time_limit : timer {
public:
    using wake_function = void(void* who) noexcept;

    /// `wake(who)` must change the word that is waited on, or ring for it.
    time_limit(timer_service& timers, clock_duration after, wake_function* wake, void* who)
        : timer(&on_fire), timers_(timers), wake_(wake), who_(who) {
        if (!timers_.manual()) {
            over_at_ = later_by(timers_.now(), after);
        } else if (!timers_.arm_after(*this, after)) {
            over_.store(true, std::memory_order_relaxed);
            done_.store(true, std::memory_order_relaxed);
        }
    }

    /// As above, and what is waited for is done by the runtime of `core`.
    time_limit(core_record& core, clock_duration after, wake_function* wake, void* who)
        : time_limit(core.timers, after, wake, who) {
        driven_ = core.simulated() ? &core : nullptr;
    }

    ~time_limit() {
        if (timers_.manual() && !timers_.cancel(*this)) {
            while (!done_.load(std::memory_order_acquire)) {
                yield_thread();
            }
        }
    }

    time_limit(const time_limit&) = delete;
    time_limit& operator=(const time_limit&) = delete;

    bool over() const noexcept {
        return timers_.manual() ? over_.load(std::memory_order_seq_cst) : timers_.now() >= over_at_;
    }

    /// Blocks while `word` holds `expected` and it is not over; may return early.
    void wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected) const noexcept {
        if (driven_ != nullptr) {
            if (!driven_->drive(done_steps_)) {
                over_.store(true, std::memory_order_relaxed);
            }
        } else if (timers_.manual()) {
            futex_wait(word, expected);
        } else {
            const clock_duration rest = over_at_ - timers_.now();
            if (rest.count() > 0) {
                futex_wait_for(word, expected, rest.count());
            }
        }
    }

private:
    static void on_fire(timer* t) noexcept {
        auto& self = static_cast<time_limit&>(*t);
        self.over_.store(true, std::memory_order_seq_cst);
        self.wake_(self.who_);
        self.done_.store(true, std::memory_order_release);
    }

    timer_service& timers_;
    wake_function* wake_;
    void* who_;
    time_point over_at_{};
    core_record* driven_ = nullptr;
    mutable std::uint64_t done_steps_ = 0;
    mutable std::atomic<bool> over_{false};
    std::atomic<bool> done_{false};
};

}  // namespace drover
