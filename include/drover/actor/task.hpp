#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "drover/actor/answer.hpp"
#include "drover/actor/frame_memory.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/resumption.hpp"

namespace drover {

/// What a task can wait for. `T::operation` is made from it in the frame of the coroutine that waits, and has
///   bool start(resumption& then)   true: `then` is called later, once, in a turn of the actor; false: it is there already
///     (or coroutine_handle<> enter(resumption& then): it waits, and another coroutine runs meanwhile; not in a group)
///   take()                         what the co_await expression gives, or throws; once it is there
/// and a destructor after which `then` is not called. It is never moved. Models: an answer, what sleep_for gives, a
/// task, what when_all and when_any give.
template <class T>
concept awaitable_in_task = requires { typename T::operation; } && std::constructible_from<typename T::operation, T&&>;

namespace detail {

// An operation beside the coroutine that waits for it.
template <class Operation>
class task_awaiter : resumption {
public:
    template <class From>
    explicit task_awaiter(From&& from) : resumption{&go_on}, operation_(std::forward<From>(from)) {}
    task_awaiter(const task_awaiter&) = delete;
    task_awaiter& operator=(const task_awaiter&) = delete;
    ~task_awaiter() = default;

    bool await_ready() const noexcept { return false; }

    auto await_suspend(std::coroutine_handle<> waiting) {
        waiting_ = waiting;
        if constexpr (requires { operation_.enter(*this); }) {
            return operation_.enter(*this);  // another coroutine runs now
        } else {
            return operation_.start(*this);
        }
    }

    decltype(auto) await_resume() { return operation_.take(); }

private:
    static std::coroutine_handle<> go_on(resumption* self) noexcept {
        return static_cast<task_awaiter*>(self)->waiting_;
    }

    std::coroutine_handle<> waiting_;
    Operation operation_;
};

// After the one error of an ill-formed co_await.
struct refused_awaiter {
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    refused await_resume() const noexcept { return {}; }
};

template <class T>
inline constexpr bool is_refused = std::is_same_v<T, refused>;

class task_promise_base : public frame_memory {
public:
    std::suspend_always initial_suspend() const noexcept { return {}; }

    auto final_suspend() const noexcept {
        struct finished {
            bool await_ready() const noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<>) const noexcept {
                return then != nullptr ? then->next(then) : std::noop_coroutine();
            }
            void await_resume() const noexcept {}
            resumption* then;
        };
        return finished{then_};
    }

    void unhandled_exception() noexcept { thrown_ = std::current_exception(); }

    template <class T>
    auto await_transform(T&& what) {
        using awaited = std::remove_cvref_t<T>;
        if constexpr (std::is_same_v<awaited, refused>) {
            return refused_awaiter{};
        } else if constexpr (awaitable_in_task<awaited> && !std::is_const_v<std::remove_reference_t<T>>) {
            return task_awaiter<typename awaited::operation>(std::move(what));
        } else {
            static_assert(is_refused<T>,
                          "drover: not awaitable in a task: co_await takes an ask, sleep_for, when_all, when_any, "
                          "tell_when_room or another drover::task");
            return refused_awaiter{};
        }
    }

    /// Who goes on when this coroutine has finished; null: whoever resumed it looks.
    void set_then(resumption& then) noexcept { then_ = &then; }

protected:
    void rethrow_if_thrown() {
        if (thrown_ != nullptr) {
            std::rethrow_exception(std::exchange(thrown_, nullptr));
        }
    }

private:
    resumption* then_ = nullptr;
    std::exception_ptr thrown_;
};

template <class R>
class task_promise final : public task_promise_base {
public:
    task<R> get_return_object() noexcept;

    template <class Value>
        requires std::constructible_from<R, Value&&>
    void return_value(Value&& value) {
        result_.emplace(std::forward<Value>(value));
    }

    R take() {
        rethrow_if_thrown();
        return std::move(*result_);
    }

private:
    std::optional<R> result_;
};

template <>
class task_promise<void> final : public task_promise_base {
public:
    task<void> get_return_object() noexcept;
    void return_void() const noexcept {}
    void take() { rethrow_if_thrown(); }
};

}  // namespace detail

/// A coroutine that gives an `R`. As the return type of a handler: the asker gets the `R`, and the actor is held until
/// the coroutine has finished, so that its messages wait and it is not entered again; signals (replies, timers, the end
/// of a child, a stop) go on. Awaited inside another task: a part of that one.
///
/// Inside, co_await takes what `awaitable_in_task` says. It begins when the runtime, or whoever awaits it, runs it. Its
/// frame comes from the block pool if it has 512 bytes or less. Move-only; destroyed before it has finished, the frame
/// and all that is in it is destroyed where it stands: an ask is then dropped, a sleep ends. For one thread at a time.
template <class R>
class [[nodiscard]] task {
    static_assert(!std::is_reference_v<R>,
                  "drover: a task gives a value: what a reference refers to may be gone when the asker looks");

public:
    using promise_type = detail::task_promise<R>;
    class operation;

    task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    task& operator=(task&& other) noexcept {
        std::swap(frame_, other.frame_);
        return *this;
    }
    ~task() {
        if (frame_) {
            frame_.destroy();
        }
    }

    /// False once it has been moved from or awaited.
    explicit operator bool() const noexcept { return static_cast<bool>(frame_); }

    // --- for the runtime ---------------------------------------------------------------------------------------------

    explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
    std::coroutine_handle<promise_type> frame() const noexcept { return frame_; }
    std::coroutine_handle<promise_type> release() noexcept { return std::exchange(frame_, nullptr); }

private:
    std::coroutine_handle<promise_type> frame_;
};

/// A task that another one waits for.
template <class R>
class task<R>::operation {
public:
    /// Throws std::logic_error if the task is empty.
    explicit operation(task&& from) : task_(std::move(from)) {
        if (!task_) {
            throw std::logic_error("drover: this task has been awaited already; call its function again for another");
        }
    }
    operation(const operation&) = delete;
    operation& operator=(const operation&) = delete;

    /// Runs it here as far as it comes. It is called and not transferred to, so that a loop which awaits tasks that
    /// never wait takes no stack, whether or not the compiler makes tail calls. Back, when it has waited, it is a
    /// transfer.
    bool start(resumption& then) {
        task_.frame().resume();
        if (task_.frame().done()) {
            return false;
        }
        task_.frame().promise().set_then(then);
        return true;
    }

    R take() { return task_.frame().promise().take(); }

private:
    task task_;
};

namespace detail {

template <class R>
task<R> task_promise<R>::get_return_object() noexcept {
    return task<R>(std::coroutine_handle<task_promise>::from_promise(*this));
}

inline task<void> task_promise<void>::get_return_object() noexcept {
    return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

}  // namespace detail

}  // namespace drover
