#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <string_view>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/actor/context.hpp"
#include "drover/actor/message_deadline.hpp"
#include "drover/actor/outbox.hpp"
#include "drover/actor/receive_timeout.hpp"
#include "drover/features/metrics_part.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// What one run of an actor has in hand, and the small things that every part of it needs: user code is called, time is
/// looked at, what was handled is counted. The parts stand on it in a row, each in a header: actor_ending,
/// actor_attending, actor_replay, actor_life; actor_run, which knows the mailbox, is the last.
template <class F>
class actor_turn {
public:
    actor_turn(const actor_turn&) = delete;
    actor_turn& operator=(const actor_turn&) = delete;

protected:
    using cell = basic_cell<F>;

    /// `outbox` is open, or null if the actor has none.
    actor_turn(cell& self, worker& me, basic_outbox<F>* outbox,
               typename basic_context<F>::take_function* take_more) noexcept
        : cell_(self), me_(me), outbox_(outbox), turn_(self, me, take_more) {}
    ~actor_turn() = default;

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

    // Runs user code that handles no message, outside the runtime. Null if it returned.
    template <class Code>
    std::exception_ptr outside(Code code) noexcept {
        std::exception_ptr thrown = outside_for_message(code);
        note_other();
        return thrown;
    }

    // The same of code that does.
    template <class Code>
    std::exception_ptr outside_for_message(Code& code) noexcept {
        std::exception_ptr thrown;
        me_.inside.leave();
        try {
            code();
        } catch (...) {
            thrown = std::current_exception();
        }
        me_.inside.enter();
        me_.pieces.add(1);
        return thrown;
    }

    // Under its deadline, if it has one.
    [[gnu::always_inline]] void run_letter(envelope_of<F>& letter, bool bounded) {
        if constexpr (has_deadlines<F>) {
            if (bounded) {
                run_bounded(letter);
                return;
            }
        }
        letter.operations->run(&letter, turn_);
    }

    [[gnu::noinline]] void run_bounded(envelope_of<F>& letter) {
        if constexpr (has_deadlines<F>) {
            const deadline_here scope(letter.stamp.deadline.at, cell_.core->timers);
            letter.operations->run(&letter, turn_);
        }
    }

    // Its turn came too late. Its envelope stays.
    [[gnu::noinline]] void expire(envelope_of<F>& letter) noexcept {
        bury_expired<F>(cell_, &letter);
        note_time();
        me_.pieces.add(1);
        note_other();
    }

    // How many messages beside its own the handler that has just run got.
    std::size_t take_batched() noexcept {
        const std::size_t batched = turn_.exchange_batched();
        spent_ += batched;
        return batched;
    }

    // Another thread may be the one that made it, to listen to the end: pairs with the exchange in more().
    cell_extra<F>* extra_now() const noexcept { return cell_.extra.load(std::memory_order_acquire); }

    // For an actor that hears of silence.
    void note_time() noexcept {
        const cell_extra<F>* const extra = extra_now();
        if (extra != nullptr && extra->silence != nullptr) {
            extra->silence->note();
        }
    }

    void count_handled(const envelope_of<F>& letter) noexcept {
        if (cell_.phase == cell_phase::suspended) {
            note_other();
            return;  // end_task() does it
        }
        note_time();
        if (std::exchange(cell_.phase, phase_at_rest()) == cell_phase::unhandled) {
            cell_.bury(letter.operations->message, dead_letter_reason::unhandled);
            return;
        }
        note_handled(cell_, me_, take_batched() + 1);
    }

    // Its handler is about to run. The mark of stop_when_drained() is no message.
    [[gnu::always_inline]] static void note_taken(const cell& self, const worker& me,
                                                  const envelope_of<F>& letter) noexcept {
        if (&letter != &self.pill) {
            F::metrics::on_dequeue(metrics_part<F>(me), self.subject(), letter.stamp.metrics);
        }
    }

    [[gnu::always_inline]] static void note_handled(const cell& self, worker& me, std::size_t count) noexcept {
        me.handled.add(count);
        F::metrics::on_handled(metrics_part<F>(me), self.subject(), count);
    }

    // Time has passed here in which no message was handled.
    void note_other() noexcept { F::metrics::on_other(metrics_part<F>(me_)); }

    cell_phase phase_at_rest() const noexcept {
        const cell_extra<F>* const extra = extra_now();
        if (extra == nullptr) {
            return cell_phase::running;
        }
        if (extra->first_replayed != nullptr) {
            return cell_phase::replaying;
        }
        return extra->silence != nullptr && extra->silence->wanted() ? cell_phase::timed : cell_phase::running;
    }

    bool takes_messages() const noexcept { return is_running(cell_.phase) || cell_.phase == cell_phase::replaying; }

    // Takes messages, or will when its coroutine has ended.
    bool lives() const noexcept { return takes_messages() || cell_.phase == cell_phase::suspended; }

    void report_thrown(std::string_view what, const std::exception_ptr& exception) noexcept {
        if (exception != nullptr) {
            report_failure(what, exception);
        }
    }

    void report_failure(std::string_view what, const std::exception_ptr& exception) noexcept {
        F::metrics::on_failure(metrics_part<F>(me_), cell_.subject());
        cell_.core->report(failure{cell_.name(), cell_.id, what, exception});
    }

    // Against one actor that keeps a worker while others wait: read once in 16 messages, since reading costs more than
    // one.
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
