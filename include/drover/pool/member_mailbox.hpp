#pragma once

#include <cstddef>
#include <type_traits>

#include "drover/actor/membership.hpp"
#include "drover/actor/pending_ask.hpp"
#include "drover/mailbox/concept.hpp"
#include "drover/mailbox/tagged_list.hpp"
#include "drover/pool/member_gauge.hpp"

namespace drover {

/// The mailbox of a pool's member: `Mailbox` as the actor's type wants it, which tells the member's gauge what is taken
/// out. A message is done when the consumer comes for the next one, or goes idle: so one that runs, and a coroutine
/// that waits, still count.
template <mailbox_policy Mailbox, class Policy>
struct member_mailbox : detail::water_marks_of<Mailbox> {
    using producer_side = tagged_list::producer_side;
    using consumer_side = tagged_list::consumer_side;

    static constexpr bool limited = Mailbox::limited;
    static constexpr std::size_t levels = Mailbox::levels;
    static constexpr mailbox_limits default_limits() noexcept { return Mailbox::default_limits(); }

    struct extra : Mailbox::extra {
        explicit extra(const mailbox_limits& limits) noexcept(
            std::is_nothrow_constructible_v<typename Mailbox::extra, const mailbox_limits&>)
            : Mailbox::extra(limits) {}

        /// Before anybody knows the actor, whose supervision owns `own`.
        void join(membership& own) noexcept { gauge = &static_cast<member_gauge<Policy>&>(own); }

        member_gauge<Policy>* gauge = nullptr;
    };

    static push_result push_chain(producer_side& p, extra& x, message_node* first, message_node* last) noexcept {
        return Mailbox::push_chain(p, x, first, last);
    }

    template <class Owner, class Wanted = any_node>
    static message_node* pop(producer_side& p, consumer_side& c, extra& x, const Owner& owner,
                             Wanted wanted = {}) noexcept {
        if constexpr (std::is_same_v<Wanted, any_node>) {  // else it is the rest of a batch, whose handler still runs
            x.gauge->settle();
        }
        message_node* const next = Mailbox::pop(p, c, x, owner, wanted);
        if (next != nullptr && !owner.is_mark(next)) {
            x.gauge->begin(1);
            begin_ask(x, next, owner);
        }
        return next;
    }

    /// The message given last is not to be handled, and tells nothing of the member.
    static void leave_out(extra& x) noexcept { x.gauge->leave_out(); }

    template <class Owner>
    static message_node* evict(producer_side& p, extra& x, const Owner& owner) noexcept
        requires requires { Mailbox::evict(p, x, owner); }
    {
        message_node* const oldest = Mailbox::evict(p, x, owner);
        if (oldest != nullptr) {
            x.gauge->load.withdrawn();
        }
        return oldest;
    }

    template <class Owner>
    static bool try_mark_idle(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        x.gauge->settle();
        x.gauge->announce();
        if (Mailbox::try_mark_idle(p, c, x, owner)) {
            return true;
        }
        x.gauge->withdraw();
        return false;
    }

    template <class Owner>
    static bool try_close(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        x.gauge->settle();
        x.gauge->withdraw();
        return Mailbox::try_close(p, c, x, owner);
    }

    static bool quiet(const extra& x) noexcept { return Mailbox::quiet(x); }

    static const message_node* given(const producer_side& p, const consumer_side& c, const extra& x) noexcept {
        return Mailbox::given(p, c, x);
    }

    static std::size_t count(const producer_side& p, const consumer_side& c, const extra& x,
                             std::size_t most = tagged_list::all) noexcept {
        return Mailbox::count(p, c, x, most);
    }

protected:
    // An owner that is no actor's knows of no envelopes.
    template <class Owner>
    static void begin_ask(extra& x, message_node* node, const Owner& owner) noexcept {
        if constexpr (member_gauge<Policy>::counts_asks && requires { owner.cell.system; }) {
            if (auto* const ask = open_ask(owner.cell, node); ask != nullptr) {
                x.gauge->begin_ask(ask, [&] { return ask->charge_to(owner.cell); });
            }
        }
    }
};

}  // namespace drover
