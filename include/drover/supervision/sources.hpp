#pragma once

#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

#include "drover/actor/spawn.hpp"

namespace drover {

namespace detail {

template <class A, class... Arguments>
concept built_from = std::is_constructible_v<A, Arguments...> || requires { A{std::declval<Arguments>()...}; };

}  // namespace detail

/// Can an actor of type `A` be built anew from copies of these arguments?
template <class A, class... Arguments>
concept rebuildable =
    (std::is_copy_constructible_v<std::decay_t<Arguments>> && ...) && detail::built_from<A, std::decay_t<Arguments>...>;

/// What a state is built from anew: copies of the arguments of spawn. An actor that is restarted owns one; one that
/// cannot be restarted has `no_source`.
template <class A, class... Kept>
class argument_source {
public:
    static constexpr bool builds = true;

    template <class... Arguments>
    explicit argument_source(std::in_place_t, const Arguments&... arguments) : kept_(arguments...) {}

    /// Throws what copies and the constructor throw.
    void build(A* at) {
        std::apply([at](const Kept&... each) { detail::construct_state<A>(at, Kept(each)...); }, kept_);
    }

private:
    [[no_unique_address]] std::tuple<Kept...> kept_;
};

/// A callable that returns the actor by value, which need not be movable.
template <class A, class Factory>
class factory_source {
public:
    static constexpr bool builds = true;

    explicit factory_source(Factory&& factory) : factory_(std::move(factory)) {}

    void build(A* at) { ::new (static_cast<void*>(at)) A(factory_()); }

private:
    [[no_unique_address]] Factory factory_;
};

template <class A>
struct no_source {
    static constexpr bool builds = false;

    void build(A*) noexcept {}
};

}  // namespace drover
