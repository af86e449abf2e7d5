#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drover/actor/cell.hpp"
#include "drover/actor/guard.hpp"
#include "drover/base/ids.hpp"
#include "drover/scheduling/worker_group.hpp"

namespace drover {

/// What an actor does, as far as its tree is concerned.
enum class actor_condition : std::uint8_t {
    alive,       ///< it has a state
    restarting,  ///< it waits for its children to stop, for a delay, or for others of its group
    stopping,    ///< it waits for its children to stop
    stopped,     ///< its parent has not heard of it yet
};

constexpr std::string_view to_string(actor_condition value) noexcept {
    switch (value) {
        case actor_condition::alive: return "alive";
        case actor_condition::restarting: return "restarting";
        case actor_condition::stopping: return "stopping";
        case actor_condition::stopped: return "stopped";
    }
    return "unknown";
}

/// An actor and its children, the oldest first, as they were at one moment.
struct actor_tree {
    std::string name{};
    actor_id id = actor_id::none;
    actor_condition condition = actor_condition::alive;
    bool supervised = false;
    strategy children_restart = strategy::one_for_one;
    std::vector<actor_tree> children{};
};

/// A line an actor, indented by its depth: `name #id`, then what is remarkable of it.
inline std::string to_text(const std::vector<actor_tree>& trees, std::size_t depth = 0) {
    std::string text;
    for (const actor_tree& each : trees) {
        text.append(2 * depth, ' ').append(each.name).append(" #").append(std::to_string(to_integer(each.id)));
        if (each.supervised) {
            text.append(", supervised");
        }
        if (each.children_restart != strategy::one_for_one) {
            text.append(", ").append(to_string(each.children_restart));
        }
        if (each.condition != actor_condition::alive) {
            text.append(", ").append(to_string(each.condition));
        }
        text.append("\n").append(to_text(each.children, depth + 1));
    }
    return text;
}

namespace detail {

template <class F>
std::vector<actor_tree> siblings_of(const basic_cell<F>* youngest);

template <class F>
actor_tree tree_of(const basic_cell<F>& cell) {
    actor_tree tree{.name = std::string(cell.name()), .id = cell.id};
    switch (cell.phase) {
        case cell_phase::restarting: tree.condition = actor_condition::restarting; break;
        case cell_phase::stopping: tree.condition = actor_condition::stopping; break;
        case cell_phase::closed: tree.condition = actor_condition::stopped; break;
        default: break;
    }
    const cell_extra<F>* const extra = cell.extra.load(std::memory_order_acquire);  // pairs with the exchange in more()
    if (extra != nullptr) {
        if (extra->guard != nullptr) {
            tree.supervised = true;
            tree.children_restart = extra->guard->plan_says.children;
        }
        tree.children = siblings_of<F>(extra->youngest_child);
    }
    return tree;
}

template <class F>
std::vector<actor_tree> siblings_of(const basic_cell<F>* youngest) {
    std::vector<actor_tree> all;
    for (const basic_cell<F>* each = youngest; each != nullptr; each = each->older) {
        all.push_back(tree_of(*each));
    }
    std::reverse(all.begin(), all.end());
    return all;
}

// All workers are stopped at the edge of the runtime meanwhile, so the tree stands still; handlers go on.
template <class F>
std::vector<actor_tree> find_tree(actor_core<F>& core, worker_group& group) {
    std::vector<actor_tree> all;
    group.inspect([&] { core.visit_roots([&](const basic_cell<F>& each) { all.push_back(tree_of(each)); }); });
    std::reverse(all.begin(), all.end());
    return all;
}

}  // namespace detail

}  // namespace drover
