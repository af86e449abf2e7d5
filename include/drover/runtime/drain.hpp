#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "drover/actor/cell.hpp"
#include "drover/runtime/straggler.hpp"
#include "drover/scheduling/worker_group.hpp"

namespace drover {

struct drain_result {
    bool complete;  ///< nothing was left; `stragglers` is empty
    std::vector<straggler> stragglers;

    explicit operator bool() const noexcept { return complete; }
};

namespace detail {

// Collects actors that are not idle. All workers are stopped at the edge of the runtime meanwhile, so lists, mailboxes
// and children stand still; handlers go on.
template <class F>
class straggler_search {
public:
    explicit straggler_search(worker_group& group) : group_(group) {}

    void visit(basic_cell<F>& cell) {
        if (cell.phase ==
            cell_phase::closed) {  // its mailbox is whoever sends to it; it waits for its parent to hear of it
            return;
        }
        straggler found{std::string(cell.name()), waiting_messages(cell), {}, cell.id};
        if (cell.pill_sent.load(std::memory_order_acquire) && cell.phase != cell_phase::ending && found.count != 0) {
            found.count -= 1;  // the mark of stop_when_drained() is no message
        }
        const cell_extra<F>* const extra = cell.extra.load(std::memory_order_acquire);
        if (cell.phase == cell_phase::suspended && extra->task.counted) {
            found.count += 1;
        }
        say_what_holds_up(cell, group_.runs(&cell), found);
        if (!found.waiting_for.empty()) {
            stragglers.push_back(std::move(found));
        }
        for (basic_cell<F>* each = extra != nullptr ? extra->youngest_child : nullptr; each != nullptr;
             each = each->older) {
            visit(*each);
        }
    }

    std::vector<straggler> stragglers;

private:
    worker_group& group_;
};

template <class F>
std::vector<straggler> find_stragglers(actor_core<F>& core, worker_group& group) {
    straggler_search<F> search(group);
    group.inspect([&] { core.visit_roots([&](basic_cell<F>& each) { search.visit(each); }); });
    return std::move(search.stragglers);
}

}  // namespace detail

}  // namespace drover
