#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "drover/mailbox/concept.hpp"
#include "drover/mailbox/tagged_list.hpp"
#include "drover/mailbox/taken_nodes.hpp"

namespace drover {

/// As `Mailbox`, a plain or a bounded one, but a node leaves the list when it is popped. The node that was given last
/// is not the list's link to the next one then, so it may be retired at any time, and whoever has it may keep it.
template <mailbox_policy Mailbox>
struct unlinked_mailbox : detail::water_marks_of<Mailbox> {
    using producer_side = tagged_list::producer_side;
    using consumer_side = tagged_list::consumer_side;

    static constexpr bool limited = Mailbox::limited;
    static constexpr std::size_t levels = Mailbox::levels;
    static constexpr mailbox_limits default_limits() noexcept { return Mailbox::default_limits(); }

    struct extra : Mailbox::extra {
        explicit extra(const mailbox_limits& limits) noexcept(
            std::is_nothrow_constructible_v<typename Mailbox::extra, const mailbox_limits&>)
            : Mailbox::extra(limits) {}

        taken_nodes taken;
        message_node* given = nullptr;
    };

    static push_result push_chain(producer_side& p, extra&, message_node* first, message_node* last) noexcept {
        return tagged_list::push_chain(p, first, last);
    }

    template <class Owner, class Wanted = any_node>
    static message_node* pop(producer_side& p, consumer_side&, extra& x, const Owner& owner,
                             Wanted wanted = {}) noexcept {
        if (x.taken.empty()) {
            x.taken.append(tagged_list::take_all(p));
        }
        message_node* const next = x.taken.pop(wanted);
        if (next == nullptr) {
            return nullptr;
        }
        retire_given(x, owner);
        x.given = next;
        if constexpr (limited) {
            if (!owner.is_mark(next) && x.room.release(1)) {
                owner.fell_to_low_water();
            }
        }
        return next;
    }

    template <class Owner>
    static bool try_mark_idle(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        retire_given(x, owner);
        return x.taken.empty() && tagged_list::try_mark_idle(p, c, [](message_node*) noexcept {});
    }

    template <class Owner>
    static bool try_close(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        retire_given(x, owner);
        return x.taken.empty() && tagged_list::try_close(p, c, [](message_node*) noexcept {});
    }

    static bool quiet(const extra&) noexcept { return true; }

    static const message_node* given(const producer_side&, const consumer_side&, const extra& x) noexcept {
        return x.given;
    }

    static std::size_t count(const producer_side& p, const consumer_side& c, const extra& x,
                             std::size_t most = tagged_list::all) noexcept {
        const std::size_t taken = x.taken.count(most);
        return taken + tagged_list::count(p, c, most - taken);
    }

    /// Before the next pop, if the consumer needs it no longer.
    template <class Owner>
    static void retire_given(extra& x, const Owner& owner) noexcept {
        if (x.given != nullptr) {
            owner.retire(std::exchange(x.given, nullptr));
        }
    }
};

/// `Mailbox`, if it takes nodes off its list, else the like of it that does.
template <mailbox_policy Mailbox>
using unlinked = std::conditional_t<requires(typename Mailbox::extra& x, const detail::any_owner& owner) {
    Mailbox::retire_given(x, owner);
}, Mailbox, unlinked_mailbox<Mailbox>>;

}  // namespace drover
