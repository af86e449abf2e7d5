#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "drover/actor/batch.hpp"
#include "drover/actor/context.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/spawn.hpp"
#include "drover/base/block_pool.hpp"
#include "drover/base/contracts.hpp"
#include "drover/base/text.hpp"
#include "drover/base/type_name.hpp"

namespace drover {

namespace detail {

// A behaviour in memory of its own, so that an actor takes the room of the one it has and not of the largest.
template <class B>
struct behaviour_memory {
    template <class... Arguments>
    static void* make(Arguments&&... arguments) {
        void* const memory = pooled_memory<B>::allocate();
        try {
            construct_state<B>(static_cast<B*>(memory), std::forward<Arguments>(arguments)...);
        } catch (...) {
            pooled_memory<B>::deallocate(memory);
            throw;
        }
        return memory;
    }

    // Gives the memory back even if the destructor throws.
    static void destroy(void* state) {
        const struct memory {
            void* block;
            ~memory() { pooled_memory<B>::deallocate(block); }
        } freed{state};
        std::destroy_at(static_cast<B*>(state));
    }
};

template <class M, class F, class First, class... Rest>
consteval auto first_result() noexcept {
    if constexpr (handler_traits<First, M, F>::exists) {
        return std::type_identity<std::decay_t<handler_result<First, M, F>>>{};
    } else if constexpr (sizeof...(Rest) != 0) {
        return first_result<M, F, Rest...>();
    } else {
        return std::type_identity<void>{};
    }
}

template <class B, class M, class F, class R>
consteval bool agrees() noexcept {
    if constexpr (handler_traits<B, M, F>::exists) {
        return std::same_as<std::decay_t<handler_result<B, M, F>>, R>;
    } else {
        return true;
    }
}

template <class M, class F, class... Behaviours>
using common_result = typename decltype(first_result<M, F, Behaviours...>())::type;

// True, or one error of one fixed sentence.
template <class M, class F, class... Behaviours>
consteval bool check_behaviours() {
    if constexpr ((handler_traits<Behaviours, M, F>::ambiguous || ...)) {
        static_assert(
            !(handler_traits<Behaviours, M, F>::ambiguous || ...),
            "drover: ambiguous handler: more than one call operator of a behaviour takes this message equally well");
        return false;
    } else {
        constexpr bool agree = (agrees<Behaviours, M, F, common_result<M, F, Behaviours...>>() && ...);
        static_assert(agree,
                      "drover: reply types differ: every behaviour that takes this message must return the same type");
        return agree;
    }
}

template <class First, class... Rest>
consteval bool all_differ() noexcept {
    if constexpr (sizeof...(Rest) == 0) {
        return true;
    } else {
        return (!std::same_as<First, Rest> && ...) && all_differ<Rest...>();
    }
}

template <class B, class F>
concept can_enter = requires(B& state, basic_context<F>& turn) { state.entered(turn); };

}  // namespace detail

/// An actor that behaves in one of several ways at a time: each is a class with call operators, as an actor is. It
/// begins with the first, made from the arguments of `spawn`; `become` changes to another. The actor takes every
/// message that one of them takes. One that the present behaviour has no handler for becomes a dead letter with the
/// reason `unhandled`, and an ask of it fails with `ask_error::unhandled`. Keep such messages for later with `stash`.
///
/// `started` of the first is called, and `stopped` or `restarting` of the one in force at the end; `entered(context&)`,
/// if a behaviour has it, each time that `become` puts it in force. A behaviour's classes may be incomplete where the
/// list is named.
template <class First, class... Rest>
class behaviours {
public:
    using behaviour_list = std::tuple<First*, Rest*...>;
    static constexpr std::size_t missing = static_cast<std::size_t>(-1);

    template <class... Arguments>
        requires(std::is_constructible_v<First, Arguments...> || requires { First{std::declval<Arguments>()...}; })
    explicit behaviours(Arguments&&... arguments)
        : present_{0, detail::behaviour_memory<First>::make(std::forward<Arguments>(arguments)...)} {
        static_assert(detail::all_differ<First, Rest...>(),
                      "drover: a behaviour twice: drover::behaviours names each of its classes once");
    }

    behaviours(const behaviours&) = delete;
    behaviours& operator=(const behaviours&) = delete;

    ~behaviours() noexcept(false) {
        const struct last {
            slot present;
            ~last() noexcept(false) { destroy(present); }
        } after{present_};
        withdraw();
    }

    /// Calls the present behaviour's handler, with or without the context, and then puts in force what it has chosen by
    /// `become`. For the runtime, which asks `takes` first.
    template <class M, class F>
        requires(handler_traits<First, M, F>::plain || handler_traits<First, M, F>::with_context ||
                 ((handler_traits<Rest, M, F>::plain || handler_traits<Rest, M, F>::with_context) || ...))
    detail::common_result<M, F, First, Rest...> operator()(M&& message, basic_context<F>& turn) {
        using result_type = detail::common_result<M, F, First, Rest...>;
        if constexpr (!detail::check_behaviours<M, F, First, Rest...>()) {
            std::terminate();
        } else if constexpr (std::is_void_v<result_type>) {
            call<result_type, M, F, 0, First, Rest...>(message, turn);
            change(turn);
        } else {
            result_type result = call<result_type, M, F, 0, First, Rest...>(message, turn);
            if constexpr (!is_task<result_type>) {  // a coroutine stands in this behaviour until it has finished
                change(turn);
            }
            return result;
        }
    }

