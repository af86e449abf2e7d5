#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

#include "drover/actor/boxed_mailbox.hpp"
#include "drover/actor/cell.hpp"
#include "drover/actor/cell_end.hpp"
#include "drover/actor/context.hpp"
#include "drover/actor/outbox.hpp"
#include "drover/actor/reply.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// What one run of an actor does beside taking messages: its start, its signals, what a failure or a stop sets off, what a
/// stash gives back. The same for every mailbox. Whoever ends a run with run_result::done has given the cell up and touches
/// it no more.
template <class F>
class actor_life {
public:
    actor_life(const actor_life&) = delete;
    actor_life& operator=(const actor_life&) = delete;

protected:
    using cell = basic_cell<F>;

    /// `outbox` is open, or null if the actor has none.
    actor_life(cell& self, worker& me, basic_outbox<F>* outbox,
               typename basic_context<F>::take_function* take_more) noexcept
        : cell_(self), me_(me), outbox_(outbox), turn_(self, me, take_more) {}
    ~actor_life() = default;

    enum class after_handler : std::uint8_t {
        next,     ///< as after most messages
        special,  ///< it goes on, and the context has something for the loop
        stopped,  ///< the run ends
    };

    static constexpr std::size_t clock_every = 16;

    // Before the cell is given up: what its next run sends must not overtake.
    void flush() noexcept {
        if (outbox_ != nullptr) [[unlikely]] {
            outbox_->flush();
        }
    }

    run_result share_is_over() noexcept {
        flush();
        return run_result::again;
    }

    // Messages beyond one a handler since the last call.
    std::size_t exchange_spent() noexcept { return std::exchange(spent_, 0); }

    // Runs user code, outside the runtime. Null if it returned.
    template <class Code>
    std::exception_ptr outside(Code code) noexcept {
        std::exception_ptr thrown;
        me_.inside.leave();
        try {
            code();
        } catch (...) {
            thrown = std::current_exception();
        }
        me_.inside.enter();
        return thrown;
    }

    // The runtime is stopping: signals only, until one of them is the stop.
    [[gnu::noinline]] run_result await_stop() noexcept {
        if (cell_.phase == cell_phase::fresh) {
            cell_.phase = cell_phase::running;
            cell_.never_started = true;
        }
        do {
            if (!cell_.system.quiet()) {
                attend();
                if (!settle_stop()) {
                    return run_result::done;
                }
                flush();
            }
        } while (!cell_.system.try_hold());
        return run_result::done;
    }

    // The actor is new, or its last run ended amid a replay, or it waits for its children.
    [[gnu::noinline]] bool resume() noexcept {
        switch (cell_.phase) {
            case cell_phase::fresh: return begin();
            case cell_phase::replaying:
            case cell_phase::suspended: return settle();
            default: return true;
        }
    }

    [[gnu::noinline]] bool begin() noexcept {
        cell_.phase = cell_phase::attending;
        F::metrics::on_start(cell_.id);
        const std::exception_ptr thrown = outside([&] { cell_.operations->start(cell_, turn_); });
        if (cell_.phase != cell_phase::suspended) {
            cell_.phase = phase_at_rest();
        }
        if (thrown != nullptr) {
            fail("started", thrown);
        }
        return settle();
    }

    [[gnu::noinline]] after_handler handle_special(const envelope_of<F>& letter) noexcept {
        if (cell_.phase == cell_phase::ending) {
            begin_stop(stop_reason(stop_kind::drained));
            return after_settling();
        }
        count_handled(letter);
        return after_settling();
    }

    void count_handled(const envelope_of<F>& letter) noexcept {
        if (cell_.phase == cell_phase::suspended) {
            return;  // end_task() does it
        }
        if (std::exchange(cell_.phase, phase_at_rest()) == cell_phase::unhandled) {
            cell_.bury(letter.operations->message, dead_letter_reason::unhandled);
            return;
        }
        for (std::size_t rest = take_batched() + 1; rest != 0; --rest) {
            me_.handled.add(1);
            F::metrics::on_handled();
        }
    }

