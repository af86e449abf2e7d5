#pragma once

#include <algorithm>
#include <coroutine>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <utility>

#include "drover/actor/batch.hpp"
#include "drover/actor/cell.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/promise.hpp"
#include "drover/actor/task.hpp"
#include "drover/actor/task_scope.hpp"
#include "drover/base/block_pool.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover::detail {

// The context that a coroutine is given. Throws std::bad_alloc.
template <class F>
basic_context<F>& context_for_coroutines(basic_context<F>& turn) {
    lasting_context<F>& kept = turn.cell().more().coroutine_context;
    if (kept.turn == nullptr) {
        kept.turn = new (pooled_memory<basic_context<F>>::allocate()) basic_context<F>(&turn);
        kept.free = [](basic_context<F>* gone) noexcept {
            std::destroy_at(gone);
            pooled_memory<basic_context<F>>::deallocate(gone);
        };
    }
    return *kept.turn;
}

// A coroutine handler with the one who asked. The frame goes before the answer is given.
template <class R, class F>
class handler_task {
public:
    explicit handler_task(task<R> handler) noexcept : handler_(std::move(handler)) {}

    /// Runs it for the first time. True: it has finished, and `right` been answered. Throws what it threw, and leaves
    /// `right`.
    bool begin(request<R, F>& right, basic_context<F>& now, std::string_view message, bool counted) {
        if (!handler_) {
            throw std::logic_error("drover: the handler returned an empty task; return the one that its function made");
        }
        time_point deadline = right ? right.record()->due() : time_point::max();
        if constexpr (has_deadlines<F>) {
            deadline = std::min(deadline, present_deadline(now.core().timers));
        }
        {
            const task_scope<F> scope(now, deadline);
            handler_.frame().resume();
            scope.keep(deadline);
        }
        if (handler_.frame().done()) {
            finish(right, now);
            return true;
        }
        suspended_task<F>& kept = now.cell().more().task;
        now.on().asks_begun.add(1);
        const inside_scope scope(now.on().inside);
        kept = {handler_.release(), &operations, right.release(), deadline, message, counted, {}};
        F::tracing::keep(kept.trace);
        now.cell().phase = cell_phase::suspended;
        return false;
    }

private:
    void finish(request<R, F>& right, basic_context<F>& now) {
        task<R> ended = std::move(handler_);
        if constexpr (std::is_void_v<R>) {
            ended.frame().promise().take();
            ended = task<R>(nullptr);
            change_behaviour(now);
        } else {
            R result = ended.frame().promise().take();
            ended = task<R>(nullptr);
            change_behaviour(now);
            right.answer(std::move(result));
        }
    }

    static void change_behaviour(basic_context<F>& now) {
        if (now.cell().operations->behaviours != nullptr) {
            now.cell().operations->behaviours->change(now.cell(), now);
        }
    }

    // Of the suspended handler, which is here from now on.
    static handler_task take_over(suspended_task<F>& kept) noexcept {
        const auto frame = std::coroutine_handle<task_promise<R>>::from_address(kept.frame.address());
        kept.frame = nullptr;
        return handler_task(task<R>(frame));
    }

    static request<R, F> right_of(suspended_task<F>& kept) noexcept {
        return request<R, F>(static_cast<reply_record<R, F>*>(std::exchange(kept.right, nullptr)));
    }

    static void on_finish(suspended_task<F>& kept, basic_context<F>& now) {
        request<R, F> right = right_of(kept);
        try {
            handler_task self = take_over(kept);
            self.finish(right, now);
        } catch (...) {
            right.fail({ask_error::handler_threw, std::current_exception()});
            throw;
        }
    }

    // The request, destroyed last, answers that the actor has stopped.
    static void on_drop(suspended_task<F>& kept) {
        const request<R, F> right = right_of(kept);
        const handler_task self = take_over(kept);
    }

    static constexpr task_operations<F> operations{&on_finish, &on_drop};

    task<R> handler_;
};

template <class A, class M, class F>
void begin_task(M&& message, request<reply_type<A, M, F>, F>& right, basic_context<F>& turn, std::string_view name) {
    static_assert(!task_refers_to_message<A, M, F>(),
                  "drover: a coroutine handler takes its message by value: what a reference refers to is gone when the "
                  "handler goes on");
    static_assert(std::is_nothrow_destructible_v<std::remove_cvref_t<M>>,
                  "drover: the destructor of a coroutine handler's message must not throw: it runs as the frame is "
                  "destroyed, when nobody can be told");
    using reply = reply_type<A, M, F>;
    A& state = turn.template state<A>();
    if constexpr (handler_traits<A, M, F>::plain) {
        handler_task<reply, F>(state(std::forward<M>(message))).begin(right, turn, name, true);
    } else {
        basic_context<F>& given = context_for_coroutines(turn);
        handler_task<reply, F>(state(std::forward<M>(message), given)).begin(right, turn, name, true);
    }
}

// As the handler of a message that nobody sent: messages wait until it has finished.
template <class A, class F>
void begin_started(A& state, basic_context<F>& turn) {
    request<void, F> nobody;
    handler_task<void, F>(state.started(context_for_coroutines(turn))).begin(nobody, turn, "started", false);
}

}  // namespace drover::detail
