#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "drover/actor/actor_cell.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/ref.hpp"
#include "drover/base/type_name.hpp"

namespace drover {

/// What may be said of one actor when it is spawned.
struct spawn_options {
    std::string name{};  ///< for people: dead letters, failures, stragglers; empty: the actor's type
};

namespace detail {

template <class A, class... Arguments>
void construct_state(A* at, Arguments&&... arguments) {
    if constexpr (std::is_constructible_v<A, Arguments...>) {
        ::new (static_cast<void*>(at)) A(std::forward<Arguments>(arguments)...);
    } else {
        ::new (static_cast<void*>(at)) A{std::forward<Arguments>(arguments)...};
    }
}

}  // namespace detail

/// Makes an actor of type `A`: constructed here, in the caller's thread, from `arguments` (with braces if it is an
/// aggregate); `started` runs on a worker. `parent` is the actor that runs here, or null. Throws std::bad_alloc and what the
/// constructor throws; then nothing has happened.
template <class A, class F, class... Arguments>
ref<A, F> spawn_actor(actor_core<F>& core, basic_cell<F>* parent, spawn_options options, Arguments&&... arguments) {
    using cell_type = actor_cell<A, F>;
    lane& mine = lane_to(core);
    cell_extra<F>* named = nullptr;
    if (!options.name.empty()) {
        named = new cell_extra<F>;
        named->name = std::move(options.name);
    }
    std::unique_ptr<cell_extra<F>> extra(named);
    if (parent != nullptr) {
        parent->more();
    }
    void* const memory = pooled_memory<cell_type>::allocate();
    cell_type* fresh = nullptr;
    try {
        fresh = new (memory) cell_type(core);
        detail::construct_state<A>(std::addressof(fresh->state), std::forward<Arguments>(arguments)...);
    } catch (...) {
        std::destroy_at(fresh);
        pooled_memory<cell_type>::deallocate(memory);
        core.release();
        throw;
    }
    fresh->extra.store(extra.release(), std::memory_order_release);
    F::metrics::on_spawn(fresh->id);
    ref<A, F> result(boost::intrusive_ptr<basic_cell<F>>(fresh, false));
    if (parent != nullptr) {
        const inside_scope scope(static_cast<worker&>(mine).inside);
        fresh->parent = parent;
        fresh->link_into(parent->more().youngest_child);
    } else if (!core.add_root(*fresh)) {
        fresh->request_stop(stop_kind::runtime_stopped);
    }
    if constexpr (has_started<A, F>) {
        fresh->schedule(mine);
    }
    return result;
}

template <class A, class F, class... Arguments>
ref<A, F> spawn_actor(actor_core<F>& core, basic_cell<F>* parent, Arguments&&... arguments) {
    return spawn_actor<A, F>(core, parent, spawn_options{}, std::forward<Arguments>(arguments)...);
}

template <class A, class F>
inline constexpr cell_operations<F> actor_cell<A, F>::record{
    []() -> void (*)(basic_cell<F>&, basic_context<F>&) {
        if constexpr (has_started<A, F>) {
            return [](basic_cell<F>& cell, basic_context<F>& turn) { state_of(cell).started(turn); };
        } else {
            return nullptr;
        }
    }(),
    []() -> void (*)(basic_cell<F>&, const stop_reason&) {
        if constexpr (has_stopped<A>) {
            return [](basic_cell<F>& cell, const stop_reason& reason) { state_of(cell).stopped(reason); };
        } else {
            return nullptr;
        }
    }(),
    &destroy_state,
    &free,
    &typeid(A),
    type_name<A>()};

}  // namespace drover
