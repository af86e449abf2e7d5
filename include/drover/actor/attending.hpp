#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

#include "drover/actor/boxed_mailbox.hpp"
#include "drover/actor/restarting.hpp"

namespace drover {

/// What comes to an actor beside its messages: signals, and what a failure or a stop sets off.
template <class F>
class actor_attending : protected actor_restarting<F> {
protected:
    using base = actor_restarting<F>;
    using base::base;
    using base::begin_stop;
    using base::cell_;
    using base::flush;
    using base::judge;
    using base::outside;
    using base::phase_at_rest;
    using base::report_failure;
    using base::report_thrown;
    using base::takes_messages;
    using base::turn_;
    using typename base::cell;
    ~actor_attending() = default;

    // An exception left the actor's code: one report, and the decision. Without supervision the actor stops.
    void fail(std::string_view what, const std::exception_ptr& exception) noexcept {
        if (cell_.operations->behaviours != nullptr) {
            report_thrown("destructor", outside([&] { cell_.operations->behaviours->withdraw(cell_); }));
        }
        report_failure(what, exception);
        judge(exception);
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
                takes_messages() ? fail("then", thrown) : report_failure("then", thrown);
            }
            fail_with_child();
            each = next;
        }
        if (taken.stop) {
            take_stop();
        }
    }

    // A child has stopped, and its failure is the actor's own.
    void fail_with_child() noexcept {
        cell_extra<F>* const extra = cell_.extra.load(std::memory_order_acquire);  // pairs with the exchange in more()
        if (extra != nullptr && extra->escalated != nullptr) [[unlikely]] {
            const std::exception_ptr exception = std::exchange(extra->escalated, nullptr);
            if (takes_messages()) {
                judge(exception);
            }
        }
    }

    void take_stop() noexcept {
        std::uint8_t why = static_cast<std::uint8_t>(stop_kind::failed);
        // Acquires what another, who overrides an overflow, wrote before; see request_stop().
        if (cell_.requested.compare_exchange_strong(why, cell::not_requested, std::memory_order_acquire)) {
            const std::exception_ptr exception = std::make_exception_ptr(mailbox_overflow());
            if (takes_messages()) {
                fail("its mailbox", exception);
            } else if (cell_.phase == cell_phase::restarting) {  // it has failed already
                report_failure("its mailbox", exception);
            }
        } else if (takes_messages() || cell_.phase == cell_phase::restarting) {
            begin_stop(stop_reason(static_cast<stop_kind>(why)));
        }
    }

    // After anything that may have begun a stop or a restart. True if the actor goes on; false if the cell is given up: gone,
    // or held until a signal: of a child, or that the delay before a restart is over.
    [[gnu::noinline]] bool settle_stop() noexcept {
        for (;;) {
            bool goes_on = false;
            switch (cell_.phase) {
                case cell_phase::stopping: goes_on = base::go_on_stopping(); break;
                case cell_phase::restarting: goes_on = base::go_on_restarting(); break;
                default: return takes_messages();
            }
            if (!goes_on) {
                flush();
                if (cell_.system.try_hold()) {
                    return false;
                }
                attend();
            }
        }
    }
};

}  // namespace drover
