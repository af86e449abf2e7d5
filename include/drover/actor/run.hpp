#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <string_view>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/actor/context.hpp"
#include "drover/actor/reply.hpp"
#include "drover/base/cpu_pause.hpp"
#include "drover/base/prefetch.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// One run of one actor on one worker: its signals first, then messages until there are none, its share is over, or it
/// stops. Whoever returns run_result::done has given the cell up and touches it no more.
template <class F>
class actor_run {
public:
    actor_run(basic_cell<F>& self, worker& me) noexcept : cell_(self), me_(me), turn_(self, me) {}

    [[gnu::always_inline]] run_result operator()() noexcept {
        // Named here so that they stay in registers: the object itself is known to what is called.
        basic_cell<F>& self = cell_;
        worker& me = me_;
        if (self.core->stopping()) [[unlikely]] {
            return await_stop();
        }
        if (self.phase == cell_phase::fresh && !begin()) [[unlikely]] {
            return run_result::done;
        }
        std::size_t left = self.core->quantum;
        unsigned empty_looks = 0;
        for (;;) {
            if (!self.system.quiet()) [[unlikely]] {
                attend();
                if (!settle()) {
                    return run_result::done;
                }
            }
            message_node* const node = mailbox::pop(self.incoming, self.consumed, cell::release_envelope_of);
            if (node != nullptr) [[likely]] {
                prefetch_to_read(node->next.load(std::memory_order_relaxed));
                if (!handle(self, me, node)) [[unlikely]] {
                    return run_result::done;
                }
                left -= 1;
                if (left == 0 || (left % clock_every == 0 && time_is_over())) [[unlikely]] {
                    return run_result::again;
                }
            } else if (me.next.load(std::memory_order_relaxed) == nullptr && waited_for_more(left)) {
                continue;
            } else if (mailbox::try_mark_idle(self.incoming, self.consumed, cell::release_envelope_of)) {
                // From here on the cell may be another worker's; only these two words may be touched. A signal that came
                // before the mark found no mark to remove, so it is ours to see; both sides change the mailbox's word, and
                // that orders our look at the lane after their post.
                if (self.system.quiet() || !mailbox::clear_idle(self.incoming)) [[likely]] {
                    return run_result::done;
                }
            } else {
                // A sender is between its two steps. It may have lost its processor there: let others run.
                if (++empty_looks == most_empty_looks) {
                    return run_result::again;
                }
                cpu_pause();
            }
        }
    }

private:
    using cell = basic_cell<F>;
    using mailbox = typename cell::mailbox;

    static constexpr std::size_t clock_every = 16;
    static constexpr unsigned most_empty_looks = 64;
    static constexpr unsigned most_waits = 2;
    static constexpr int pauses_for_more = 32;

