#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <string_view>
#include <utility>

#include "drover/actor/boxed_mailbox.hpp"
#include "drover/actor/cell.hpp"
#include "drover/actor/context.hpp"
#include "drover/actor/linger.hpp"
#include "drover/actor/outbox.hpp"
#include "drover/actor/reply.hpp"
#include "drover/base/cpu_pause.hpp"
#include "drover/base/prefetch.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// One run of one actor on one worker: its signals first, then messages until there are none, its share is over, or it
/// stops. Whoever returns run_result::done has given the cell up and touches it no more.
template <class F, class Mailbox>
class actor_run {
public:
    using extra_type = typename Mailbox::extra;

    /// `outbox` is open, or null if the actor has none.
    actor_run(basic_cell<F>& self, extra_type& own, worker& me, basic_outbox<F>* outbox) noexcept
        : cell_(self), own_(own), me_(me), outbox_(outbox), turn_(self, me, &take_more) {}

    [[gnu::always_inline]] run_result operator()() noexcept {
        // Named here so that they stay in registers: the object itself is known to what is called.
        basic_cell<F>& self = cell_;
        extra_type& own = own_;
        worker& me = me_;
        const owner its{self};
        if (self.core->stopping()) [[unlikely]] {
            return await_stop();
        }
        if (self.phase != cell_phase::running && !resume()) [[unlikely]] {
            return outcome_;
        }
        std::size_t left = self.core->quantum;
        unsigned empty_looks = 0;
        [[maybe_unused]] bool lingered = false;
        for (;;) {
            if (!self.system.quiet()) [[unlikely]] {
                attend();
                if (!settle()) {
                    return outcome_;
                }
            }
            if constexpr (Mailbox::limited) {
                if (self.box->linger != nullptr && !lingered) [[unlikely]] {
                    flush();
                    const auto outcome = self.box->linger->hold(own.room);
                    if (outcome == linger_state<F>::outcome::held) {
                        return run_result::done;
                    }
                    if (outcome == linger_state<F>::outcome::look_again) {
                        continue;
                    }
                    lingered = true;
                }
            }
            message_node* const node = Mailbox::pop(self.incoming, self.consumed, own, its);
            if (node != nullptr) [[likely]] {
                prefetch_to_read(node->next.load(std::memory_order_relaxed));
                const after_handler after = handle(self, me, node);
                if (after != after_handler::next) [[unlikely]] {
                    if (after == after_handler::stopped) {
                        return outcome_;
                    }
                    left -= std::min(left - 1, turn_.exchange_batched());
                }
                left -= 1;
                if (left == 0 || (left % clock_every == 0 && time_is_over())) [[unlikely]] {
                    return share_is_over();
                }
            } else if (me.next.load(std::memory_order_relaxed) == nullptr && waited_for_more(left)) {
                continue;
            } else if (flush(); Mailbox::try_mark_idle(self.incoming, self.consumed, own, its)) {
                // From here on the cell may be another worker's; only its words may be touched. A signal that came before
                // the mark found no mark to remove, so it is ours to see; both sides change the list's word, and that
                // orders our look at the lane after their post. So it is with what a mailbox keeps outside the list.
                if ((self.system.quiet() && Mailbox::quiet(own)) || !cell::list::clear_idle(self.incoming)) [[likely]] {
                    return run_result::done;
                }
            } else {
                if constexpr (Mailbox::limited) {
                    lingered = false;
                }
                // A sender is between its two steps. It may have lost its processor there: let others run.
                if (++empty_looks == most_empty_looks) {
                    return share_is_over();
                }
                cpu_pause();
            }
        }
    }

private:
    using cell = basic_cell<F>;
    using owner = typename cell::mailbox_owner;

    enum class after_handler : std::uint8_t {
        next,     ///< as after most messages
        special,  ///< it goes on, and the context has something for the loop
        stopped,  ///< the run ends
    };

