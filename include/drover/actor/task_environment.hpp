#pragma once

#include <stdexcept>

#include "drover/actor/resumption.hpp"
#include "drover/base/clock.hpp"
#include "drover/scheduling/this_thread.hpp"
#include "drover/scheduling/timer_service.hpp"

namespace drover {

/// What a coroutine finds of the actor in whose turn it runs, whatever that actor's features, and what code finds of
/// the deadline it runs under. Stands on a stack; the thread points to it while a coroutine runs, and, if messages
/// carry deadlines, while the handler of one that has one runs, or inside a deadline_scope.
struct task_environment {
    /// What needs to know the features.
    struct services_type {
        /// Calls `then` in a turn of the actor once it is `until`; null if it is so already. Throws std::bad_alloc, and
        /// std::system_error if there is no thread for the timers.
        void* (*sleep)(void* turn, time_point until, resumption& then);
        /// The other party's end of that: `then` is not called any more.
        void (*forget)(void* asleep) noexcept;
    };

    const services_type* services;  ///< null: there is a deadline, and no coroutine
    void* turn;                     ///< the basic_context<F>
    timer_service& timers;
    time_point deadline;  ///< of the message that is handled; time_point::max() if it has none

    /// Of the coroutine that runs on this thread. Throws std::logic_error if none does.
    static task_environment& present() {
        task_environment* const found = this_thread().task;
        if (found == nullptr || found->services == nullptr) {
            throw std::logic_error(
                "drover: this task does not run in an actor's turn; await it in a handler that returns drover::task");
        }
        return *found;
    }
};

/// How much of its time the message has left that is handled here. False if there is no deadline here: without
/// deadlines in messages, because no coroutine runs here or nobody waits for its end. The asked actor's runtime may
/// have another clock, so this is a length and not a moment.
inline bool time_left(clock_duration& rest) noexcept {
    const task_environment* const here = this_thread().task;
    if (here == nullptr || here->deadline == time_point::max()) {
        return false;
    }
    rest = here->deadline - here->timers.now();
    return true;
}

/// The same as a moment of `clock`; time_point::max() if there is none. On another clock than the deadline's own it is
/// as far ahead, at this moment.
inline time_point present_deadline(const timer_service& clock) noexcept {
    const task_environment* const here = this_thread().task;
    if (here == nullptr || &here->timers == &clock || here->deadline == time_point::max()) [[likely]] {
        return here == nullptr ? time_point::max() : here->deadline;
    }
    return later_by(clock.now(), here->deadline - here->timers.now());
}

}  // namespace drover