    // How many messages beside its own the handler that has just run got.
    std::size_t take_batched() noexcept {
        const std::size_t batched = turn_.exchange_batched();
        spent_ += batched;
        return batched;
    }

    cell_phase phase_at_rest() const noexcept {
        const cell_extra<F>* const extra = cell_.extra.load(std::memory_order_relaxed);
        return extra != nullptr && extra->first_replayed != nullptr ? cell_phase::replaying : cell_phase::running;
    }

    // The messages that a stash gave back, with signals between them as between all others. True if the actor goes on with
    // its mailbox. They are in no mailbox, so the end of the share of time leaves the rest to the next run.
    [[gnu::noinline]] bool replay() noexcept {
        for (std::size_t left = cell_.core->quantum; left != 0 && (left % clock_every != 0 || !time_is_over());
             --left) {
            if (!cell_.system.quiet()) {
                attend();
                if (!settle_stop()) {
                    return false;
                }
            }
            message_node* const node = cell_.extra.load(std::memory_order_relaxed)->take_replayed();
            if (node == nullptr) {
                cell_.phase = cell_phase::running;
                return true;
            }
            cell_.phase = cell_phase::replaying;
            const bool goes_on = handle_replayed(*static_cast<envelope_of<F>*>(node));
            cell::release_envelope_of(node);
            if (!goes_on) {
                return false;
            }
        }
        cell_.phase = cell_phase::replaying;
        outcome_ = share_is_over();
        return false;
    }

    bool handle_replayed(envelope_of<F>& letter) noexcept {
        F::tracing::received(letter.stamp, cell_.id);
        const std::exception_ptr thrown = outside([&] { letter.operations->run(&letter, turn_); });
        if (thrown != nullptr) {
            cell_.bury(letter.operations->message, dead_letter_reason::failed);
            flush();
            fail(letter.operations->message, thrown);
        } else {
            count_handled(letter);
        }
        return settle_stop();
    }

    [[gnu::noinline]] after_handler handle_thrown(const envelope_of<F>& letter,
                                                  const std::exception_ptr& thrown) noexcept {
        const std::string_view message = letter.operations->message;
        if (cell_.phase == cell_phase::batched) {
            cell_.phase = phase_at_rest();
        }
        for (std::size_t rest = take_batched() + 1; rest != 0; --rest) {
            cell_.bury(message, dead_letter_reason::failed);
        }
        flush();
        fail(message, thrown);
        return after_settling();
    }

