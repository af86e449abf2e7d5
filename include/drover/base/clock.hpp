#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "drover/base/text.hpp"

namespace drover {

using clock_duration = std::chrono::nanoseconds;
/// A moment on a runtime's clock. Only differences mean anything; moments of two clocks do not compare.
using time_point = std::chrono::time_point<std::chrono::steady_clock, clock_duration>;

/// `after` from `moment`, or the end of time if that comes first; `moment` itself if `after` is not positive.
constexpr time_point later_by(time_point moment, clock_duration after) noexcept {
    if (after <= clock_duration::zero()) {
        return moment;
    }
    return moment > time_point::max() - after ? time_point::max() : moment + after;
}

/// Somebody who wants to hear that time has moved: the timers of a runtime.
class clock_listener {
public:
    virtual void time_moved() noexcept = 0;

protected:
    ~clock_listener() = default;
};

/// Where a runtime takes the time from. It is asked on timer and drain paths only, never for each message.
/// Implementations are safe to call from any thread and outlive every runtime that uses them.
class clock_source {
public:
    clock_source() = default;
    clock_source(const clock_source&) = delete;
    clock_source& operator=(const clock_source&) = delete;
    virtual ~clock_source() = default;

    virtual time_point now() const noexcept = 0;

    /// True if this clock will call `listener` whenever its time moves, until detached; false if time moves by itself,
    /// so that the listener must wait in a thread of its own.
    virtual bool attach(clock_listener& listener) = 0;
    /// After this returns the listener is not called any more.
    virtual void detach(clock_listener& listener) noexcept = 0;
};

/// `std::chrono::steady_clock`; the default.
class steady_clock_source final : public clock_source {
public:
    time_point now() const noexcept override { return std::chrono::steady_clock::now(); }
    bool attach(clock_listener&) override { return false; }
    void detach(clock_listener&) noexcept override {}

    /// Never destroyed: the runtimes of statics may end after everything else.
    static steady_clock_source& instance() {
        static auto* const source = new steady_clock_source;
        return *source;
    }
};

/// A clock that stands still until it is turned: tests of timeouts and deadlines need no sleep. Starts at 0.
/// Thread-safe. `advance` runs the timers that become due, in the calling thread, before it returns; do not call it
/// from code that such a timer runs.
class manual_clock final : public clock_source {
public:
    time_point now() const noexcept override {
        return time_point(clock_duration(now_.load(std::memory_order_acquire)));
    }

    /// Throws std::invalid_argument if `by` is negative.
    void advance(clock_duration by) {
        if (by.count() < 0) {
            throw std::invalid_argument(join_text({"drover: manual_clock::advance got ", std::to_string(by.count()),
                                                   " ns, but time only moves forward; pass 0 or more"}));
        }
        const std::lock_guard lock(mutex_);
        now_.fetch_add(by.count(), std::memory_order_acq_rel);
        for (clock_listener* each : listeners_) {
            each->time_moved();
        }
    }

    bool attach(clock_listener& listener) override {
        const std::lock_guard lock(mutex_);
        listeners_.push_back(&listener);
        return true;
    }

    void detach(clock_listener& listener) noexcept override {
        const std::lock_guard lock(mutex_);
        std::erase(listeners_, &listener);
    }

private:
    std::atomic<clock_duration::rep> now_{0};
    std::mutex mutex_;
    std::vector<clock_listener*> listeners_;
};

}  // namespace drover
