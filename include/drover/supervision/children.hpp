#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "drover/actor/context.hpp"
#include "drover/actor/ref.hpp"
#include "drover/features/features.hpp"
#include "drover/supervision/supervised.hpp"

namespace drover {

/// Asked of an actor made by children(): the ref of the child at place `I`, from 0, in the order of their declaration.
template <std::size_t I>
struct child_at {};

template <std::size_t I>
struct sibling_at {};

/// Among the arguments of a child(): stands for the ref of the child at place `I` of the same children(), declared
/// before it.
template <std::size_t I>
inline constexpr sibling_at<I> sibling{};

/// What child() gives: how an actor of type `A` is spawned, as often as its parent starts.
template <class A, class Options, class... Arguments>
struct child_plan {
    static_assert(
        (std::is_copy_constructible_v<Arguments> && ...) && std::is_copy_constructible_v<Options>,
        "drover: a child that cannot be started again: child() keeps its arguments for every start of its parent, "
        "so each must be copyable; or build it by a factory, supervised{}.built_by(…)");
    using actor = A;

    Options options;
    std::tuple<Arguments...> arguments;
};

/// An actor of type `A`, from `arguments`, as context::spawn would make it with these options: supervised,
/// spawn_options, spawn_in, or what built_by() gives. Without options it is supervised as its type says, or restarted
/// by the usual plan.
template <class A, class... Arguments>
child_plan<A, supervised, std::decay_t<Arguments>...> child(supervised options, Arguments&&... arguments) {
    return {std::move(options), {std::forward<Arguments>(arguments)...}};
}
template <class A, class Options, class... Arguments>
    requires(is_spawn_options<Options> && !std::is_same_v<Options, supervised>)
child_plan<A, Options, std::decay_t<Arguments>...> child(Options options, Arguments&&... arguments) {
    return {std::move(options), {std::forward<Arguments>(arguments)...}};
}
template <class A>
auto child() {
    if constexpr (detail::supervised_by_type<A>) {
        return child<A>(spawn_options{});
    } else {
        return child<A>(supervised{});
    }
}
/// A callable as an actor, or children() of its own: a tree.
template <class... NoType, class Options, class Callable>
    requires(sizeof...(NoType) == 0 && is_spawn_options<Options>)
child_plan<std::decay_t<Callable>, Options, std::decay_t<Callable>> child(Options options, Callable&& callable) {
    return {std::move(options), {std::forward<Callable>(callable)}};
}

/// An actor that does nothing but to have children: `started` spawns them in the order of declaration, so they stop in
/// the reverse one. Spawn it with `supervised`, whose plan says how they are restarted together and how often:
/// `rt.spawn(supervised{.plan = {.children = strategy::one_for_all}}, children(child<a>(), child<b>({}, sibling<0>)))`.
/// A child whose constructor throws fails it as a throw of `started` does.
template <class F, class... Plans>
class basic_children {
public:
    explicit basic_children(Plans... plans) : plans_(std::move(plans)...) {}

    void started(basic_context<F>& me) { start(me, std::index_sequence_for<Plans...>{}); }

    template <std::size_t I>
        requires(I < sizeof...(Plans))
    auto operator()(child_at<I>) const {
        return std::get<I>(refs_);
    }

private:
    template <std::size_t... Places>
    void start(basic_context<F>& me, std::index_sequence<Places...>) {
        (start_one<Places>(me), ...);
    }

    template <std::size_t Place>
    void start_one(basic_context<F>& me) {
        const auto& plan = std::get<Place>(plans_);
        using actor = typename std::remove_cvref_t<decltype(plan)>::actor;
        std::get<Place>(refs_) = std::apply(
            [&](const auto&... arguments) {
                return me.template spawn<actor>(copy_of(plan.options), given<Place>(arguments)...);
            },
            plan.arguments);
    }

    template <class T>
    static T copy_of(const T& from) {
        return from;
    }

    template <std::size_t Place, class Argument>
    const Argument& given(const Argument& argument) const noexcept {
        return argument;
    }
    template <std::size_t Place, std::size_t I>
    const auto& given(const sibling_at<I>&) const noexcept {
        static_assert(I < Place, "drover: sibling<I> stands for a child declared before the one that is given it");
        return std::get<(I < Place ? I : 0)>(refs_);
    }

    std::tuple<Plans...> plans_;
    std::tuple<ref<typename Plans::actor, F>...> refs_{};
};

/// Declares the children of an actor that does nothing else; see basic_children. For a runtime of other features name
/// them: `children<my_features>(…)`.
template <class F = features, class... Plans>
basic_children<F, Plans...> children(Plans... plans) {
    return basic_children<F, Plans...>(std::move(plans)...);
}

}  // namespace drover