    after_handler after_settling() noexcept { return settle() ? after_handler::special : after_handler::stopped; }

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
                if (cell_.operations->behaviours != nullptr && cell_.phase != cell_phase::suspended) {
                    cell_.operations->behaviours->change(cell_, turn_);
                }
            });
            cell_.phase = before == cell_phase::running ? phase_at_rest() : before;
            if (thrown != nullptr) {
                fail("then", thrown);
            }
            if (cell_.phase == cell_phase::suspended && task().frame.done()) [[unlikely]] {
                end_task();
            }
            each = next;
        }
        if (taken.stop && (takes_messages() || cell_.phase == cell_phase::suspended)) {
            const auto why = static_cast<stop_kind>(cell_.requested.load(std::memory_order_relaxed));
            if (why == stop_kind::failed) {
                cell_.requested.store(cell::not_requested, std::memory_order_relaxed);
                fail("its mailbox", std::make_exception_ptr(mailbox_overflow()));
            } else {
                begin_stop(stop_reason(why));
            }
        }
    }

    suspended_task<F>& task() const noexcept { return cell_.extra.load(std::memory_order_relaxed)->task; }

    // The coroutine handler that the actor was held for has run to its end.
    [[gnu::noinline]] void end_task() noexcept {
        const std::string_view message = task().message;
        const bool counted = task().counted;
        cell_.phase = cell_phase::attending;
        const std::exception_ptr thrown = outside([&] { task().operations->finish(task(), turn_); });
        cell_.phase = phase_at_rest();
        me_.asks_ended.add(1);
        if (thrown != nullptr) {
            if (counted) {
                cell_.bury(message, dead_letter_reason::failed);
            }
            flush();
            fail(message, thrown);
        } else if (counted) {
            me_.handled.add(1);
            F::metrics::on_handled();
        }
    }

    // The coroutine handler that the actor is held for is destroyed where it stands, before the state it may point into.
    void drop_task() noexcept {
        const std::string_view message = task().message;
        const bool counted = task().counted;
        report_thrown("destructor", outside([&] { task().operations->drop(task()); }));
        me_.asks_ended.add(1);
        if (counted) {
            cell_.bury(message, dead_letter_reason::stopped);
        }
    }

    // No user message is handled and no continuation runs from here on.
    [[gnu::noinline]] void begin_stop(stop_reason reason) noexcept {
        cell_.phase = cell_phase::stopping;
        // Another thread may have made it just now, to listen to the end: pairs with the exchange in more().
        cell_extra<F>* const extra = cell_.extra.load(std::memory_order_acquire);
        if (extra != nullptr) {
            if (extra->task.frame) {
                drop_task();
            }
            while (extra->asks != nullptr) {
                extra->asks->abandon(*extra->asks);
            }
            while (message_node* const node = extra->take_replayed()) {
                cell_.bury_envelope(node, dead_letter_reason::stopped);
            }
        }
        if (extra != nullptr && extra->youngest_child != nullptr) {
            extra->reason = std::move(reason);
        } else {
            finish(reason);
        }
    }

    bool takes_messages() const noexcept {
        return cell_.phase == cell_phase::running || cell_.phase == cell_phase::replaying;
    }

    // After anything that may have begun a stop or given back messages of a stash. True if the actor goes on with its
    // mailbox; false if the run ends with `outcome_`.
    bool settle() noexcept { return settle_stop() && (cell_.phase == cell_phase::running || replay()); }

    // After anything that may have begun a stop or suspended a handler. True if the actor goes on; false if the cell is given
    // up: gone, or held until a signal. Children stop one after the other, the youngest first.
    [[gnu::noinline]] bool settle_stop() noexcept {
        while (cell_.phase == cell_phase::stopping || cell_.phase == cell_phase::suspended) {
            if (cell_.phase == cell_phase::suspended) {
                flush();
                if (cell_.system.try_hold()) {
                    return false;
                }
                attend();
                continue;
            }
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

    void finish(const stop_reason& reason) noexcept {
        if (cell_.operations->stop != nullptr && !cell_.never_started) {
            report_thrown("stopped", outside([&] { cell_.operations->stop(cell_, reason); }));
        }
        report_thrown("destructor", outside([&] { cell_.operations->destroy_state(cell_); }));
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
        F::metrics::on_stop(cell_.id);
        cell_.phase = cell_phase::closed;
        if (cell_.parent != nullptr) {
            cell_.parent->post(&cell_.stopped_signal);  // the parent drops the tree's reference
        } else {
            me_.group.retire(me_, &cell_);
            cell_.core->remove_root(cell_);
        }
    }

    void report_thrown(std::string_view what, const std::exception_ptr& exception) noexcept {
        if (exception != nullptr) {
            F::metrics::on_failure(cell_.id);
            cell_.core->report(failure{cell_.name(), cell_.id, what, exception});
        }
    }

    // Against one actor that keeps a worker while others wait: read once in 16 messages, since reading costs more than one.
    [[gnu::noinline]] bool time_is_over() noexcept {
        const auto now = std::chrono::steady_clock::now();
        if (since_ == std::chrono::steady_clock::time_point{}) {
            since_ = now;
        }
        return now - since_ > cell_.core->quantum_time;
    }

    cell& cell_;
    worker& me_;
    basic_outbox<F>* const outbox_;
    basic_context<F> turn_;
    std::chrono::steady_clock::time_point since_{};
    std::size_t spent_ = 0;
    run_result outcome_ = run_result::done;  ///< of a run that ends after a message or a signal
};

}  // namespace drover
