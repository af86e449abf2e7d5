#pragma once

#include <cstddef>

#include "drover/mailbox/concept.hpp"
#include "drover/mailbox/tagged_list.hpp"

namespace drover {

/// The default mailbox: the cell's list and nothing else. Takes every message until memory ends.
struct unbounded_mailbox {
    struct extra {
        extra() = default;
        explicit extra(const mailbox_limits&) noexcept {}
    };

    static constexpr bool limited = false;
    static constexpr std::size_t levels = 1;
    static constexpr mailbox_limits default_limits() noexcept { return {}; }

    using producer_side = tagged_list::producer_side;
    using consumer_side = tagged_list::consumer_side;

    static push_result push_chain(producer_side& p, extra&, message_node* first, message_node* last) noexcept {
        return tagged_list::push_chain(p, first, last);
    }

    template <class Owner, class Wanted = any_node>
    static message_node* pop(producer_side& p, consumer_side& c, extra&, const Owner& owner,
                             Wanted wanted = {}) noexcept {
        return tagged_list::pop(p, c, [&](message_node* n) noexcept { owner.retire(n); }, wanted);
    }

    /// What a mailbox may have beside what the concept asks for: many at once, none of them retired.
    template <class Wanted>
    static std::size_t take(consumer_side& c, message_node** nodes, std::size_t most, Wanted wanted) noexcept {
        return tagged_list::take(c, nodes, most, wanted);
    }

    template <class Owner>
    static bool try_mark_idle(producer_side& p, consumer_side& c, extra&, const Owner& owner) noexcept {
        return tagged_list::try_mark_idle(p, c, [&](message_node* n) noexcept { owner.retire(n); });
    }

    template <class Owner>
    static bool try_close(producer_side& p, consumer_side& c, extra&, const Owner& owner) noexcept {
        return tagged_list::try_close(p, c, [&](message_node* n) noexcept { owner.retire(n); });
    }

    static bool quiet(const extra&) noexcept { return true; }

    static const message_node* given(const producer_side& p, const consumer_side& c, const extra&) noexcept {
        return c.tail != &p.stub ? c.tail : nullptr;
    }

    static std::size_t count(const producer_side& p, const consumer_side& c, const extra&,
                             std::size_t most = tagged_list::all) noexcept {
        return tagged_list::count(p, c, most);
    }
};

static_assert(mailbox_policy<unbounded_mailbox>);

}  // namespace drover