    template <class F>
        requires has_started<First, F>
    void started(basic_context<F>& turn) {
        static_cast<First*>(present_.state)->started(turn);
        change(turn);
    }

    void stopped(const stop_reason& reason)
        requires(has_stopped<First> || (has_stopped<Rest> || ...))
    {
        static constexpr std::array<void (*)(void*, const stop_reason&), count> each{&stop<First>, &stop<Rest>...};
        each[present_.place](present_.state, reason);
    }

    void restarting(const std::exception_ptr& cause)
        requires(has_restarting<First> || (has_restarting<Rest> || ...))
    {
        static constexpr std::array<void (*)(void*, const std::exception_ptr&), count> each{&leave<First>,
                                                                                            &leave<Rest>...};
        each[present_.place](present_.state, cause);
    }

    // --- for the runtime ---------------------------------------------------------------------------------------------

    /// Has the present behaviour a handler for M?
    template <class M, class F>
    bool takes() const noexcept {
        static constexpr std::array<bool, count> each{handler_traits<First, M, F>::exists,
                                                      handler_traits<Rest, M, F>::exists...};
        return each[present_.place];
    }

    /// The place of a behaviour in the list; `missing` if it is not there.
    static std::size_t find(const std::type_info& wanted) noexcept {
        const std::array<const std::type_info*, count> each{&typeid(First), &typeid(Rest)...};
        std::size_t place = 0;
        while (place != count && *each[place] != wanted) {
            ++place;
        }
        return place != count ? place : missing;
    }

    /// Takes over `state`, in place of what was proposed before.
    void propose(std::size_t place, void* state) {
        const slot before = std::exchange(proposed_, slot{place, state});
        destroy(before);
    }

    void withdraw() { destroy(std::exchange(proposed_, slot{})); }

    /// Puts in force what was proposed, if anything. The asks that the old behaviour waits for go with it: what they
    /// continue with would find it gone.
    template <class F>
    void change(basic_context<F>& turn) {
        static constexpr std::array<void (*)(void*, basic_context<F>&), count> each{&enter<First, F>,
                                                                                    &enter<Rest, F>...};
        while (proposed_.state != nullptr) {
            turn.abandon_asks();
            destroy(std::exchange(present_, std::exchange(proposed_, slot{})));
            each[present_.place](present_.state, turn);
        }
    }

private:
    static constexpr std::size_t count = 1 + sizeof...(Rest);

    struct slot {
        std::size_t place = 0;
        void* state = nullptr;
    };

    static void destroy(slot gone) {
        static constexpr std::array<void (*)(void*), count> each{&detail::behaviour_memory<First>::destroy,
                                                                 &detail::behaviour_memory<Rest>::destroy...};
        if (gone.state != nullptr) {
            each[gone.place](gone.state);
        }
    }

    template <class B>
    static void stop(void* state, const stop_reason& reason) {
        if constexpr (has_stopped<B>) {
            static_cast<B*>(state)->stopped(reason);
        }
    }

    template <class B>
    static void leave(void* state, const std::exception_ptr& cause) {
        if constexpr (has_restarting<B>) {
            static_cast<B*>(state)->restarting(cause);
        }
    }

    template <class B, class F>
    static void enter(void* state, basic_context<F>& turn) {
        if constexpr (detail::can_enter<B, F>) {
            static_cast<B*>(state)->entered(turn);
        }
    }

    template <class R, class M, class F, std::size_t Place, class B, class... Others>
    R call(std::remove_reference_t<M>& message, basic_context<F>& turn) {
        if constexpr (handler_traits<B, M, F>::exists) {
            static_assert(
                !task_refers_to_message<B, M, F>(),
                "drover: a coroutine handler takes its message by value: what a reference refers to is gone when "
                "the handler goes on");
            if (present_.place == Place) {
                return detail::call_handler<B, M, F>(*static_cast<B*>(present_.state), std::forward<M>(message), turn);
            }
        }
        if constexpr (sizeof...(Others) != 0) {
            return call<R, M, F, Place + 1, Others...>(message, turn);
        } else {
            fail_contract("a message was given to a behaviour that has no handler for it; send it through a ref");
        }
    }

    slot present_;
    slot proposed_;
};

/// Inside a handler, `started`, `entered` or a continuation of an actor of type `behaviours<...>`: `Next`, made here
/// from `arguments`, is in force once the present code has returned. The old behaviour is destroyed then, and with it,
/// unrun, what its asks were to continue with. If the code throws instead, nothing changes; the last of several calls
/// counts. Allocates. Throws what the constructor throws, and std::logic_error if the actor has no such behaviour.
template <class Next, class F, class... Arguments>
void become(basic_context<F>& turn, Arguments&&... arguments) {
    basic_cell<F>& self = turn.cell();
    const behaviour_operations<F>* const operations = self.operations->behaviours;
    const std::size_t place = operations != nullptr ? operations->find(typeid(Next)) : behaviour_operations<F>::none;
    if (place == behaviour_operations<F>::none) {
        throw std::logic_error(join_text({"drover: become<", type_name<Next>(), "> in actor ", self.name(),
                                          ", which has no such behaviour; name it in its drover::behaviours<...>"}));
    }
    operations->propose(self, place, detail::behaviour_memory<Next>::make(std::forward<Arguments>(arguments)...));
}

}  // namespace drover
