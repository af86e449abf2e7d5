#pragma once

#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/actor/resumption.hpp"
#include "drover/actor/sleep_record.hpp"
#include "drover/actor/task_environment.hpp"

namespace drover::detail {

/// Around every stretch of a coroutine: what it awaits finds the actor by it.
template <class F>
class task_scope {
public:
    task_scope(basic_context<F>& turn, time_point deadline) noexcept
        : here_{&services, &turn, turn.core().timers, deadline}, before_(std::exchange(this_thread().task, &here_)) {
        const cell_extra<F>* const extra = turn.cell().extra.load(std::memory_order_acquire);  // pairs with more()
        if (extra != nullptr && extra->coroutine_context.turn != nullptr) {
            extra->coroutine_context.turn->move_to(turn.on());
        }
    }
    /// What the coroutine has made of its deadline, with a deadline_scope: the next stretch goes on with that.
    void keep([[maybe_unused]] time_point& deadline) const noexcept {
        if constexpr (has_deadlines<F>) {
            deadline = here_.deadline;
        }
    }

    ~task_scope() { this_thread().task = before_; }
    task_scope(const task_scope&) = delete;
    task_scope& operator=(const task_scope&) = delete;

private:
    static constexpr task_environment::services_type services{
        [](void* turn, time_point until, resumption& then) -> void* {
            return sleep_record<F>::start(*static_cast<basic_context<F>*>(turn), until, then);
        },
        [](void* asleep) noexcept { static_cast<sleep_record<F>*>(asleep)->forget(); }};

    task_environment here_;
    task_environment* const before_;
};

/// What a task has waited for is there: it goes on, in this turn of its actor.
template <class F>
void resume_task(basic_context<F>& turn, resumption& who) {
    suspended_task<F>& task = turn.cell().extra.load(std::memory_order_relaxed)->task;
    const task_scope<F> scope(turn, task.deadline);
    who.next(&who).resume();
    scope.keep(task.deadline);
}

}  // namespace drover::detail
