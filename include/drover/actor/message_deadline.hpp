#pragma once

#include <algorithm>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/actor/pending_ask.hpp"
#include "drover/actor/task_environment.hpp"
#include "drover/base/clock.hpp"
#include "drover/features/features.hpp"
#include "drover/message/dead_letter.hpp"
#include "drover/message/delivery.hpp"
#include "drover/message/node.hpp"
#include "drover/scheduling/core_record.hpp"
#include "drover/scheduling/this_thread.hpp"
#include "drover/scheduling/timer_service.hpp"

// How a deadline gets into a message and what becomes of it there. Nothing of it is compiled for bundles without
// deadlines.

namespace drover {

/// Code runs here under this deadline, and what it sends is given it. The thread's own.
class deadline_here {
public:
    deadline_here(time_point deadline, timer_service& clock) noexcept
        : here_{nullptr, nullptr, clock, deadline}, before_(std::exchange(this_thread().task, &here_)) {}
    ~deadline_here() { this_thread().task = before_; }
    deadline_here(const deadline_here&) = delete;
    deadline_here& operator=(const deadline_here&) = delete;

private:
    task_environment here_;
    task_environment* const before_;
};

/// A message of type `M` has just been built, for an actor of this runtime. Reads no clock, unless the deadline is
/// another's.
template <class M, class F>
void give_deadline([[maybe_unused]] envelope_of<F>& fresh, [[maybe_unused]] const core_record& receiver) noexcept {
    if constexpr (has_deadlines<F> && !never_expires<M>) {
        fresh.stamp.deadline.at = present_deadline(receiver.timers);
    }
}

/// The same of an ask, which has the end of its timeout for a deadline, too. One that is not timed has none.
template <class M, class F>
void give_deadline([[maybe_unused]] envelope_of<F>& fresh, [[maybe_unused]] const pending_ask<F>& ask) noexcept {
    if constexpr (has_deadlines<F> && !never_expires<M>) {
        if (ask.timed) {
            fresh.stamp.deadline.at = std::min(ask.due(), present_deadline(ask.target.core->timers));
        }
    }
}

/// For a message that comes when it was said to.
template <class F>
message_node* without_deadline(message_node* fresh) noexcept {
    if constexpr (has_deadlines<F>) {
        static_cast<envelope_of<F>*>(fresh)->stamp.deadline.at = time_point::max();
    }
    return fresh;
}

/// Has it a deadline? A load and a compare.
template <class F>
bool is_bounded([[maybe_unused]] const envelope_of<F>& letter) noexcept {
    if constexpr (has_deadlines<F>) {
        return letter.stamp.deadline.at != time_point::max();
    } else {
        return false;
    }
}

/// Has its deadline passed? The clock of its receiver's runtime is read only if it has one.
template <class F>
bool has_expired([[maybe_unused]] const envelope_of<F>& letter, [[maybe_unused]] const core_record& core) noexcept {
    if constexpr (has_deadlines<F>) {
        return is_bounded<F>(letter) && letter.stamp.deadline.at <= core.timers.now();
    } else {
        return false;
    }
}

/// A message whose turn came too late: a dead letter, whoever asked hears of a timeout, and it is destroyed. Its
/// envelope stays. By the consumer.
template <class F>
[[gnu::noinline]] void bury_expired(basic_cell<F>& cell, message_node* node) noexcept {
    const operations_of<F>& operations = *static_cast<envelope_of<F>*>(node)->operations;
    cell.bury(operations.message, dead_letter_reason::expired);
    if (operations.refuse != nullptr) {
        operations.refuse(node, delivery::accepted);
    }
    cell.discard(node);
}

}  // namespace drover
