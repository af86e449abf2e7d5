#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include "drover/actor/cell.hpp"
#include "drover/actor/reply.hpp"
#include "drover/base/ids.hpp"
#include "drover/runtime/occupation.hpp"
#include "drover/scheduling/worker_group.hpp"

namespace drover {

/// An actor that had not finished by a deadline.
struct straggler {
    std::string name;              ///< the actor's name
    std::size_t count;             ///< messages it had not finished: the one in its handler, if any, and those queued
    std::string waiting_for;       ///< what holds it up
    actor_id id = actor_id::none;  ///< none if it is no actor: a drain also waits for timers
};

namespace detail {

// What follows reads what belongs to the actor's consumer: whoever calls it holds the worker, if one has the actor, at
// the edge of the runtime.

template <class F>
std::size_t waiting_messages(const basic_cell<F>& cell, std::size_t most = tagged_list::all) noexcept {
    if (cell.system.is_closed()) {  // it has stopped, or nearly: its mailbox may be that of whoever sends to it
        return 0;
    }
    return cell.box != nullptr ? cell.box->operations->count(cell, most)
                               : tagged_list::count(cell.incoming, cell.consumed, most);
}

// Of an actor that runs: its own code is running, and which.
template <class F>
void say_what_runs(const basic_cell<F>& cell, straggler& found) {
    const std::string_view message = message_handled(cell);
    if (message.empty()) {
        found.waiting_for = "its own code to return";
        return;
    }
    found.count += cell.phase == cell_phase::suspended ? 0 : 1;  // whose message is counted while nothing runs, too
    found.waiting_for = "its handler of ";
    found.waiting_for += message;
    found.waiting_for += " to return";
}

// Of an actor that is not idle, whether a worker runs it or not; nothing if it is idle.
template <class F>
void say_what_holds_up(const basic_cell<F>& cell, bool runs, straggler& found) {
    const cell_extra<F>* const extra = cell.extra.load(std::memory_order_acquire);  // pairs with the exchange in more()
    const bool suspended = cell.phase == cell_phase::suspended;
    if (runs) {
        say_what_runs(cell, found);
    } else if (extra != nullptr && extra->asks != nullptr) {
        found.waiting_for = "a reply of ";
        found.waiting_for += extra->asks->target.name();
    } else if (suspended && extra->room_of != nullptr) {
        found.waiting_for = "room in the mailbox of ";
        found.waiting_for += extra->room_of->name();
    } else if (suspended) {
        found.waiting_for = "the time at which its handler of ";
        found.waiting_for += extra->task.message;
        found.waiting_for += " goes on";
    } else if (cell.phase == cell_phase::stopping) {
        found.waiting_for = "its children to stop";
    } else if (cell.phase == cell_phase::restarting) {
        found.waiting_for =
            extra->youngest_child != nullptr ? "its children to stop before its restart" : "the moment of its restart";
    } else if (found.count != 0 || !cell.system.quiet()) {
        found.waiting_for = cell.core->stopping() ? "its turn to stop" : "a free worker";
    }
}

// A child that has not stopped in time, as far as its parent's worker can tell: it must not wait for another worker,
// which may be waiting for this one.
template <class F>
straggler describe_late_stop(const basic_cell<F>& cell, worker_group& group) {
    straggler found{std::string(cell.name()), 0, cell.system.is_held() ? "its children to stop" : "a free worker",
                    cell.id};
    const auto runs_on = [&](const worker& one) { return one.running.load(std::memory_order_acquire) == &cell; };
    group.visit_all([&](worker& one) {
        if (!runs_on(one)) {
            return;
        }
        found.waiting_for = "its own code to return";
        if (one.inside.try_revoke()) {
            const struct held_worker {
                worker& one;
                ~held_worker() { one.inside.restore(); }
            } held{one};
            if (runs_on(one)) {
                found.count = waiting_messages(cell);
                say_what_runs(cell, found);
            }
        }
    });
    return found;
}

}  // namespace detail

}  // namespace drover
