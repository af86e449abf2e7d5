#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "drover/actor/cell_end_listeners.hpp"
#include "drover/actor/cell_hooks.hpp"
#include "drover/actor/cell_letters.hpp"
#include "drover/actor/cell_lines.hpp"
#include "drover/actor/cell_parts.hpp"
#include "drover/actor/core.hpp"
#include "drover/actor/mailbox_box.hpp"
#include "drover/base/cache_line.hpp"
#include "drover/features/features.hpp"
#include "drover/features/metrics_part.hpp"
#include "drover/mailbox/system_lane.hpp"
#include "drover/mailbox/tagged_list.hpp"
#include "drover/message/delivery.hpp"
#include "drover/message/signal.hpp"
#include "drover/message/stop_reason.hpp"
#include "drover/scheduling/this_thread.hpp"

namespace drover {

/// An actor: its mailbox, its place in the tree, and behind it, in the typed cell, its state. The first line is what
/// senders touch, the second what the consumer does; the life of a message is told in docs/architecture.md.
///
/// Counted: one for the tree, from which it is released a grace period after it stopped, and one for each ref.
template <class F>
struct basic_cell : senders_line<F>,
                    consumers_line<F>,
                    last_words<F>,
                    cell_end_listeners<F>,
                    cell_hooks<F>,
                    cell_letters<F> {
    using senders = senders_line<F>;
    using consumers = consumers_line<F>;
    using list = tagged_list;
    using context = basic_context<F>;
    using metrics = typename F::metrics;

    /// `own` is the part of its mailbox outside the cell, or null; taken over. `straight`: it runs on the workers, so
    /// that with no such part a send may go straight into its list.
    basic_cell(actor_core<F>& owner, const cell_operations<F>& type_operations, mailbox_box<F>* own,
               bool straight = true) noexcept
        : senders(own != nullptr ? own->operations->run : &run_cell, owner, straight && own == nullptr, type_operations,
                  own),
          consumers(owner.next_id()),
          last_words<F>(&child_operations, &pill_operations) {
        core->retain();
        if (operations->start != nullptr) {
            list::start_scheduled(incoming, consumed);
        } else {
            phase = cell_phase::running;
            list::start_idle(incoming, consumed);
        }
    }

    basic_cell(const basic_cell&) = delete;
    basic_cell& operator=(const basic_cell&) = delete;

    using consumers::consumed;
    using consumers::extra;
    using consumers::id;
    using consumers::older;
    using consumers::outboxed;
    using consumers::own_threaded;
    using consumers::parent;
    using consumers::phase;
    using consumers::system;
    using consumers::younger;
    using senders::box;
    using senders::core;
    using senders::incoming;
    using senders::not_requested;
    using senders::operations;
    using senders::pill_sent;
    using senders::references;
    using senders::requested;
    using last_words<F>::pill;

    static constexpr unsigned ended = 0x40;  ///< in `requested`, beside a stop_kind: it is why the actor stopped

    // --- references ------------------------------------------------------------------------------------------------

    void retain() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            core_record* const owner = core.get();
            delete_extra(extra.load(std::memory_order_relaxed), own_threaded);
            if (box != nullptr) {
                box->operations->free(*this);
            }
            operations->free(this);
            owner->release();
        }
    }
    static void release_runnable(runnable* cell) noexcept { static_cast<basic_cell*>(cell)->release(); }

    std::string_view name() const noexcept {
        const cell_extra<F>* const more = extra.load(std::memory_order_acquire);
        return more != nullptr && !more->name.empty() ? std::string_view(more->name) : operations->name;
    }

    /// Any thread; most of what is in it is the consumer's all the same. Throws std::bad_alloc when it must be made.
    cell_extra<F>& more() {
        cell_extra<F>* present = extra.load(std::memory_order_seq_cst);
        if (present == nullptr) {
            auto fresh = std::make_unique<cell_extra<F>>();
            // In one order with finish(): either it sees this, or on_departure() sees the closed lane.
            if (extra.compare_exchange_strong(present, fresh.get(), std::memory_order_seq_cst)) {
                present = fresh.release();
            }
        }
        return *present;
    }

    // --- the tree: a list of children, youngest first, linked through them ----------------------------------------------

    void link_into(basic_cell*& youngest) noexcept {
        older = youngest;
        if (youngest != nullptr) {
            youngest->younger = this;
        }
        youngest = this;
    }

    /// Its extra is there.
    void adopt_into(basic_cell& its_parent) noexcept {
        parent = &its_parent;
        link_into(its_parent.extra.load(std::memory_order_relaxed)->youngest_child);
    }

    void unlink_from(basic_cell*& youngest) noexcept {
        (younger != nullptr ? younger->older : youngest) = older;
        if (older != nullptr) {
            older->younger = younger;
        }
    }

    // --- sending -----------------------------------------------------------------------------------------------------

    /// Pushes a chain of `count` messages into the list. The caller holds a reference and, unless a worker, a
    /// send_bracket.
    delivery push(lane& mine, message_node* first, message_node* last, std::size_t count) noexcept {
        mine.pushed.add(count);
        this->note_enqueued(mine, first, count);
        return follow_push(mine, list::push_chain(incoming, first, last));
    }

    /// The same for messages that are in the accounts already. `straight`: the cell's core pointer is.
    template <bool straight = false>
    delivery push_counted(lane& mine, message_node* first, message_node* last, std::size_t count) noexcept {
        this->note_enqueued(mine, first, count);
        return follow_push<straight>(mine, list::push_chain(incoming, first, last));
    }

    template <bool straight = false>
    delivery follow_push(lane& mine, push_result result) noexcept {
        switch (result) {
            case push_result::queued: return delivery::accepted;
            case push_result::woke: straight ? schedule_on_workers(mine) : schedule(mine); return delivery::accepted;
            case push_result::closed: break;
        }
        return drain_again();
    }

    /// The actor is ready and the caller is the one who found out.
    void schedule(lane& mine) noexcept { own_threaded ? call_own_thread() : schedule_on_workers(mine); }

    /// The same for one without a thread of its own.
    void schedule_on_workers(lane& mine) noexcept {
        if (mine.queue) [[likely]] {
            auto& me = static_cast<worker&>(mine);
            me.group.schedule(me, this);
        } else {
            core->submit(this);
        }
    }

    /// Any thread that keeps the cell alive during the call. The cell may be gone afterwards.
    system_lane::post_result post(signal_node* node) noexcept {
        lane& mine = lane_to(*core);
        const send_bracket bracket(mine);
        return wake(mine, system.post(node));
    }

    void request_stop(stop_kind why) noexcept {
        lane& mine = lane_to(*core);
        const send_bracket bracket(mine);
        std::uint8_t seen = not_requested;
        // An overflow fails the actor, which may outlive that: so it does not stand in the way of a stop.
        while (!requested.compare_exchange_weak(seen, static_cast<std::uint8_t>(why), std::memory_order_acq_rel)) {
            if (seen != not_requested &&
                (seen != static_cast<std::uint8_t>(stop_kind::failed) || why == stop_kind::failed)) {
                return;
            }
        }
        wake(mine, system.post_stop());  // releases `requested`
    }

    void request_stop_when_drained() noexcept {
        lane& mine = lane_to(*core);
        const send_bracket bracket(mine);
        flush_outbox();
        if (!pill_sent.exchange(true, std::memory_order_acq_rel)) {
            const delivery sent = follow_push(mine, list::push_chain(incoming, &pill, &pill));
            if (sent != delivery::stopped && box != nullptr && box->linger != nullptr) {
                unhold();
            }
        }
    }

    /// Lets a held actor run, if it is held. As post().
    void unhold() noexcept {
        lane& mine = lane_to(*core);
        const send_bracket bracket(mine);
        wake(mine, system.post(nullptr));
    }

    // --- the consumer: the run loop is in actor/actor_run.hpp -----------------------------------------------------------------

    /// Makes every message a dead letter and leaves the mailbox closed. By whoever is the consumer of a stopped actor.
    /// The mailbox is closed before the first sink is called: what a sink sends to this very actor is then refused for
    /// itself, and does not keep this from ending.
    void drain_to_dead_letters() noexcept;

    /// Leaves the mailbox closed and gives what was in it, linked.
    template <class Mailbox>
    message_node* close_mailbox(typename Mailbox::extra& extra_part) noexcept;

    /// The memory of a message that is gone.
    static void release_envelope_of(message_node* node) noexcept { release_envelope<context, stamp_of<F>>(node); }

    void discard(message_node* node) noexcept;

    /// What a mailbox knows of its actor.
    struct mailbox_owner {
        basic_cell& cell;

        [[gnu::always_inline]] static void retire(message_node* node) noexcept {
            release_envelope<context, stamp_of<F>>(node);
        }
        static std::size_t level(const message_node* node) noexcept {
            const auto& letter = *static_cast<const envelope_of<F>*>(node);
            return letter.operations->level != nullptr ? letter.operations->level(node) : 0;
        }
        bool is_mark(const message_node* node) const noexcept { return node == &cell.pill; }
        void fell_to_low_water() const noexcept { cell.tell_water_level(false); }
    };

    /// Tells the subscribers of a limited mailbox that it is fuller, or emptier, than its marks.
    void tell_water_level(bool rose) noexcept;

    void call_own_thread() noexcept;

    static run_result run_cell(runnable* item, lane& mine);

    static void run_pill(message_node*, context&);

private:
    system_lane::post_result wake(lane& mine, system_lane::post_result result) noexcept {
        if (result == system_lane::post_result::removed_held ||
            (result == system_lane::post_result::posted && list::clear_idle(incoming))) {
            schedule(mine);
        }
        return result;
    }

    // What was pushed into a closed mailbox.
    [[gnu::noinline]] delivery drain_again() noexcept {
        retain();  // the ref this send goes through may itself be in a message that is now destroyed
        drain_to_dead_letters();
        release();
        return delivery::stopped;
    }

    static void on_child_stopped(signal<context>* node, context& turn);

    // Never refused: a parent closes after its last child.
    static constexpr signal_operations<context> child_operations{&on_child_stopped, [](signal<context>*) noexcept {}};

    static constexpr operations_of<F> pill_operations{&run_pill, [](message_node*) {}, operations_of<F>::not_pooled,
                                                      "stop_when_drained"};
};

static_assert(sizeof(basic_cell<features>) <= 3 * cache_line, "an idle actor with a small state takes 192 bytes");

}  // namespace drover
