#pragma once

#include <type_traits>
#include <utility>

#include "drover/actor/choices.hpp"
#include "drover/actor/spawn.hpp"
#include "drover/supervision/sources.hpp"
#include "drover/supervision/supervision.hpp"
#include "drover/supervision/supervisor.hpp"

namespace drover {

template <class Plan, class Factory>
struct supervised_factory;

/// As spawn_options, and the supervision of this one actor, in place of what its type says:
/// `rt.spawn<A>(drover::supervised{.plan = {.backoff = {.first = 10ms}}}, arguments…)`. Keeps copies of the arguments
/// if all can be copied; otherwise a failure that would restart the actor stops it with the reason `not_restartable`.
struct supervised {
    supervision plan{};
    spawn_options options{};

    /// The actor is built, now and at each restart, by `factory()`, which returns it by value: then it needs no
    /// arguments, and nothing must be copyable. `factory` lives as long as the actor, and is called on its worker.
    template <class Factory>
    supervised_factory<supervised, std::decay_t<Factory>> built_by(Factory&& factory) && {
        return {std::move(*this), std::forward<Factory>(factory)};
    }
};

/// As supervised, and the mailbox of this one actor, whose type must not name one; see spawn_in. The mailbox and what
/// is in it stay when the actor is restarted.
template <mailbox_policy Mailbox>
struct supervised_in {
    supervision plan{};
    spawn_options options{};

    /// As supervised::built_by().
    template <class Factory>
    supervised_factory<supervised_in, std::decay_t<Factory>> built_by(Factory&& factory) && {
        return {std::move(*this), std::forward<Factory>(factory)};
    }
};

/// What supervised::built_by gives.
template <class Plan, class Factory>
struct supervised_factory {
    Plan rest;
    Factory factory;
};

namespace detail {

template <class Factory, class A>
inline constexpr bool makes = false;
template <class Factory, class A>
    requires std::is_invocable_v<Factory&>
inline constexpr bool makes<Factory, A> = std::is_same_v<std::invoke_result_t<Factory&>, A>;

template <class A, class Plan>
struct mailbox_by_plan {
    using type = mailbox_of<A>;
};
template <class A, class Mailbox>
struct mailbox_by_plan<A, supervised_in<Mailbox>> {
    static_assert(check_spawn_in<A, Mailbox>());
    using type = Mailbox;
};

template <class A, class F, class Plan, class... Arguments>
ref<A, F> spawn_supervised(actor_core<F>& core, basic_cell<F>* parent, Plan&& options, Arguments&&... arguments) {
    return spawn_built<A, F, typename mailbox_by_plan<A, Plan>::type>(
        core, parent, std::move(options.options), make_guard<A, F>(options.plan, arguments...),
        [&](A* at) { construct_state<A>(at, std::forward<Arguments>(arguments)...); });
}

}  // namespace detail

template <>
inline constexpr bool is_spawn_options<supervised> = true;
template <class Mailbox>
inline constexpr bool is_spawn_options<supervised_in<Mailbox>> = true;
template <class Plan, class Factory>
inline constexpr bool is_spawn_options<supervised_factory<Plan, Factory>> = true;

template <class A, class F, class... Arguments>
ref<A, F> spawn_actor(actor_core<F>& core, basic_cell<F>* parent, supervised options, Arguments&&... arguments) {
    return detail::spawn_supervised<A, F>(core, parent, std::move(options), std::forward<Arguments>(arguments)...);
}

template <class A, class F, class Mailbox, class... Arguments>
ref<A, F> spawn_actor(actor_core<F>& core, basic_cell<F>* parent, supervised_in<Mailbox> options,
                      Arguments&&... arguments) {
    return detail::spawn_supervised<A, F>(core, parent, std::move(options), std::forward<Arguments>(arguments)...);
}

template <class A, class F, class Plan, class Factory>
ref<A, F> spawn_actor(actor_core<F>& core, basic_cell<F>* parent, supervised_factory<Plan, Factory> options) {
    if constexpr (!detail::makes<Factory, A>) {
        static_assert(
            detail::makes<Factory, A>,
            "drover: wrong factory: built_by takes a callable without arguments that returns the actor by value");
        return {};
    } else {
        using type = supervisor<A, F, factory_source<A, Factory>>;
        auto* const fresh = new type(options.rest.plan, factory_source<A, Factory>(std::move(options.factory)));
        return spawn_built<A, F, typename detail::mailbox_by_plan<A, Plan>::type>(
            core, parent, std::move(options.rest.options), guard_pointer<F>(fresh),
            [fresh](A* at) { fresh->build(at); });
    }
}

}  // namespace drover
