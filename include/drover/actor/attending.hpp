#pragma once

#include <atomic>
#include <exception>
#include <string_view>

#include "drover/actor/boxed_mailbox.hpp"
#include "drover/actor/ending.hpp"

namespace drover {

/// What comes to an actor beside its messages: signals, and what a failure or a stop sets off.
template <class F>
class actor_attending : protected actor_ending<F> {
protected:
    using base = actor_ending<F>;
    using base::base;
    using base::begin_stop;
    using base::cell_;
    using base::finish;
    using base::flush;
    using base::outside;
    using base::phase_at_rest;
    using base::report_thrown;
    using base::takes_messages;
    using base::turn_;
    using typename base::cell;
    ~actor_attending() = default;

    // An exception left the actor's code: one report, and the actor stops unless its hook decides otherwise.
    void fail(std::string_view what, const std::exception_ptr& exception) noexcept {
        F::metrics::on_failure(cell_.id);
        if (cell_.operations->behaviours != nullptr) {
            report_thrown("destructor", outside([&] { cell_.operations->behaviours->withdraw(cell_); }));
        }
        cell_.core->report(failure{cell_.name(), cell_.id, what, exception});
        const cell_extra<F>* const extra = cell_.extra.load(std::memory_order_acquire);  // pairs with more()
        if (extra == nullptr || extra->on_failure == nullptr || !extra->on_failure(cell_, turn_, exception)) {
            begin_stop(stop_reason(exception));
        }
    }

    [[gnu::noinline]] void attend() noexcept {
        const system_lane::taken taken = cell_.system.take();
        for (signal_node* each = taken.first; each != nullptr;) {
            signal_node* const next = each->next;
            auto* const received = static_cast<signal<basic_context<F>>*>(each);
            const cell_phase before = cell_.phase;
            cell_.phase = before == cell_phase::running ? cell_phase::attending : before;
            const std::exception_ptr thrown = outside([&] {
                received->operations->deliver(received, turn_);
                if (cell_.operations->behaviours != nullptr) {
                    cell_.operations->behaviours->change(cell_, turn_);
                }
            });
            cell_.phase = before == cell_phase::running ? phase_at_rest() : before;
            if (thrown != nullptr) {
                fail("then", thrown);
            }
            each = next;
        }
        if (taken.stop && takes_messages()) {
            const auto why = static_cast<stop_kind>(cell_.requested.load(std::memory_order_relaxed));
            if (why == stop_kind::failed) {
                cell_.requested.store(cell::not_requested, std::memory_order_relaxed);
                fail("its mailbox", std::make_exception_ptr(mailbox_overflow()));
            } else {
                begin_stop(stop_reason(why));
            }
        }
    }

    // After anything that may have begun a stop. True if the actor goes on; false if the cell is given up: gone, or held
    // until the signal of a child. Children stop one after the other, the youngest first.
    [[gnu::noinline]] bool settle_stop() noexcept {
        while (cell_.phase == cell_phase::stopping) {
            cell_extra<F>& extra = *cell_.extra.load(std::memory_order_relaxed);
            if (extra.youngest_child == nullptr) {
                finish(*extra.reason);
            } else {
                extra.youngest_child->request_stop(stop_kind::parent_stopped);
                flush();
                if (cell_.system.try_hold()) {
                    return false;
                }
                attend();
            }
        }
        return takes_messages();
    }
};

}  // namespace drover
