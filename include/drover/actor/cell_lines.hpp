#pragma once

#include <atomic>
#include <cstdint>

#include "drover/actor/cell_parts.hpp"
#include "drover/actor/core.hpp"
#include "drover/actor/mailbox_box.hpp"
#include "drover/base/cache_line.hpp"
#include "drover/features/features.hpp"
#include "drover/mailbox/system_lane.hpp"
#include "drover/mailbox/tagged_list.hpp"
#include "drover/message/signal.hpp"
#include "drover/scheduling/runnable.hpp"

namespace drover {

// The lines of a cell. A line that a sender writes and the consumer reads at each message goes to and fro between their
// cores, which takes longer than all the rest of the message: so what either of them needs all the time stands in a
// line of its own (decision 20).

/// What senders touch.
template <class F>
struct alignas(cache_line) senders_line : runnable {
    static constexpr std::uint8_t not_requested = 0xff;

    senders_line(run_function* function, actor_core<F>& owner, bool straight, const cell_operations<F>& type_operations,
                 mailbox_box<F>* own) noexcept
        : runnable(function), core(owner, straight), operations(&type_operations), box(own) {}

    tagged_list::producer_side incoming;
    std::atomic<std::uint32_t> references{2};
    /// A stop_kind: why a stop was posted, the first one; then why it stopped.
    std::atomic<std::uint8_t> requested{not_requested};
    std::atomic<bool> pill_sent{false};  ///< the mark of stop_when_drained() has been pushed, or is about to be
    std::uint8_t label = 0;              ///< for metrics that want one
    const core_pointer<F> core;
    const cell_operations<F>* const operations;
    mailbox_box<F>* const box;  ///< null: the mailbox is the list
};

/// What the consumer reads and writes at each message.
template <class F>
struct alignas(cache_line) consumers_line {
    explicit consumers_line(actor_id number) noexcept : id(number) {}

    tagged_list::consumer_side consumed;
    system_lane system;
    cell_phase phase = cell_phase::fresh;
    bool never_started : 1 = false;  ///< the runtime stopped before `started` could run, so `stopped` is not run either
    bool stateless : 1 = false;      ///< between two states: the old one is gone and the new one not there
    bool outboxed : 1 = false;       ///< its sends go through an outbox; set before anybody else knows the cell
    bool own_threaded : 1 = false;   ///< it has a thread of its own; as above, and then no send goes straight
    basic_cell<F>* parent = nullptr;
    basic_cell<F>* older = nullptr;  // its siblings
    basic_cell<F>* younger = nullptr;
    std::atomic<cell_extra<F>*> extra{nullptr};
    const actor_id id;
};

/// What is sent once: the signal that tells the parent that this actor is gone, and the mark behind which it stops.
template <class F>
struct last_words : signal<basic_context<F>> {
    last_words(const signal_operations<basic_context<F>>* gone, const operations_of<F>* stop) noexcept
        : signal<basic_context<F>>(gone), pill(stop) {}

    envelope_of<F> pill;  ///< pushed behind what is queued by stop_when_drained()
};

static_assert(sizeof(senders_line<features>) == cache_line && sizeof(consumers_line<features>) == cache_line);

}  // namespace drover
