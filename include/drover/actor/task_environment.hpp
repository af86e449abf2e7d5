#pragma once

#include <stdexcept>

#include "drover/actor/resumption.hpp"
#include "drover/base/clock.hpp"
#include "drover/scheduling/this_thread.hpp"
#include "drover/scheduling/timer_service.hpp"

namespace drover {

/// What a coroutine finds of the actor in whose turn it runs, whatever that actor's features. Stands on the stack of the
/// run; the thread points to it while a coroutine runs.
struct task_environment {
    /// What needs to know the features.
    struct services_type {
        /// Calls `then` in a turn of the actor once it is `until`; null if it is so already. Throws std::bad_alloc, and
        /// std::system_error if there is no thread for the timers.
        void* (*sleep)(void* turn, time_point until, resumption& then);
        /// The other party's end of that: `then` is not called any more.
        void (*forget)(void* asleep) noexcept;
    };

    const services_type* services;
    void* turn;  ///< the basic_context<F>
    timer_service& timers;
    time_point deadline;  ///< of the message that is handled; time_point::max() if it has none

    /// Of the coroutine that runs on this thread. Throws std::logic_error if none does.
    static task_environment& present() {
        task_environment* const found = this_thread().task;
        if (found == nullptr) {
            throw std::logic_error(
                "drover: this task does not run in an actor's turn; await it in a handler that returns drover::task");
        }
        return *found;
    }
};

/// How much of its time the message has left that is handled by a coroutine here. False if no coroutine runs here, or if
/// its message has no deadline. The asked actor's runtime may have another clock, so this is a length and not a moment.
inline bool time_left(clock_duration& rest) noexcept {
    const task_environment* const here = this_thread().task;
    if (here == nullptr || here->deadline == time_point::max()) {
        return false;
    }
    rest = here->deadline - here->timers.now();
    return true;
}

}  // namespace drover
