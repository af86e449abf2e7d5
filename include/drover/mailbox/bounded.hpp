#pragma once

#include <cstddef>
#include <utility>

#include "drover/mailbox/admission.hpp"
#include "drover/mailbox/concept.hpp"
#include "drover/mailbox/overflow.hpp"
#include "drover/mailbox/tagged_list.hpp"
#include "drover/mailbox/unbounded.hpp"

namespace drover {

/// The capacity of a mailbox whose `spawn_options::capacity` decides it.
inline constexpr std::size_t given_at_spawn = 0;

/// High and low water in percent of the capacity, rounded down: above the one, sends answer
/// `accepted_above_high_water`. Default 75 and 25. `water_marks<100, 0>` turns them off.
template <unsigned High = 75, unsigned Low = 25>
struct water_marks {
    static_assert(Low < High && High <= 100, "drover: water marks are percentages, the low one below the high one");
    static constexpr std::size_t high_of(std::size_t capacity) noexcept { return part(capacity, High); }
    static constexpr std::size_t low_of(std::size_t capacity) noexcept { return part(capacity, Low); }

private:
    static constexpr std::size_t part(std::size_t capacity, unsigned percent) noexcept {
        return capacity / 100 * percent + capacity % 100 * percent / 100;
    }
};

namespace detail {

template <std::size_t Capacity, overflow_policy Overflow, class Marks>
constexpr mailbox_limits limits_of() noexcept {
    return {Capacity, Marks::high_of(Capacity), Marks::low_of(Capacity), Overflow::kind, Overflow::patience};
}

}  // namespace detail

/// A mailbox of `Capacity` messages, exact under any number of senders; the one being handled, replies and stops do not
/// count. A batch is taken whole or not at all, so one that is larger than the capacity never is. Costs a locked
/// instruction more than the unbounded one. With `given_at_spawn` the capacity stands in `spawn_options::capacity`.
template <std::size_t Capacity, overflow_policy Overflow = reject_newest, class Marks = water_marks<>>
struct bounded_mailbox {
    using producer_side = tagged_list::producer_side;
    using consumer_side = tagged_list::consumer_side;
    using marks = Marks;

    static constexpr bool limited = true;
    static constexpr std::size_t levels = 1;
    static constexpr std::size_t capacity = Capacity;
    static constexpr mailbox_limits default_limits() noexcept { return detail::limits_of<Capacity, Overflow, Marks>(); }

    struct extra {
        explicit extra(const mailbox_limits& limits) noexcept : room(limits) {}
        admission room;
        unbounded_mailbox::extra none{};
    };

    static push_result push_chain(producer_side& p, extra&, message_node* first, message_node* last) noexcept {
        return tagged_list::push_chain(p, first, last);
    }

    template <class Owner, class Wanted = any_node>
    static message_node* pop(producer_side& p, consumer_side& c, extra& x, const Owner& owner,
                             Wanted wanted = {}) noexcept {
        message_node* const next = unbounded_mailbox::pop(p, c, x.none, owner, wanted);
        if (next != nullptr && !owner.is_mark(next) && x.room.release(1)) {
            owner.fell_to_low_water();
        }
        return next;
    }

    template <class Owner>
    static bool try_mark_idle(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        return unbounded_mailbox::try_mark_idle(p, c, x.none, owner);
    }

    template <class Owner>
    static bool try_close(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        return unbounded_mailbox::try_close(p, c, x.none, owner);
    }

    static bool quiet(const extra&) noexcept { return true; }

    static const message_node* given(const producer_side& p, const consumer_side& c, const extra& x) noexcept {
        return unbounded_mailbox::given(p, c, x.none);
    }

    static std::size_t count(const producer_side& p, const consumer_side& c, const extra&,
                             std::size_t most = tagged_list::all) noexcept {
        return tagged_list::count(p, c, most);
    }
};

static_assert(mailbox_policy<bounded_mailbox<8>>);

}  // namespace drover