    static constexpr std::size_t clock_every = 16;
    static constexpr unsigned most_empty_looks = 64;
    static constexpr unsigned most_waits = 2;
    static constexpr int pauses_for_more = 32;

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
            case cell_phase::replaying: return settle();
            default: return true;
        }
    }

    [[gnu::noinline]] bool begin() noexcept {
        cell_.phase = cell_phase::attending;
        F::metrics::on_start(cell_.id);
        const std::exception_ptr thrown = outside([&] { cell_.operations->start(cell_, turn_); });
        cell_.phase = phase_at_rest();
        if (thrown != nullptr) {
            fail("started", thrown);
        }
        return settle();
    }

    // As outside(), without an exception pointer on the path that every message takes.
    [[gnu::always_inline]] after_handler handle(cell& self, worker& me, message_node* node) noexcept {
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
            return after_handler::next;
        }
        return handle_special(letter);
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
        if (std::exchange(cell_.phase, phase_at_rest()) == cell_phase::unhandled) {
            cell_.bury(letter.operations->message, dead_letter_reason::unhandled);
            return;
        }
        for (std::size_t each = 0; each <= turn_.batched(); ++each) {
            me_.handled.add(1);
            F::metrics::on_handled();
        }
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
        for (std::size_t each = 0; each <= turn_.batched(); ++each) {
            cell_.bury(message, dead_letter_reason::failed);
        }
        flush();
        fail(message, thrown);
        return after_settling();
    }

    after_handler after_settling() noexcept { return settle() ? after_handler::special : after_handler::stopped; }

    // For the context: the rest of a batch.
    static std::size_t take_more(cell& self, const operations_of<F>* record, message_node** nodes,
                                 std::size_t most) noexcept {
        const inside_scope scope(static_cast<worker&>(*this_thread().current).inside);
        if (self.phase == cell_phase::replaying) {
            return 0;  // what comes next is out of the stash
        }
        return with_extra(self, [&](extra_type& own) noexcept {
            const taking_owner its{{self}, Mailbox::given(self.incoming, self.consumed, own)};
            const auto same = [record](const message_node* node) noexcept {
                return static_cast<const envelope_of<F>*>(node)->operations == record;
            };
            std::size_t taken = 0;
            while (taken != most) {
                message_node* const node = Mailbox::pop(self.incoming, self.consumed, own, its, same);
                if (node == nullptr) {
                    break;
                }
                F::tracing::received(static_cast<envelope_of<F>*>(node)->stamp, self.id);
                nodes[taken++] = node;
            }
            if (taken != 0 && self.phase == cell_phase::running) {
                self.phase = cell_phase::batched;
            }
            return taken;
        });
    }

    template <class Code>
    static auto with_extra(cell& self, Code code) noexcept {
        if constexpr (std::is_same_v<Mailbox, unbounded_mailbox>) {
            extra_type none;
            return code(none);
        } else {
            return code(boxed_mailbox<F, Mailbox>::of(self).extra);
        }
    }

    // While a batch is taken its nodes stay, but for the one that was moved from before.
    struct taking_owner : owner {
        const message_node* handled;
        void retire(message_node* node) const noexcept {
            if (node == handled) {
                cell::release_envelope_of(node);
            }
        }
    };

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

    // No user message is handled and no continuation runs from here on.
    [[gnu::noinline]] void begin_stop(stop_reason reason) noexcept {
        cell_.phase = cell_phase::stopping;
        // Another thread may have made it just now, to listen to the end: pairs with the exchange in more().
        cell_extra<F>* const extra = cell_.extra.load(std::memory_order_acquire);
        if (extra != nullptr) {
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
    extra_type& own_;
    worker& me_;
    basic_outbox<F>* const outbox_;
    basic_context<F> turn_;
    std::chrono::steady_clock::time_point since_{};
    std::size_t left_at_wait_ = 0;
    unsigned waits_ = 0;
    run_result outcome_ = run_result::done;  ///< of a run that ends after a message or a signal
};

namespace detail {

template <class F, class Mailbox>
run_result run_actor(basic_cell<F>& self, typename Mailbox::extra& own, worker& me) noexcept {
    basic_outbox<F>* const outbox = self.outboxed ? basic_outbox<F>::open(me, self) : nullptr;
    actor_run<F, Mailbox> run(self, own, me, outbox);
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

template <class F, class Mailbox>
const mailbox_operations<F> boxed_mailbox<F, Mailbox>::record{
    &admit,
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
    basic_cell& child = static_cast<child_signal*>(node)->child;
    const inside_scope scope(turn.on().inside);
    child.unlink_from(turn.cell().more().youngest_child);
    turn.on().group.retire(turn.on(), &child);
}

}  // namespace drover
