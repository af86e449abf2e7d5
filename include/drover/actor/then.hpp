#pragma once

#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "drover/actor/answer.hpp"
#include "drover/actor/ask_error.hpp"
#include "drover/actor/context.hpp"
#include "drover/actor/task.hpp"
#include "drover/base/expected.hpp"

// The asker goes on in its own turn: what answer.hpp declares and needs the context for.

namespace drover {

template <class R, class F>
template <class Callable>
void answer<R, F>::then(basic_context<F>& turn, Callable f) {
    if constexpr (std::is_invocable_v<Callable&, expected<R, ask_error>&&>) {
        static_assert(
            !is_task<std::invoke_result_t<Callable&, expected<R, ask_error>&&>>,
            "drover: a continuation is no coroutine, because nobody would run it: co_await the ask in a handler that "
            "returns drover::task");
        check_unused();
        if (record_ == nullptr) {
            static_cast<void>(f(expected<R, ask_error>(unexpected<ask_error>(*std::exchange(failed_, std::nullopt)))));
        } else {
            record_->continue_with(turn.cell(), std::move(f));
            record_ = nullptr;
        }
    } else {
        static_assert(std::is_invocable_v<Callable&, expected<R, ask_error>&&>,
                      "drover: wrong continuation: then() takes a callable of drover::expected<R, drover::ask_error>");
    }
}

template <class R, class F>
template <class Callable>
void answer<R, F>::then(Callable f) {
    basic_context<F>* const turn = basic_context<F>::current();
    if (turn == nullptr) {
        throw std::logic_error(
            "drover: then() runs on the asking actor, and no handler runs here; use get() or result()");
    }
    then(*turn, std::move(f));
}

}  // namespace drover
