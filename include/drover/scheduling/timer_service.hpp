#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "drover/base/clock.hpp"
#include "drover/base/futex.hpp"
#include "drover/base/text.hpp"
#include "drover/scheduling/timer_wheel.hpp"

namespace drover {

/// The timers of one runtime on its clock; the resolution is the clock's nanosecond, and a timer never fires early. A
/// clock that moves by itself is followed by one thread, started with the first timer and asleep until the next; a
/// manual clock fires timers in the thread that turns it. Thread-safe. Timer functions run without any lock held.
///
/// A timer that is armed belongs to the service until it fires or is cancelled: whoever arms it keeps it alive.
class timer_service final : private clock_listener {
public:
    timer_service(clock_source& clock, std::string thread_name)
        : clock_(clock), thread_name_(std::move(thread_name)), wheel_(ticks(clock.now())) {
        manual_ = clock_.attach(*this);
    }

    timer_service(const timer_service&) = delete;
    timer_service& operator=(const timer_service&) = delete;

    ~timer_service() { shut_down(); }

    time_point now() const noexcept { return clock_.now(); }

    /// False after shut_down(): the timer then never fires. Throws std::system_error if the thread cannot be started.
    bool arm(timer& t, time_point deadline) {
        const std::lock_guard lock(mutex_);
        if (closed_) {
            return false;
        }
        if (!manual_ && !thread_.joinable()) {
            thread_ = std::thread([this] { follow(); });
            ::pthread_setname_np(thread_.native_handle(), join_text({thread_name_.substr(0, 9), "/timer"}).c_str());
        }
        t.deadline = ticks(deadline);
        if (manual_) {
            wheel_.add(t);
            return true;
        }
        const std::uint64_t before = wheel_.next_event();
        wheel_.add(t);
        if (wheel_.next_event() < before) {
            ring();
        }
        return true;
    }

    /// As arm(), so long from now; as late as can be if the sum is beyond the end of time. False also if `after` is not
    /// positive: the moment is now.
    bool arm_after(timer& t, clock_duration after) {
        if (after.count() <= 0) {
            return false;
        }
        return arm(t, later_by(clock_.now(), after));
    }

    /// When there is next something to do: a timer is due then, or moves nearer. Nothing if no timer is armed. A short
    /// lock.
    std::optional<time_point> next_event() noexcept {
        const std::lock_guard lock(mutex_);
        const std::uint64_t event = wheel_.next_event();
        return event == timer_wheel::never
                   ? std::nullopt
                   : std::optional(time_point(clock_duration(static_cast<clock_duration::rep>(event))));
    }

    /// Does the clock move only when it is turned?
    bool manual() const noexcept { return manual_; }

    /// True if the timer will not fire and is the caller's again; false if it has fired or is just firing.
    bool cancel(timer& t) noexcept {
        const std::lock_guard lock(mutex_);
        if (!t.armed) {
            return false;
        }
        wheel_.remove(t);
        return true;
    }

    /// Ends the thread and fires what is still armed, early, so that nobody waits for a timer for ever. Idempotent; not
    /// from a timer function.
    void shut_down() noexcept {
        {
            const std::lock_guard lock(mutex_);
            if (closed_) {
                return;
            }
            closed_ = true;
            ring();
        }
        if (manual_) {
            clock_.detach(*this);
        }
        if (thread_.joinable()) {
            thread_.join();
        }
        turn(timer_wheel::never - 1);
    }

private:
    static std::uint64_t ticks(time_point moment) noexcept {
        const clock_duration::rep count = moment.time_since_epoch().count();
        return count > 0 ? static_cast<std::uint64_t>(count) : 0;
    }

    void time_moved() noexcept override { turn(ticks(clock_.now())); }

    void turn(std::uint64_t to) noexcept {
        // One moment after the other: what a timer arms for a moment before `to` fires in its place in the order.
        for (;;) {
            timer* due = nullptr;
            {
                const std::lock_guard lock(mutex_);
                due = wheel_.advance_to_due(to);
            }
            if (due == nullptr) {
                return;
            }
            while (due != nullptr) {
                timer* const next = due->next;  // a timer may be gone once it has fired
                due->fire(due);
                due = next;
            }
        }
    }

    void ring() noexcept {
        bell_.fetch_add(1, std::memory_order_release);
        futex_wake_one(bell_);
    }

    void follow() noexcept {
        for (;;) {
            const std::uint32_t heard = bell_.load(std::memory_order_acquire);
            const std::uint64_t now = ticks(clock_.now());
            turn(now);
            std::uint64_t event = 0;
            {
                const std::lock_guard lock(mutex_);
                if (closed_) {
                    return;
                }
                event = wheel_.next_event();
            }
            if (event == timer_wheel::never) {
                futex_wait(bell_, heard);
            } else if (event > now) {
                futex_wait_for(bell_, heard, static_cast<std::int64_t>(event - now));
            }
        }
    }

    clock_source& clock_;
    const std::string thread_name_;
    futex_mutex mutex_;
    timer_wheel wheel_;
    bool manual_ = false;
    bool closed_ = false;
    std::thread thread_;
    std::atomic<std::uint32_t> bell_{0};
};

}  // namespace drover
