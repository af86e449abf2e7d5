#pragma once

#include <atomic>
#include <string_view>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/cell_end.hpp"
#include "drover/actor/guard.hpp"
#include "drover/actor/redelivery.hpp"
#include "drover/actor/reply.hpp"
#include "drover/actor/stop_limit.hpp"
#include "drover/actor/turn.hpp"
#include "drover/scheduling/own_threads.hpp"

namespace drover {

/// How an actor stops: its asks, its children, its state, its mailbox, its parent.
template <class F>
class actor_ending : protected actor_turn<F> {
protected:
    using base = actor_turn<F>;
    using base::base;
    using base::cell_;
    using base::extra_now;
    using base::flush;
    using base::me_;
    using base::outside;
    using base::report_thrown;
    ~actor_ending() = default;

    // The coroutine handler that the actor is held for, if any, is destroyed where it stands, before the state it may
    // point into. What other asks were to continue with is destroyed unrun.
    void abandon_asks() noexcept {
        cell_extra<F>* const extra = extra_now();
        if (extra != nullptr && extra->task.frame) {
            drop_task(extra->task);
        }
        while (extra != nullptr && extra->asks != nullptr) {
            extra->asks->abandon(*extra->asks);
        }
    }

    void drop_task(suspended_task<F>& task) noexcept {
        const std::string_view message = task.message;
        const bool counted = task.counted;
        report_thrown("destructor", outside([&] { task.operations->drop(task); }));
        me_.asks_ended.add(1);
        if (counted) {
            cell_.bury(message, dead_letter_reason::stopped);
        }
    }

    void end_watches() noexcept {
        const cell_extra<F>* const extra = extra_now();
        if (extra != nullptr && extra->watches != nullptr) {
            extra->watches->end_all();
        }
    }

    void end_silence() noexcept {
        const cell_extra<F>* const extra = extra_now();
        if (extra != nullptr && extra->silence != nullptr) {
            extra->silence->clear();
        }
    }

    // No user message is handled and no continuation runs from here on.
    [[gnu::noinline]] void begin_stop(stop_reason reason) noexcept {
        cell_.phase = cell_phase::stopping;
        cell_extra<F>* const extra = extra_now();
        if (extra != nullptr) {
            abandon_asks();
            end_watches();
            end_silence();
            if (extra->guard != nullptr) {
                extra->guard->end_delay(me_);
            }
            while (message_node* const node = extra->take_replayed()) {
                bury_replayed(node);
            }
        }
        if (extra != nullptr && extra->youngest_child != nullptr) {
            extra->reason = std::move(reason);
        } else {
            finish(reason);
        }
    }

    void bury_replayed(message_node* node) noexcept {
        if (!redelivering_guard<F>::is_mark(node)) {
            cell_.note_left();
            cell_.bury_envelope(node, dead_letter_reason::stopped);
            return;
        }
        redelivering_guard<F>& its = *redelivery_of(cell_);
        message_node* const waiting = its.begin_attempt();
        cell_.bury(waiting, dead_letter_reason::stopped);
        cell_.discard(waiting);
        its.end();
    }

    // One step. False if the next one must wait for a signal. Children stop one after the other, the youngest first.
    bool go_on_stopping() noexcept {
        cell_extra<F>& extra = *cell_.extra.load(std::memory_order_relaxed);
        if (extra.youngest_child != nullptr) {
            ask_child_to_stop(*extra.youngest_child);
            return false;
        }
        finish(*extra.reason);
        return true;
    }

    // And waits for it, as long as its spawn said.
    static void ask_child_to_stop(basic_cell<F>& child) noexcept {
        child.request_stop(stop_kind::parent_stopped);
        begin_stop_limit(child);
    }

    void finish(const stop_reason& reason) noexcept {
        if (cell_.operations->stop != nullptr && !cell_.never_started && !cell_.stateless) {
            report_thrown("stopped", outside([&] { cell_.operations->stop(cell_, reason); }));
        }
        if (!cell_.stateless) {
            report_thrown("destructor", outside([&] { cell_.operations->destroy_state(cell_); }));
        }
        cell_.keep_reason(reason);
        for (signal_node* each = cell_.system.close().first; each != nullptr;) {
            signal_node* const next = each->next;
            auto* const late = static_cast<signal<basic_context<F>>*>(each);
            late->operations->refuse(late);
            each = next;
        }
        flush();
        if (cell_.box != nullptr) {
            cell_.box->leave();
        }
        cell_.drain_to_dead_letters();
        cell_.depart();
        flush();  // what the sink of its dead letters told
        if constexpr (has_metrics<F>) {
            F::metrics::on_stop(metrics_part<F>(me_), cell_.subject());
        }
        cell_.phase = cell_phase::closed;
        if (cell_.own_threaded) {
            static_cast<own_worker&>(me_).over = true;
        }
        // Counted here, as the grace period, which keeps it for a worker, does not know own threads.
        const boost::intrusive_ptr<basic_cell<F>> kept(cell_.own_threaded ? cell_.parent : nullptr);
        if (cell_.parent == nullptr) {
            escalate_to_runtime();
        } else if (stop_limit<F>* const limit = stop_limit_of(cell_); limit == nullptr || limit->part()) {
            cell_.parent->post(&cell_);  // the parent drops the tree's reference
            return;
        } else {
            cell_.parent->release();  // which did not wait; it has its failure from the sink alone
        }
        me_.group.retire(me_, &cell_);
        cell_.core->remove_root(cell_);
    }

private:
    void escalate_to_runtime() noexcept {
        const actor_guard<F>* const guard = guard_of(cell_);
        if (guard != nullptr && guard->escalated != nullptr) [[unlikely]] {
            cell_.core->escalate(failure{cell_.name(), cell_.id, "escalated", guard->escalated});
        }
    }
};

}  // namespace drover
