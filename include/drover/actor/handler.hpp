#pragma once

#include <concepts>
#include <exception>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "drover/actor/choices.hpp"
#include "drover/features/features.hpp"
#include "drover/message/stop_reason.hpp"

namespace drover {

/// Returned by a handler that answers later, through the promise that `context::later<R>()` gives. Empty.
template <class R>
struct later {};

template <class R = void>
class task;

namespace detail {

// Beside an actor's own call operators, a conversion to a function of anything is the worst match for any call. If a
// call of the pair is well formed where a call of the actor is not, the actor has no handler; if neither is, it has
// several that are equally good.
struct no_match {};

template <class A>
struct with_fallback : A {
    using anything = no_match (*)(...);
    operator anything() const;
};

template <class A, class... Arguments>
consteval bool is_ambiguous() noexcept {
    if constexpr (std::is_class_v<A> && !std::is_final_v<A> && !std::is_invocable_v<A&, Arguments...>) {
        return !std::is_invocable_v<with_fallback<A>&, Arguments...>;
    } else {
        return false;
    }
}

template <class R>
struct reply_of {
    using type = std::decay_t<R>;
};
template <class R>
struct reply_of<later<R>> {
    using type = R;
};
template <class R>
struct reply_of<task<R>> {
    using type = R;
};

// Has the actor a call operator whose first parameter is exactly this? Known only where it is no function of all types.
template <class A, class Result, class Parameter, class F>
concept takes_exactly = requires { static_cast<Result (A::*)(Parameter)>(&A::operator()); } ||
                        requires { static_cast<Result (A::*)(Parameter) const>(&A::operator()); } ||
                        requires { static_cast<Result (A::*)(Parameter, basic_context<F>&)>(&A::operator()); } ||
                        requires { static_cast<Result (A::*)(Parameter, basic_context<F>&) const>(&A::operator()); };

}  // namespace detail

/// How actor type `A` takes a message of type `M`: what the call looks like and what it returns.
template <class A, class M, class F>
struct handler_traits {
    static constexpr bool plain = std::is_invocable_v<A&, M&&>;
    static constexpr bool with_context = std::is_invocable_v<A&, M&&, basic_context<F>&>;
    static constexpr bool ambiguous =
        (plain && with_context) || detail::is_ambiguous<A, M&&>() || detail::is_ambiguous<A, M&&, basic_context<F>&>();
    static constexpr bool exists = (plain || with_context) && !ambiguous;

