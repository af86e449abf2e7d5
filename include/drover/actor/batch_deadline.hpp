#pragma once

#include <algorithm>

#include "drover/actor/task_environment.hpp"
#include "drover/base/clock.hpp"
#include "drover/features/features.hpp"
#include "drover/scheduling/this_thread.hpp"

namespace drover::detail {

/// The deadlines of the messages of a batch. What is sent by a handler that has them all together is sent for all: it
/// has their latest deadline, and none if one of them has none. Empty if messages carry none.
template <class F, bool Carried = has_deadlines<F>>
class batch_deadline {
public:
    static constexpr void begin(const envelope_of<F>&) noexcept {}
    static constexpr bool has_passed(const envelope_of<F>&, basic_context<F>&) noexcept { return false; }
    static constexpr void apply() noexcept {}
};

template <class F>
class batch_deadline<F, true> {
public:
    /// The first of the batch, whose turn has come in time.
    void begin(const envelope_of<F>& letter) noexcept { latest_ = letter.stamp.deadline.at; }

    /// Is this one, which was taken behind it, too late? The clock is read once, for the first that has a deadline.
    bool has_passed(const envelope_of<F>& letter, basic_context<F>& turn) noexcept {
        const time_point its = letter.stamp.deadline.at;
        if (its != time_point::max()) {
            if (now_ == unread) {
                now_ = turn.now();
            }
            if (its <= now_) {
                return true;
            }
        }
        latest_ = std::max(latest_, its);
        return false;
    }

    /// The handler is about to run, under the deadline of the first if that has one.
    void apply() const noexcept {
        if (task_environment* const here = this_thread().task; here != nullptr) {
            here->deadline = latest_;
        }
    }

private:
    static constexpr time_point unread = time_point::min();

    time_point latest_ = time_point::max();
    time_point now_ = unread;
};

}  // namespace drover::detail
