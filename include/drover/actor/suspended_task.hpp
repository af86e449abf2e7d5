#pragma once

#include <coroutine>
#include <string_view>

#include "drover/base/clock.hpp"
#include "drover/features/features.hpp"

namespace drover {

template <class F>
struct pending_ask;

template <class F>
struct suspended_task;

/// What the runtime does with a suspended handler whose reply type it does not know. Both leave it empty.
template <class F>
struct task_operations {
    void (*finish)(suspended_task<F>&, basic_context<F>&);  ///< it has ended: answers the asker; throws what it threw
    void (*drop)(suspended_task<F>&);  ///< destroys it where it stands; the asker hears that the actor stopped
};

/// The coroutine handler that an actor is held for; stands in the actor's cell_extra.
template <class F>
struct suspended_task {
    std::coroutine_handle<> frame{};  ///< null: there is none
    const task_operations<F>* operations = nullptr;
    pending_ask<F>* right = nullptr;  ///< whom it answers, by one of the record's counts; null if the message was told
    time_point deadline{};
    std::string_view message;
    bool counted = true;                                       ///< is it a message's, so that its end is counted?
    [[no_unique_address]] typename F::tracing::stamp trace{};  ///< of what it handles
};

/// The context that an actor's coroutines are given. It outlives the turn in which one begins, and each turn takes it
/// along; made for the first coroutine that wants it, and then kept until the actor's memory is given back.
template <class F>
struct lasting_context {
    lasting_context() = default;
    lasting_context(const lasting_context&) = delete;
    lasting_context& operator=(const lasting_context&) = delete;
    ~lasting_context() {
        if (turn != nullptr) {
            free(turn);
        }
    }

    basic_context<F>* turn = nullptr;
    void (*free)(basic_context<F>*) noexcept = nullptr;
};

}  // namespace drover