    static consteval auto result_type() noexcept {
        if constexpr (plain) {
            return std::type_identity<std::invoke_result_t<A&, M&&>>{};
        } else {
            return std::type_identity<std::invoke_result_t<A&, M&&, basic_context<F>&>>{};
        }
    }
};

/// The type a handler's call returns, and the type an asker gets for it (`later<R>` and `task<R>` stand for `R`).
template <class A, class M, class F>
using handler_result = typename decltype(handler_traits<A, M, F>::result_type())::type;
template <class A, class M, class F>
using reply_type = typename detail::reply_of<std::remove_cv_t<handler_result<A, M, F>>>::type;

template <class R>
inline constexpr bool is_later = false;
template <class R>
inline constexpr bool is_later<later<R>> = true;

template <class R>
inline constexpr bool is_task = false;
template <class R>
inline constexpr bool is_task<task<R>> = true;

/// The handler is a coroutine that would look for its message where it is no more once it has been suspended.
template <class A, class M, class F>
consteval bool task_refers_to_message() noexcept {
    using message = std::remove_cvref_t<M>;
    if constexpr (requires { typename A::behaviour_list; }) {
        return false;  // each behaviour is asked when it is called
    } else if constexpr (std::is_class_v<A> && handler_traits<A, M, F>::exists) {
        using result = std::remove_cv_t<handler_result<A, M, F>>;
        return is_task<result> && !detail::takes_exactly<A, result, message, F> &&
               (detail::takes_exactly<A, result, const message&, F> || detail::takes_exactly<A, result, message&&, F>);
    } else {
        return false;
    }
}

namespace detail {

template <class Traits>
struct result_if_any {
    using type = void;
};
template <class Traits>
    requires Traits::exists
struct result_if_any<Traits> {
    using type = std::remove_cv_t<typename decltype(Traits::result_type())::type>;
};
template <class Traits>
using result_of = typename result_if_any<Traits>::type;

}  // namespace detail

namespace detail {

template <class A, class M, class F>
consteval bool leaves_unchanged_alone() noexcept {
    if constexpr (handler_traits<A, M, F>::exists && handler_traits<A, const M&, F>::exists) {
        return std::is_same_v<handler_result<A, M, F>, handler_result<A, const M&, F>>;
    } else {
        return false;
    }
}

template <class M, class F, class... B>
consteval bool each_leaves_unchanged(std::type_identity<std::tuple<B*...>>) noexcept {
    return ((!handler_traits<B, M, F>::exists || leaves_unchanged_alone<B, M, F>()) && ...);
}

}  // namespace detail

/// Does the handler of `M` leave the message as it is: taken by const reference, or by value, which copies it?
template <class A, class M, class F>
consteval bool leaves_unchanged() noexcept {
    if constexpr (requires { typename A::behaviour_list; }) {
        return detail::leaves_unchanged_alone<A, M, F>() &&
               detail::each_leaves_unchanged<M, F>(std::type_identity<typename A::behaviour_list>{});
    } else {
        return detail::leaves_unchanged_alone<A, M, F>();
    }
}

/// What handles a told `M`: for a batched message the handler of its spans.
template <class A, class M, class F>
using told_traits = handler_traits<A, std::conditional_t<is_batched<A, M>, std::span<M>, M>, F>;

/// `A` has exactly one handler for `M`, and `M` can be put into a mailbox.
template <class A, class M, class F>
concept handles = std::is_move_constructible_v<M> && told_traits<A, M, F>::exists;

/// `A` answers `M`, with something that can be carried to the asker.
template <class A, class M, class F>
concept answers = std::is_move_constructible_v<M> && handler_traits<A, M, F>::exists &&
                  !std::is_void_v<reply_type<A, M, F>> && std::is_move_constructible_v<reply_type<A, M, F>>;

namespace detail {

// Of a message that there is a handler for. True, or one error of one fixed sentence.
template <class A, class M, class F>
consteval bool check_redelivery() {
    if constexpr (!redelivers<A>) {
        return true;
    } else if constexpr (is_task<result_of<handler_traits<A, M, F>>>) {
        static_assert(!is_task<result_of<handler_traits<A, M, F>>>,
                      "drover: a coroutine handler's message is not delivered again: what it has done before it was "
                      "suspended would be done twice; leave `redeliver` out of the actor's supervision");
        return false;
    } else {
        constexpr bool possible =
            leaves_unchanged<A, std::remove_cvref_t<M>, F>() || std::is_copy_constructible_v<std::remove_cvref_t<M>>;
        static_assert(
            possible,
            "drover: message not redeliverable: an actor whose supervision delivers messages again takes each "
            "by const reference, or it must be copyable");
        return possible;
    }
}

}  // namespace detail

/// True, or one error of one fixed sentence: the compiler's note names the types.
template <class A, class M, class F>
consteval bool check_tell() {
    if constexpr (!std::is_move_constructible_v<M>) {
        static_assert(
            std::is_move_constructible_v<M>,
            "drover: message not movable: a message is moved into the mailbox, so its type needs a move constructor");
        return false;
    } else if constexpr (handler_traits<A, M, F>::ambiguous) {
        static_assert(
            !handler_traits<A, M, F>::ambiguous,
            "drover: ambiguous handler: more than one call operator of the actor takes this message equally well");
        return false;
    } else if constexpr (is_batched<A, M>) {
        static_assert(told_traits<A, M, F>::exists,
                      "drover: no batch handler: `batches` names this message, and the actor has no call operator that "
                      "takes a std::span of it");
        static_assert(!is_task<detail::result_of<told_traits<A, M, F>>>,
                      "drover: a batch handler is no coroutine: its span is gone when the handler goes on");
        return told_traits<A, M, F>::exists;
    } else if constexpr (handler_traits<A, M, F>::exists) {
        static_assert(
            !task_refers_to_message<A, M, F>(),
            "drover: a coroutine handler takes its message by value: what a reference refers to is gone when the "
            "handler goes on");
        return !task_refers_to_message<A, M, F>() && detail::check_redelivery<A, M, F>();
    } else {
        static_assert(handler_traits<A, M, F>::exists,
                      "drover: no such handler: the actor has no call operator that takes this message");
        return false;
    }
}

template <class A, class M, class F>
consteval bool check_ask() {
    if constexpr (is_batched<A, M> && !handler_traits<A, M, F>::exists) {
        static_assert(
            !is_batched<A, M>,
            "drover: nothing to ask: asks are never batched, and the actor has no call operator that takes this "
            "message alone");
        return false;
    } else if constexpr (!std::is_move_constructible_v<M> || !handler_traits<A, M, F>::exists ||
                         task_refers_to_message<A, M, F>()) {
        return check_tell<A, M, F>();
    } else if constexpr (std::is_void_v<reply_type<A, M, F>>) {
        static_assert(
            !std::is_void_v<reply_type<A, M, F>>,
            "drover: nothing to ask: the handler of this message returns void, so it gives no reply; use tell");
        return false;
    } else {
        static_assert(std::is_move_constructible_v<reply_type<A, M, F>>,
                      "drover: reply not movable: the handler's return type is moved to the asker, so it needs a move "
                      "constructor");
        return std::is_move_constructible_v<reply_type<A, M, F>> && detail::check_redelivery<A, M, F>();
    }
}

/// An actor type with several behaviours, of which the present one may lack a handler that another has.
template <class A>
concept has_behaviours = requires { typename A::behaviour_list; };

template <class A, class F>
concept has_started = requires(A& state, basic_context<F>& context) { state.started(context); };

template <class A>
concept has_restarting = requires(A& state, const std::exception_ptr& cause) { state.restarting(cause); };

template <class A>
concept has_stopped = requires(A& state, const stop_reason& reason) { state.stopped(reason); };

}  // namespace drover
