#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <type_traits>

#include "drover/actor/boxed_mailbox.hpp"
#include "drover/actor/cell.hpp"
#include "drover/actor/context.hpp"
#include "drover/actor/life.hpp"
#include "drover/actor/linger.hpp"
#include "drover/actor/outbox.hpp"
#include "drover/actor/stop_limit.hpp"
#include "drover/base/cpu_pause.hpp"
#include "drover/base/prefetch.hpp"
#include "drover/features/metrics_part.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// One run of one actor on one worker: its signals first, then messages until there are none, its share is over, or it
/// stops. Whoever returns run_result::done has given the cell up and touches it no more.
template <class F, class Mailbox>
class actor_run : actor_life<F> {
public:
    using extra_type = typename Mailbox::extra;

    /// `outbox` is open, or null if the actor has none.
    actor_run(basic_cell<F>& self, extra_type& own, worker& me, basic_outbox<F>* outbox) noexcept
        : actor_life<F>(self, me, outbox, &take_more), own_(own) {}

    /// The thread has waited for this run.
    void has_waited() noexcept { life::note_other(); }

    [[gnu::always_inline]] run_result operator()() noexcept {
        // Named here so that they stay in registers: the object itself is known to what is called.
        basic_cell<F>& self = cell_;
        extra_type& own = own_;
        worker& me = me_;
        const owner its{self};
        const actor_core<F>& core = *self.core;
        if (core.stopping()) [[unlikely]] {
            return life::await_stop();
        }
        if (self.phase != cell_phase::running && !life::resume()) [[unlikely]] {
            return outcome_;
        }
        std::size_t left = core.quantum;
        unsigned empty_looks = 0;
        [[maybe_unused]] bool lingered = false;
        for (;;) {
            if (!self.system.quiet()) [[unlikely]] {
                life::attend();
                if (!life::settle()) {
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
                prefetch_following(node);
                const after_handler after = handle(self, me, node);
                if (after != after_handler::next) [[unlikely]] {
                    if (after == after_handler::stopped) {
                        return outcome_;
                    }
                    left -= std::min(left - 1, life::exchange_spent());
                }
                left -= 1;
                if (left == 0 || (left % life::clock_every == 0 && time_is_over())) [[unlikely]] {
                    return share_is_over();
                }
            } else if (me.next.load(std::memory_order_relaxed) == nullptr && waited_for_more(left)) {
                continue;
            } else if (flush(); Mailbox::try_mark_idle(self.incoming, self.consumed, own, its)) {
                // From here on the cell may be another worker's; only its words may be touched. A signal that came
                // before the mark found no mark to remove, so it is ours to see; both sides change the list's word, and
                // that orders our look at the lane after their post. So it is with what a mailbox keeps outside the
                // list.
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
    using life = actor_life<F>;
    using cell = basic_cell<F>;
    using owner = typename cell::mailbox_owner;
    using life::cell_;
    using life::flush;
    using life::me_;
    using life::outcome_;
    using life::share_is_over;
    using life::time_is_over;
    using life::turn_;
    using typename life::after_handler;

    static constexpr std::uintptr_t farthest = 65'536;  // bytes
    static constexpr std::uintptr_t steps_ahead = 4;
    static constexpr unsigned most_empty_looks = 64;
    static constexpr unsigned most_waits = 2;
    static constexpr int pauses_for_more = 32;

    // The next message, and where one further on stands if a sender takes its blocks one after the other: beside each
    // other if all are for this actor, and always as far apart if it sends to many in turn.
    static void prefetch_following(const message_node* node) noexcept {
        const message_node* const next = node->next.load(std::memory_order_relaxed);
        prefetch_to_read(next);
        const auto here = reinterpret_cast<std::uintptr_t>(node);
        const std::uintptr_t step = reinterpret_cast<std::uintptr_t>(next) - here;
        if (step + farthest <= 2 * farthest) {
            prefetch_to_read(reinterpret_cast<const void*>(here + steps_ahead * step));
        }
    }

    // A worker that has nothing else to do waits a moment for more before it lets the actor go idle. A stream from
    // another core then comes in batches, instead of one wake-up a message with both cores fighting over the same
    // lines. True if it has waited: at most twice after a message, and not before the first.
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
        life::note_other();
        return true;
    }

    // As outside(), without an exception pointer on the path that every message takes.
    [[gnu::always_inline]] after_handler handle(cell& self, worker& me, message_node* node) noexcept {
        auto& letter = *static_cast<envelope_of<F>*>(node);
        const bool bounded = is_bounded<F>(letter);
        if (bounded && has_expired<F>(letter, *self.core)) [[unlikely]] {
            return leave_out(letter);
        }
        life::note_taken(self, me, letter);
        me.inside.leave();
        try {
            [[maybe_unused]] const typename F::tracing::handling here(letter.stamp.tracing, self.id,
                                                                      letter.operations->names);
            life::run_letter(letter, bounded);
        } catch (...) {
            me.inside.enter();
            return life::handle_thrown(still_there(letter), std::current_exception());
        }
        me.inside.enter();
        if (self.phase == cell_phase::running) [[likely]] {
            life::note_handled(self, me, 1);
            return after_handler::next;
        }
        return life::handle_special(letter);
    }

    // The message taken last, whose deadline has passed.
    [[gnu::noinline]] after_handler leave_out(envelope_of<F>& letter) noexcept {
        cell_.note_left();
        life::expire(letter);
        leave_out_of(own_);
        return after_handler::next;
    }

    static void leave_out_of([[maybe_unused]] extra_type& own) noexcept {
        if constexpr (requires { Mailbox::leave_out(own); }) {
            Mailbox::leave_out(own);
        }
    }

    // Of a batch only the envelope taken last has not gone back to the pool. All of them have one record.
    [[gnu::noinline]] const envelope_of<F>& still_there(const envelope_of<F>& first) const noexcept {
        return cell_.phase == cell_phase::batched
                   ? *static_cast<const envelope_of<F>*>(Mailbox::given(cell_.incoming, cell_.consumed, own_))
                   : first;
    }

    // For the context: the rest of a batch. No record: of that, the first of `nodes` has come too late and is left out.
    static std::size_t take_more(cell& self, const operations_of<F>* record, message_node** nodes,
                                 std::size_t most) noexcept {
        const inside_scope scope(static_cast<worker&>(*this_thread().current).inside);
        if (self.phase == cell_phase::replaying) {
            return 0;  // what comes next is out of the stash
        }
        return with_extra(self, [&](extra_type& own) noexcept {
            if constexpr (has_deadlines<F>) {
                if (record == nullptr) [[unlikely]] {
                    bury_expired<F>(self, *nodes);
                    leave_out_of(own);
                    return std::size_t{0};
                }
            }
            const auto same = [record](const message_node* node) noexcept {
                return static_cast<const envelope_of<F>*>(node)->operations == record;
            };
            const message_node* const handled = Mailbox::given(self.incoming, self.consumed, own);
            std::size_t taken = 0;
            if constexpr (requires { Mailbox::take(self.consumed, nodes, most, same); }) {
                taken = Mailbox::take(self.consumed, nodes, most, same);
                if (taken != 0 && handled != nullptr) {
                    cell::release_envelope_of(const_cast<message_node*>(handled));
                }
            } else {
                const taking_owner its{{self}, handled};
                while (taken != most) {
                    message_node* const node = Mailbox::pop(self.incoming, self.consumed, own, its, same);
                    if (node == nullptr) {
                        break;
                    }
                    nodes[taken++] = node;
                }
            }
            if constexpr (has_metrics<F> || has_tracing<F>) {
                for (std::size_t each = 0; each != taken; ++each) {
                    const auto& letter = *static_cast<envelope_of<F>*>(nodes[each]);
                    F::tracing::joined(letter.stamp.tracing, self.id, letter.operations->names);
                    life::note_taken(self, static_cast<worker&>(*this_thread().current), letter);
                }
            }
            if (taken != 0 && is_running(self.phase)) {
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

    extra_type& own_;
    std::size_t left_at_wait_ = 0;
    unsigned waits_ = 0;
};

}  // namespace drover
