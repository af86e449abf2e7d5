#pragma once

#include "drover/actor/actor_run.hpp"
#include "drover/actor/boxed_mailbox.hpp"
#include "drover/actor/cell.hpp"
#include "drover/actor/context.hpp"
#include "drover/actor/guard.hpp"
#include "drover/actor/outbox.hpp"
#include "drover/actor/own_thread.hpp"
#include "drover/actor/stop_limit.hpp"
#include "drover/mailbox/unbounded.hpp"
#include "drover/message/node.hpp"
#include "drover/message/signal.hpp"
#include "drover/scheduling/lane.hpp"
#include "drover/scheduling/runnable.hpp"
#include "drover/scheduling/worker.hpp"

// How cells and mailboxes are bound to the run of their actor, which only here is known to them.

namespace drover {

namespace detail {

template <class F, class Mailbox>
[[gnu::always_inline]] inline run_result run_actor(basic_cell<F>& self, typename Mailbox::extra& own,
                                                   worker& me) noexcept {
    basic_outbox<F>* const outbox = self.outboxed ? basic_outbox<F>::open(me, self) : nullptr;
    actor_run<F, Mailbox> run(self, own, me, outbox);
    if (self.own_threaded) {
        run.has_waited();
    }
    const run_result result = run();
    if (outbox != nullptr) [[unlikely]] {
        outbox->close();  // touches the worker alone: the cell may be another's
    }
    return result;
}

}  // namespace detail

template <class F>
run_result basic_cell<F>::run_cell(runnable* item, lane& mine) {
    unbounded_mailbox::extra none;
    return detail::run_actor<F, unbounded_mailbox>(static_cast<basic_cell&>(*item), none, static_cast<worker&>(mine));
}

template <class F>
void basic_cell<F>::call_own_thread() noexcept {
    static_cast<own_thread_extra<F>*>(extra.load(std::memory_order_relaxed))->thread->call();
}

template <class F, class Mailbox>
const mailbox_operations<F> boxed_mailbox<F, Mailbox>::record{
    &admit,
    &admit_if_room,
    &give_back,
    &push,
    &close,
    &given,
    &count,
    &free,
    [](runnable* item, lane& mine) {
        auto& self = static_cast<basic_cell<F>&>(*item);
        return detail::run_actor<F, Mailbox>(self, boxed_mailbox::of(self).extra, static_cast<worker&>(mine));
    },
    Mailbox::levels};

template <class F>
void basic_cell<F>::run_pill(message_node*, context& turn) {
    const inside_scope scope(turn.on().inside);
    turn.cell().phase = cell_phase::ending;
}

template <class F>
void basic_cell<F>::on_child_stopped(signal<context>* node, context& turn) {
    auto& child = static_cast<basic_cell&>(*node);
    const inside_scope scope(turn.on().inside);
    end_stop_limit(child);
    child.unlink_from(turn.cell().more().youngest_child);
    hand_up_failure(child, turn.cell().more());
    if (actor_guard<F>* const mine = guard_of(turn.cell()); mine != nullptr) {
        mine->round.advance(turn.cell());
    }
    turn.on().group.retire(turn.on(), &child);
}

}  // namespace drover
