#pragma once

#include <atomic>
#include <exception>

#include "drover/actor/ending.hpp"
#include "drover/actor/guard.hpp"

namespace drover {

/// How an actor gets a new state: its asks and its children go, then the old state, then there may be a delay, and then the
/// new one is built. What a stash has given back, and the mailbox, stay.
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

    actor_guard<F>* guard() const noexcept {
        const cell_extra<F>* const extra = cell_.extra.load(std::memory_order_relaxed);
        return extra != nullptr ? extra->guard : nullptr;
    }

    // An exception left the actor's code, and has been reported: what now? The phase says.
    [[gnu::noinline]] void judge(const std::exception_ptr& exception) noexcept {
        actor_guard<F>* const mine = guard();
        if (mine == nullptr) {
            begin_stop(stop_reason(exception));
            return;
        }
        typename actor_guard<F>::verdict verdict;
        report_thrown("on_failure", outside([&] { verdict = mine->operations->decide(*mine, cell_, exception); }));
        switch (verdict.what) {
            case directive::resume:
                if (cell_.stateless) {  // there is nothing to go on with
                    begin_stop(stop_reason(exception));
                }
                break;
            case directive::restart:
                cell_.phase = cell_phase::restarting;
                mine->cause = exception;
                mine->delay = verdict.delay;
                base::abandon_asks();
                break;
            case directive::escalate: mine->escalated = exception; [[fallthrough]];
            case directive::stop: begin_stop(stop_reason(verdict.reason, exception)); break;
        }
    }

    // One step. False if the next one must wait for a signal.
    [[gnu::noinline]] bool go_on_restarting() noexcept {
        cell_extra<F>& extra = *cell_.extra.load(std::memory_order_relaxed);
        actor_guard<F>& mine = *extra.guard;
        if (cell_.core->stopping()) {
            return false;  // the stop is on its way
        }
        if (extra.youngest_child != nullptr) {
            extra.youngest_child->request_stop(stop_kind::parent_stopped);
            return false;
        }
        if (!cell_.stateless) {
            if (mine.operations->leave != nullptr) {
                report_thrown("restarting", outside([&] { mine.operations->leave(cell_, mine.cause); }));
            }
            report_thrown("destructor", outside([&] { cell_.operations->destroy_state(cell_); }));
            cell_.stateless = true;
            mine.begin_delay(cell_, me_);
        }
        if (mine.waits()) {
            return false;
        }
        build();
        return true;
    }

private:
    // What the constructor and `started` begin is the new state's.
    void build() noexcept {
        actor_guard<F>& mine = *guard();
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
        mine.cause = nullptr;
        if (cell_.operations->start != nullptr) {
            cell_.phase = cell_phase::attending;
            thrown = outside([&] { cell_.operations->start(cell_, turn_); });
            cell_.phase = phase_at_rest();
            if (thrown != nullptr) {
                report_failure("started", thrown);
                judge(thrown);
            }
        }
    }
};

}  // namespace drover
