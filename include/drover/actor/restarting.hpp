#pragma once

#include <atomic>
#include <exception>
#include <utility>

#include "drover/actor/ending.hpp"
#include "drover/actor/group_round.hpp"
#include "drover/actor/guard.hpp"
#include "drover/actor/redelivery.hpp"

namespace drover {

/// How an actor gets a new state: its asks, its watches and its children go, then the old state, then there may be a
/// delay, and then the new one is built. What a stash has given back, and the mailbox, stay.
template <class F>
class actor_restarting : protected actor_ending<F> {
protected:
    using base = actor_ending<F>;
    using base::base;
    using base::begin_stop;
    using base::cell_;
    using base::me_;
    using base::outside;
    using base::phase_at_rest;
    using base::report_failure;
    using base::report_thrown;
    using base::turn_;
    ~actor_restarting() = default;

    // An exception left the actor's code, and has been reported: what now? The phase says.
    [[gnu::noinline]] void judge(const std::exception_ptr& exception) noexcept {
        actor_guard<F>* const mine = guard_of(cell_);
        if (mine == nullptr) {
            begin_stop(stop_reason(exception));
            return;
        }
        if (mine->member != nullptr) {
            mine->member->operations->failed(*mine->member);
        }
        typename actor_guard<F>::verdict verdict;
        report_thrown("on_failure", outside([&] { verdict = mine->operations->decide(*mine, cell_, exception); }));
        if (redelivering_guard<F>* const its = redelivery_of(cell_); its != nullptr) {
            decide_message(*its, verdict.what, exception);
        }
        switch (verdict.what) {
            case directive::resume:
                if (cell_.stateless) {  // there is nothing to go on with
                    begin_stop(stop_reason(exception));
                }
                break;
            case directive::restart: begin_restart(*mine, exception, verdict); break;
            case directive::escalate: mine->escalated = exception; [[fallthrough]];
            case directive::stop: begin_stop(stop_reason(verdict.reason, exception)); break;
        }
    }

    // A permanent actor has stopped itself.
    [[gnu::noinline]] void judge_end() noexcept {
        actor_guard<F>& mine = *guard_of(cell_);
        const typename actor_guard<F>::verdict verdict = mine.operations->decide_end(mine, cell_);
        if (verdict.what == directive::restart) {
            begin_restart(mine, nullptr, verdict);
        } else {
            begin_stop(stop_reason(stop_kind::stopped));
        }
    }

    // The actor's parent restarts it with others. Nothing has failed here, so nothing is counted.
    [[gnu::noinline]] void halt() noexcept {
        actor_guard<F>& mine = *guard_of(cell_);
        if (cell_.phase != cell_phase::restarting) {
            enter_restart(mine, mine.seat->halt_cause);
        }
        mine.cut_delay(me_);
        mine.seat->in_round = true;
    }

    // One step. False if the next one must wait for a signal.
    [[gnu::noinline]] bool go_on_restarting() noexcept {
        cell_extra<F>& extra = *cell_.extra.load(std::memory_order_relaxed);
        actor_guard<F>& mine = *extra.guard;
        if (cell_.core->stopping()) {
            return false;  // the stop is on its way
        }
        if (extra.youngest_child != nullptr) {
            base::ask_child_to_stop(*extra.youngest_child);
            return false;
        }
        if (!cell_.stateless) {
            if (mine.operations->leave != nullptr) {
                report_thrown("restarting", outside([&] { mine.operations->leave(cell_, mine.cause); }));
            }
            report_thrown("destructor", outside([&] { cell_.operations->destroy_state(cell_); }));
            cell_.stateless = true;
            if (mine.seat == nullptr || !mine.seat->in_round) {
                mine.begin_delay(cell_, me_);
            }
        }
        if (mine.seat != nullptr && mine.seat->in_round) {
            if (!mine.waits() && !std::exchange(mine.seat->reported, true)) {
                mine.seat->tell_parent(mine.seat->halted);
            }
            return false;
        }
        if (mine.waits()) {
            return false;
        }
        build();
        return true;
    }

    std::exception_ptr call_started() noexcept {
        cell_.phase = cell_phase::starting;
        F::metrics::on_start(metrics_part<F>(me_), cell_.subject());
        std::exception_ptr thrown = outside([&] { cell_.operations->start(cell_, turn_); });
        if (cell_.phase != cell_phase::suspended) {
            cell_.phase = phase_at_rest();
        }
        return thrown;
    }

private:
    // The message whose handler has just thrown, if it was kept: it waits for its next attempt if the actor goes on.
    void decide_message(redelivering_guard<F>& its, directive what, const std::exception_ptr& exception) noexcept {
        message_node* const node = its.failing();
        if (node == nullptr) {
            return;
        }
        if (what == directive::restart || what == directive::resume) {
            its.wait(*cell_.extra.load(std::memory_order_relaxed));
            cell_.phase = phase_at_rest();
            return;
        }
        its.take_failing();
        const auto& operations =
            static_cast<const redelivered_operations<F>&>(*static_cast<envelope_of<F>*>(node)->operations);
        report_thrown(operations.message, outside([&] { operations.give_up(node, exception); }));
        cell_.bury(operations.message, dead_letter_reason::failed);
    }

    void begin_restart(actor_guard<F>& mine, const std::exception_ptr& cause,
                       const typename actor_guard<F>::verdict& verdict) noexcept {
        enter_restart(mine, cause);
        mine.delay = verdict.delay;
        if (mine.member != nullptr) {
            mine.member->operations->away(*mine.member, verdict.delay, verdict.beyond);
        }
        if (mine.seat != nullptr) {  // the parent says when to go on
            mine.seat->in_round = true;
            mine.seat->failed_itself = true;
            mine.seat->cause = cause;
            mine.seat->delay = verdict.delay;
        }
    }

    void enter_restart(actor_guard<F>& mine, const std::exception_ptr& cause) noexcept {
        cell_.phase = cell_phase::restarting;
        mine.cause = cause;
        base::abandon_asks();
        base::end_watches();  // a notice would call the old state, and tell it of children that stop for this
        base::end_silence();
    }

    // What the constructor and `started` begin is the new state's.
    void build() noexcept {
        actor_guard<F>& mine = *guard_of(cell_);
        mine.round.end();
        cell_.phase = cell_phase::attending;
        std::exception_ptr thrown = outside([&] { mine.operations->rebuild(mine, cell_); });
        cell_.phase = phase_at_rest();
        if (thrown != nullptr) {
            base::abandon_asks();
            report_failure("constructor", thrown);
            judge(thrown);
            return;
        }
        cell_.stateless = false;
        mine.begin_life();
        if (mine.member != nullptr) {
            mine.member->operations->back(*mine.member);
        }
        F::metrics::on_restart(metrics_part<F>(me_), cell_.subject());
        if (cell_.operations->start != nullptr) {
            thrown = call_started();
            if (thrown != nullptr) {
                report_failure("started", thrown);
                judge(thrown);
            }
        }
    }
};

}  // namespace drover