    // A worker that has nothing else to do waits a moment for more before it lets the actor go idle. A stream from another
    // core then comes in batches, instead of one wake-up a message with both cores fighting over the same lines. True if it
    // has waited: at most twice after a message, and not before the first.
    [[gnu::noinline]] bool waited_for_more(std::size_t left) noexcept {
        if (left != left_at_wait_) {
            left_at_wait_ = left;
            waits_ = 0;
        }
        if (left == cell_.core->quantum || waits_ == most_waits || me_.group.has_other_work(me_)) {
            return false;
        }
        waits_ += 1;
        for (int each = 0; each != pauses_for_more; ++each) {
            cpu_pause();
        }
        return true;
    }

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
                if (!settle()) {
                    return run_result::done;
                }
            }
        } while (!cell_.system.try_hold());
        return run_result::done;
    }

    [[gnu::noinline]] bool begin() noexcept {
        cell_.phase = cell_phase::attending;
        F::metrics::on_start(cell_.id);
        const std::exception_ptr thrown = outside([&] { cell_.operations->start(cell_, turn_); });
        cell_.phase = cell_phase::running;
        if (thrown != nullptr) {
            fail("started", thrown);
        }
        return settle();
    }

    // True if the actor goes on. As outside(), without an exception pointer on the path that every message takes.
    [[gnu::always_inline]] bool handle(cell& self, worker& me, message_node* node) noexcept {
        auto& letter = *static_cast<envelope_of<F>*>(node);
        F::tracing::received(letter.stamp, self.id);
        me.inside.leave();
        try {
            letter.operations->run(node, turn_);
        } catch (...) {
            me.inside.enter();
            return handle_thrown(letter, std::current_exception());
        }
        me.inside.enter();
        if (self.phase == cell_phase::running) [[likely]] {
            me.handled.add(1);
            F::metrics::on_handled();
            return true;
        }
        begin_stop(stop_reason(stop_kind::drained));
        return settle();
    }

    [[gnu::noinline]] bool handle_thrown(const envelope_of<F>& letter, const std::exception_ptr& thrown) noexcept {
        const std::string_view message = letter.operations->message;
        cell_.bury(message, dead_letter_reason::failed);
        fail(message, thrown);
        return settle();
    }

    // An exception left the actor's code: one report, and the actor stops unless its hook decides otherwise.
    void fail(std::string_view what, const std::exception_ptr& exception) noexcept {
        F::metrics::on_failure(cell_.id);
        cell_.core->report(failure{cell_.name(), cell_.id, what, exception});
        const cell_extra<F>* const extra = cell_.extra.load(std::memory_order_relaxed);
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
            const std::exception_ptr thrown = outside([&] { received->operations->deliver(received, turn_); });
            cell_.phase = before;
            if (thrown != nullptr) {
                fail("then", thrown);
            }
            each = next;
        }
        if (taken.stop && cell_.phase == cell_phase::running) {
            begin_stop(stop_reason(static_cast<stop_kind>(cell_.requested.load(std::memory_order_relaxed))));
        }
    }

    // No user message is handled and no continuation runs from here on.
    [[gnu::noinline]] void begin_stop(stop_reason reason) noexcept {
        cell_.phase = cell_phase::stopping;
        cell_extra<F>* const extra = cell_.extra.load(std::memory_order_relaxed);
        if (extra != nullptr) {
            while (extra->asks != nullptr) {
                extra->asks->abandon(*extra->asks);
            }
        }
        if (extra != nullptr && extra->youngest_child != nullptr) {
            extra->reason = std::move(reason);
        } else {
            finish(reason);
        }
    }

    // After anything that may have begun a stop. True if the actor goes on; false if the cell is given up: gone, or held
    // until the signal of a child. Children stop one after the other, the youngest first.
    [[gnu::noinline]] bool settle() noexcept {
        while (cell_.phase == cell_phase::stopping) {
            cell_extra<F>& extra = *cell_.extra.load(std::memory_order_relaxed);
            if (extra.youngest_child == nullptr) {
                finish(*extra.reason);
            } else {
                extra.youngest_child->request_stop(stop_kind::parent_stopped);
                if (cell_.system.try_hold()) {
                    return false;
                }
                attend();
            }
        }
        return cell_.phase == cell_phase::running;
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
        cell_.drain_to_dead_letters();
        cell_.depart();
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
    basic_context<F> turn_;
    std::chrono::steady_clock::time_point since_{};
    std::size_t left_at_wait_ = 0;
    unsigned waits_ = 0;
};

template <class F>
run_result basic_cell<F>::run_cell(runnable* item, lane& mine) {
    actor_run<F> run(static_cast<basic_cell&>(*item), static_cast<worker&>(mine));
    return run();
}

template <class F>
void basic_cell<F>::run_pill(message_node*, context& turn) {
    const inside_scope scope(turn.on().inside);
    turn.cell().phase = cell_phase::ending;
}

template <class F>
void basic_cell<F>::on_child_stopped(signal<context>* node, context& turn) {
    basic_cell& child = static_cast<child_signal*>(node)->child;
    const inside_scope scope(turn.on().inside);
    child.unlink_from(turn.cell().more().youngest_child);
    turn.on().group.retire(turn.on(), &child);
}

}  // namespace drover
