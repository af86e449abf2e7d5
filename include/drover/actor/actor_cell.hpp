#pragma once

#include <memory>

#include "drover/actor/cell.hpp"
#include "drover/base/block_pool.hpp"

namespace drover {

/// As an actor of which type others see one of type `A`.
template <class A>
struct seen_as {
    using type = A;
};

/// A cell with room for the actor's state.
template <class A, class F>
struct actor_cell final : basic_cell<F> {
    actor_cell(actor_core<F>& owner, mailbox_box<F>* own, bool straight = true) noexcept
        : basic_cell<F>(owner, record, own, straight) {}
    ~actor_cell() {}

    union {
        A state;  // alive from spawn until the actor has stopped
    };

    static A& state_of(basic_cell<F>& cell) noexcept { return static_cast<actor_cell&>(cell).state; }

private:
    static void destroy_state(basic_cell<F>& cell) { std::destroy_at(&state_of(cell)); }

    static void free(basic_cell<F>* cell) noexcept {
        auto* const typed = static_cast<actor_cell*>(cell);
        std::destroy_at(typed);
        pooled_memory<actor_cell>::deallocate(typed);
    }

    static const cell_operations<F> record;
};

}  // namespace drover
