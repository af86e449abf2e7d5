#pragma once

#include <algorithm>
#include <cstddef>

#include "drover/actor/task_environment.hpp"
#include "drover/base/clock.hpp"
#include "drover/scheduling/this_thread.hpp"
#include "drover/scheduling/timer_service.hpp"

namespace drover {

/// While it stands, what its thread sends is to be dealt with by a moment: each message gets that as its deadline, and
/// an ask ends by then. Made by `within` of a runtime or a context; a variable in a block, in the thread that made it,
/// or in a coroutine handler, whose it stays over each co_await. One inside another keeps the earlier of the two. If
/// the length is not positive the time is over at once. Reads the clock once; never allocates, blocks or throws. The
/// runtime outlives it.
class [[nodiscard]] deadline_scope {
public:
    deadline_scope(timer_service& clock, clock_duration after) noexcept
        : here_{nullptr, nullptr, clock, later_by(clock.now(), after)}, before_(this_thread().task) {
        if (before_ == nullptr) {
            this_thread().task = &here_;
            return;
        }
        here_.deadline = std::min(here_.deadline, present_deadline(clock));
        if (before_->services == nullptr) {
            this_thread().task = &here_;
        } else {
            in_task_ = true;
            outer_ = before_->deadline;
            before_->deadline = std::min(outer_, on(before_->timers));
        }
    }
    /// A coroutine that does not go on is destroyed outside: then there is nothing to put back.
    ~deadline_scope() {
        task_environment*& present = this_thread().task;
        if (!in_task_) {
            present = before_;
        } else if (present != nullptr && present->services != nullptr) {
            present->deadline = outer_;
        }
    }
    deadline_scope(const deadline_scope&) = delete;
    deadline_scope& operator=(const deadline_scope&) = delete;
    static void* operator new(std::size_t) = delete;

    /// When it is over, on the clock of the runtime that made it.
    time_point deadline() const noexcept { return here_.deadline; }

private:
    // The same moment, or as far ahead, of the clock of the coroutine's actor.
    time_point on(const timer_service& clock) const noexcept {
        return &clock == &here_.timers ? here_.deadline : later_by(clock.now(), here_.deadline - here_.timers.now());
    }

    task_environment here_;
    task_environment* const before_;
    time_point outer_{};  // what a coroutine had before
    bool in_task_ = false;
};

}  // namespace drover
