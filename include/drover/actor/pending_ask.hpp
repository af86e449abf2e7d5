#pragma once

#include <atomic>
#include <cstdint>

#include "drover/actor/cell.hpp"
#include "drover/actor/guard.hpp"
#include "drover/actor/membership.hpp"
#include "drover/base/clock.hpp"
#include "drover/base/futex.hpp"
#include "drover/mailbox/system_lane.hpp"
#include "drover/message/signal.hpp"
#include "drover/scheduling/this_thread.hpp"
#include "drover/scheduling/timer_wheel.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// What an asker and an actor share about one ask; the part that does not depend on the reply. Counted: the asker, the
/// request in the mailbox or the promise, and the timer while it is armed. Whoever claims it first answers: a reply, a
/// timeout, the end of the actor.
template <class F>
struct pending_ask : signal<basic_context<F>>, timer {
    using base = signal<basic_context<F>>;

    enum phase_type : std::uint32_t {
        open,       ///< no result, nobody waits
        waiting,    ///< a thread waits on this word
        continued,  ///< the asking actor goes on when the result is there
        forwarded,  ///< `forward` is called when the result is there
        abandoned,  ///< the asking actor has stopped
        ready,      ///< the result is there
    };

    pending_ask(basic_cell<F>& asked, const signal_operations<basic_context<F>>* record,
                timer::fire_function* fire_) noexcept
        : base(record), timer(fire_), target(asked) {
        target.retain();
    }

    basic_cell<F>& target;
    basic_cell<F>* asker = nullptr;  ///< set once it waits; counted once it has let go of a result under way
    pending_ask* next_of_asker = nullptr;
    pending_ask* previous_of_asker = nullptr;
    std::atomic<std::uint32_t> references{2};
    std::atomic<std::uint32_t> phase{open};
    enum claim_type : std::uint8_t {
        unclaimed,
        charged,  ///< and a pool's member, `charged_to`, hears of its end
        claimed,
    };
    std::atomic<std::uint8_t> claim_word{unclaimed};
    bool timed = false;
    bool shared = false;                 ///< two may answer, or it may be charged: set before the second can
    std::atomic<bool> withdrawn{false};  ///< nobody wants it any more: a handler that has not begun need not
    void (*abandon)(pending_ask&) noexcept = nullptr;  ///< by the asking actor when it stops; set with `asker`
    void (*forward)(pending_ask&) noexcept =
        nullptr;  ///< in whichever thread has the result, once; has the asker's count
    void* forward_to = nullptr;
    basic_cell<F>* charged_to;  ///< counted, while the claim's word says so; else not even set

    /// When it ends, on the asked actor's clock; time_point::max() if never. Fixed once the message is under way.
    time_point due() const noexcept {
        return timed ? time_point(clock_duration(static_cast<clock_duration::rep>(this->deadline))) : time_point::max();
    }

    /// Most asks have one who can answer, and no timer. `how`: what a member that it is charged to hears.
    bool claim(ask_outcome how) noexcept {
        if (!timed && !shared) [[likely]] {
            return true;
        }
        const std::uint8_t before = claim_word.exchange(claimed, std::memory_order_acq_rel);
        if (before == unclaimed) [[likely]] {
            return true;
        }
        return before == charged && tell_charged(how);
    }

    /// From now on `member`, which a pool has made, hears how this ends, in place of the actor that was asked. By
    /// whoever has the message: it is in no mailbox, or is just taken out of the member's. False if it has ended
    /// already.
    bool charge_to(basic_cell<F>& member) noexcept {
        std::uint8_t seen = claim_word.load(std::memory_order_relaxed);
        if (seen == charged) {
            basic_cell<F>* const before = charged_to;  // only we change it
            if (before == &member) {
                return true;
            }
            if (claim_word.compare_exchange_strong(seen, unclaimed, std::memory_order_acquire)) {
                before->release();
            }
        }
        shared = shared || !timed;
        member.retain();
        charged_to = &member;
        seen = unclaimed;
        if (claim_word.compare_exchange_strong(seen, charged, std::memory_order_acq_rel)) {
            return true;
        }
        member.release();
        return false;
    }

    /// By the claimant, after the result has been written: hands it to whoever waits. False if it took the claimant's
    /// count along, so that the record may be gone.
    [[nodiscard]] bool publish() noexcept {
        switch (phase.exchange(ready, std::memory_order_acq_rel)) {
            case waiting: futex_wake_all(phase); return true;
            case continued: return hand_over();
            case forwarded: forward(*this); return true;
            default: return true;
        }
    }

    /// The asker's: `what` is called instead of waking anybody; here if the result is there.
    void forward_by(void (*what)(pending_ask&) noexcept, void* to) noexcept {
        forward = what;
        forward_to = to;
        std::uint32_t expected = open;
        if (!phase.compare_exchange_strong(expected, forwarded, std::memory_order_acq_rel)) {
            what(*this);
        }
    }

    /// The asking actor continues in its own time. It is there until the signal is in its lane: it handles that before
    /// it goes, or counts itself for it. What post() touches after that is kept by the grace period if this is a
    /// worker's run of an actor, and else by a count of our own. Modelled in tests/model/cell_grace.pml.
    void post_to_asker() noexcept {
        basic_cell<F>& receiver = *asker;
        const lane& mine = lane_to(*receiver.core);
        const bool kept =
            mine.queue && static_cast<const worker&>(mine).running.load(std::memory_order_relaxed) != nullptr;
        if (!kept) {
            receiver.retain();
        }
        if (receiver.post(this) == system_lane::post_result::refused) {
            this->operations->refuse(this);
        }
        if (!kept) {
            receiver.release();
        }
    }

    // The asking actor does not look at the counts before it has the signal, so if there are two nobody else has one.
    bool hand_over() noexcept {
        const bool alone = references.load(std::memory_order_acquire) == 2;
        if (alone) {
            references.store(1, std::memory_order_relaxed);  // the signal releases it
        }
        post_to_asker();
        return !alone;
    }

    // Cold. The member goes on after that, or is freed here.
    [[gnu::noinline]] bool tell_charged(ask_outcome how) noexcept {
        basic_cell<F>& member = *charged_to;
        const lane& mine = lane_to(*member.core);
        const bool by_itself =
            mine.queue && static_cast<const worker&>(mine).running.load(std::memory_order_relaxed) == &member;
        membership* const its = membership_of(member);
        its->operations->ask_ended(*its, this, how, by_itself);
        member.release();
        return true;
    }

    void link(pending_ask*& first) noexcept {
        next_of_asker = first;
        if (first != nullptr) {
            first->previous_of_asker = this;
        }
        first = this;
    }

    void unlink(pending_ask*& first) noexcept {
        (previous_of_asker != nullptr ? previous_of_asker->next_of_asker : first) = next_of_asker;
        if (next_of_asker != nullptr) {
            next_of_asker->previous_of_asker = previous_of_asker;
        }
        next_of_asker = previous_of_asker = nullptr;
    }
};

/// The record of a message that is an ask whose outcome need not be known when its handler returns: one that may time
/// out, or whose handler answers later. Null of every other.
template <class F>
pending_ask<F>* open_ask(const basic_cell<F>&, message_node* node) noexcept {
    const auto& operations = *static_cast<const envelope_of<F>*>(node)->operations;
    if (operations.asked == nullptr) {
        return nullptr;
    }
    auto* const ask = static_cast<pending_ask<F>*>(operations.asked(node));
    return ask != nullptr && (ask->timed || operations.answers_later) ? ask : nullptr;
}

}  // namespace drover
