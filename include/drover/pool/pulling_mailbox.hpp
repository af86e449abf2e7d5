#pragma once

#include <atomic>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "drover/mailbox/unlinked.hpp"
#include "drover/pool/member_gate.hpp"
#include "drover/pool/member_mailbox.hpp"

namespace drover {

/// The mailbox of a member of a pool with a shared queue: what is sent to the member itself, by a ref to it, comes
/// first, and then what waits in the queue. A member that goes idle has announced itself before it looks at the queue
/// for the last time; who sends puts the message there before it looks for an idle member; and who lets a member in
/// again wakes it afterwards. So no message waits while a member is idle that may take it:
/// tests/model/shared_queue.pml.
template <mailbox_policy Mailbox, class Policy>
struct pulling_mailbox : member_mailbox<unlinked<Mailbox>, Policy> {
    using own = member_mailbox<unlinked<Mailbox>, Policy>;
    using producer_side = tagged_list::producer_side;
    using consumer_side = tagged_list::consumer_side;

    struct extra : own::extra {
        using own::extra::extra;

        message_node* pulled = nullptr;      ///< given last, if it was the queue's
        message_node* mark = nullptr;        ///< the end mark, which waits until the queue is empty
        std::atomic<bool> announced{false};  ///< when it went idle; any value will do once another runs it
        std::atomic<bool> leaves{false};     ///< the member has stopped: the queue is the others'
    };

    template <class Owner, class Wanted = any_node>
    static message_node* pop(producer_side& p, consumer_side& c, extra& x, const Owner& owner,
                             Wanted wanted = {}) noexcept {
        if constexpr (std::is_same_v<Wanted, any_node>) {
            return next(p, c, x, owner);
        } else {  // the rest of a batch, which is where its first message was
            return x.pulled == nullptr ? own::pop(p, c, x, owner, wanted) : pull(x, owner, wanted);
        }
    }

    template <class Owner>
    static bool try_mark_idle(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        auto& gate = x.gauge->gate;
        retire_pulled(x, owner);
        x.gauge->settle();
        x.gauge->withdraw();  // before the look: who has taken the mark has put its message there
        const bool quiet = gate.queue().quiet();
        const bool takes = gate.lets_in();
        x.announced.store(takes, std::memory_order_relaxed);
        if (!takes) {
            if (!quiet) {
                gate.call_another(*x.gauge);
            }
            return unlinked<Mailbox>::try_mark_idle(p, c, x, owner);
        }
        return quiet && own::try_mark_idle(p, c, x, owner);
    }

    template <class Owner>
    static bool try_close(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        retire_pulled(x, owner);
        return own::try_close(p, c, x, owner);
    }

    /// Also false if somebody has taken the idle mark before the member was idle, and so has not woken it; and if it
    /// may take messages again and has not said that it waits for them.
    static bool quiet(const extra& x) noexcept {
        const auto& gate = x.gauge->gate;
        if (leaves(x)) {
            return own::quiet(x);
        }
        const bool seen = x.announced.load(std::memory_order_relaxed)
                              ? x.gauge->announced() && (!gate.lets_in() || gate.queue().quiet())
                              : !gate.lets_in();
        return seen && own::quiet(x);
    }

    static const message_node* given(const producer_side& p, const consumer_side& c, const extra& x) noexcept {
        return x.pulled != nullptr ? x.pulled : own::given(p, c, x);
    }

    /// From now on `pop` gives what is the member's own.
    static void leave(extra& x) noexcept { x.leaves.store(true, std::memory_order_relaxed); }

private:
    static bool leaves(const extra& x) noexcept { return x.leaves.load(std::memory_order_relaxed); }

    template <class Owner>
    static message_node* next(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        auto& gate = x.gauge->gate;
        message_node* its = nullptr;
        if (x.mark == nullptr) {
            its = own::pop(p, c, x, owner);
        } else {
            x.gauge->settle();
        }
        if (its != nullptr && owner.is_mark(its) && gate.now() == gate_position::last_call) {
            x.mark = std::exchange(its, nullptr);
        }
        if (its == nullptr && !leaves(x)) {
            its = pull(x, owner, any_node{});
            if (its != nullptr) {
                return its;
            }
            if (x.mark != nullptr && gate.queue().quiet()) {
                its = std::exchange(x.mark, nullptr);
            }
        }
        if (its != nullptr) {
            retire_pulled(x, owner);
            // It may have been woken for what waits there, and does something else now.
            if (!leaves(x) && !gate.queue().quiet()) {
                gate.call_another(*x.gauge);
            }
        }
        return its;
    }

    template <class Owner, class Wanted>
    static message_node* pull(extra& x, const Owner& owner, Wanted wanted) noexcept {
        message_node* const next = x.gauge->pull(owner, wanted);
        if (next != nullptr) {
            unlinked<Mailbox>::retire_given(x, owner);
            retire_pulled(x, owner);
            x.pulled = next;
            x.gauge->load.sent();
            x.gauge->begin(1);
            own::begin_ask(x, next, owner);
        }
        return next;
    }

    template <class Owner>
    static void retire_pulled(extra& x, const Owner& owner) noexcept {
        if (x.pulled != nullptr) {
            owner.retire(std::exchange(x.pulled, nullptr));
        }
    }
};

}  // namespace drover
