#pragma once

#include <utility>

#include "drover/actor/resumption.hpp"
#include "drover/actor/task_environment.hpp"
#include "drover/base/clock.hpp"

namespace drover {

/// What sleep_for and sleep_until give, to be awaited in a task. Waits on the clock of the actor's runtime.
class [[nodiscard]] timed_wait {
public:
    class operation;

    explicit constexpr timed_wait(clock_duration length) noexcept : length_(length) {}
    explicit constexpr timed_wait(time_point until) noexcept : until_(until) {}

private:
    clock_duration length_{};
    time_point until_ = time_point::min();
};

class timed_wait::operation {
public:
    explicit operation(timed_wait&& from) noexcept : wanted_(from) {}
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;
    ~operation() {
        if (asleep_ != nullptr) {
            services_->forget(asleep_);
        }
    }

    /// Throws std::bad_alloc, and std::system_error if there is no thread for the timers.
    bool start(resumption& then) {
        task_environment& here = task_environment::present();
        const bool relative = wanted_.until_ == time_point::min();
        const time_point until = relative ? later_by(here.timers.now(), wanted_.length_) : wanted_.until_;
        services_ = here.services;
        asleep_ = services_->sleep(here.turn, until, then);
        return asleep_ != nullptr;
    }

    void take() const noexcept {}

private:
    const timed_wait wanted_;
    const task_environment::services_type* services_ = nullptr;
    void* asleep_ = nullptr;
};

/// `co_await sleep_for(d)` inside a task: goes on after `d` on the runtime's clock; at once if that is not positive.
/// Takes one block of the pool. Signals go on meanwhile, the actor's messages wait.
constexpr timed_wait sleep_for(clock_duration length) noexcept {
    return timed_wait(length);
}

/// As sleep_for, until a moment of the runtime's clock.
constexpr timed_wait sleep_until(time_point moment) noexcept {
    return timed_wait(moment);
}

}  // namespace drover
