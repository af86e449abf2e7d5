#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

#include "drover/actor/boxed_mailbox.hpp"
#include "drover/actor/redelivery.hpp"
#include "drover/actor/restarting.hpp"
#include "drover/message/message_names.hpp"

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
    using base::lives;
    using base::me_;
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

    // The handler of a message threw. `count`: of how many, in a batch. False if the message stays for another attempt.
    bool fail_message(std::string_view message, std::size_t count, const std::exception_ptr& exception) noexcept {
        const redelivering_guard<F>* const its = redelivery_of(cell_);
        if (its == nullptr || its->failing() == nullptr) {
            for (; count != 0; --count) {
                cell_.bury(message, dead_letter_reason::failed);
            }
        }
        base::note_time();
        flush();
        fail(message, exception);
        return its == nullptr || !its->waits();
    }

    [[gnu::noinline]] void attend() noexcept {
        const system_lane::taken taken = cell_.system.take();
        for (signal_node* each = taken.first; each != nullptr;) {
            signal_node* const next = each->next;
            auto* const received = static_cast<signal<basic_context<F>>*>(each);
            const cell_phase before = cell_.phase;
            cell_.phase = is_running(before) ? cell_phase::attending : before;
            const std::exception_ptr thrown = outside([&] {
                received->operations->deliver(received, turn_);
                if (cell_.operations->behaviours != nullptr && cell_.phase != cell_phase::suspended) {
                    cell_.operations->behaviours->change(cell_, turn_);
                }
            });
            cell_.phase = is_running(before) ? phase_at_rest() : before;
            if (thrown != nullptr) {
                lives() ? fail("then", thrown) : report_failure("then", thrown);
            }
            if (cell_.phase == cell_phase::suspended && task().frame.done()) [[unlikely]] {
                end_task();
            }
            follow_signal();
            each = next;
        }
        if (taken.stop) {
            take_stop();
        }
    }

    // What a signal leaves for the run to do: a child has stopped whose failure is the actor's own, or supervision
    // wants it.
    void follow_signal() noexcept {
        cell_extra<F>* const extra = cell_.extra.load(std::memory_order_acquire);  // pairs with the exchange in more()
        if (extra != nullptr && extra->escalated != nullptr) [[unlikely]] {
            const std::exception_ptr exception = std::exchange(extra->escalated, nullptr);
            if (lives()) {
                judge(exception);
            }
        }
        actor_guard<F>* const mine = extra != nullptr ? extra->guard : nullptr;
        if (mine == nullptr) {
            return;
        }
        if (mine->seat != nullptr && std::exchange(mine->seat->must_halt, false) &&
            (lives() || cell_.phase == cell_phase::restarting)) {
            base::halt();
        }
        if (std::exchange(mine->ends_itself, false) && lives()) {
            base::judge_end();
        }
    }

    suspended_task<F>& task() const noexcept { return cell_.extra.load(std::memory_order_relaxed)->task; }

    // The coroutine handler that the actor was held for has run to its end.
    [[gnu::noinline]] void end_task() noexcept {
        static constexpr message_names names{"task", "end"};
        suspended_task<F>& ended = task();
        const std::string_view message = ended.message;
        const bool counted = ended.counted;
        cell_.phase = cell_phase::attending;
        const std::exception_ptr thrown = outside([&] {
            [[maybe_unused]] const typename F::tracing::resuming here(ended.trace, typename F::tracing::stamp{},
                                                                      cell_.id, names);
            ended.operations->finish(ended, turn_);
        });
        cell_.phase = phase_at_rest();
        base::note_time();
        me_.asks_ended.add(1);
        if (thrown != nullptr) {
            if (counted) {
                cell_.bury(message, dead_letter_reason::failed);
            }
            flush();
            fail(message, thrown);
        } else if (counted) {
            base::note_handled(cell_, me_, 1);
        }
    }

    void take_stop() noexcept {
        std::uint8_t why = static_cast<std::uint8_t>(stop_kind::failed);
        // Acquires what another, who overrides an overflow, wrote before; see request_stop().
        if (cell_.requested.compare_exchange_strong(why, cell::not_requested, std::memory_order_acquire)) {
            const std::exception_ptr exception = std::make_exception_ptr(mailbox_overflow());
            if (lives()) {
                fail("its mailbox", exception);
            } else if (cell_.phase == cell_phase::restarting) {  // it has failed already
                report_failure("its mailbox", exception);
            }
        } else if (lives() || cell_.phase == cell_phase::restarting) {
            begin_stop(stop_reason(static_cast<stop_kind>(why)));
        }
    }

    // After anything that may have begun a stop or a restart, or suspended a handler. True if the actor goes on; false
    // if the cell is given up: gone, or held until a signal: of a child, of what a coroutine waits for, or that the
    // delay before a restart is over.
    [[gnu::noinline]] bool settle_stop() noexcept {
        for (;;) {
            bool goes_on = false;
            switch (cell_.phase) {
                case cell_phase::stopping: goes_on = base::go_on_stopping(); break;
                case cell_phase::restarting: goes_on = base::go_on_restarting(); break;
                case cell_phase::suspended: break;
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
