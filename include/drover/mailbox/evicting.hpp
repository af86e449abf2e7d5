#pragma once

#include <cstddef>
#include <mutex>
#include <utility>

#include "drover/base/futex.hpp"
#include "drover/mailbox/bounded.hpp"
#include "drover/mailbox/taken_nodes.hpp"

namespace drover {

/// The bounded mailbox whose senders may take the oldest message out: so they and the consumer pop under a short lock,
/// and a node leaves the list when it is popped. Modelled in tests/model/evicting.pml.
template <std::size_t Capacity, class Marks>
struct bounded_mailbox<Capacity, drop_oldest, Marks> {
    using producer_side = tagged_list::producer_side;
    using consumer_side = tagged_list::consumer_side;
    using marks = Marks;

    static constexpr bool limited = true;
    static constexpr std::size_t levels = 1;
    static constexpr std::size_t capacity = Capacity;
    static constexpr mailbox_limits default_limits() noexcept {
        return detail::limits_of<Capacity, drop_oldest, Marks>();
    }

    struct extra {
        explicit extra(const mailbox_limits& limits) noexcept : room(limits) {}
        admission room;
        mutable futex_mutex mutex;
        futex_mutex gathering;  ///< held by a sender that evicts: it may need more than one place
        taken_nodes taken;
        message_node* given = nullptr;
    };

    static push_result push_chain(producer_side& p, extra&, message_node* first, message_node* last) noexcept {
        return tagged_list::push_chain(p, first, last);
    }

    template <class Owner, class Wanted = any_node>
    static message_node* pop(producer_side& p, consumer_side&, extra& x, const Owner& owner,
                             Wanted wanted = {}) noexcept {
        message_node* next = nullptr;
        {
            const std::lock_guard lock(x.mutex);
            next = take(p, x, wanted);
        }
        if (next == nullptr) {
            return nullptr;
        }
        retire_given(x, owner);
        x.given = next;
        if (!owner.is_mark(next) && x.room.release(1)) {
            owner.fell_to_low_water();
        }
        return next;
    }

    /// A sender's that found no room: the oldest message, and its place is now the sender's. Null if none can be had at
    /// this moment: a sender is between reserving and pushing, or the consumer has just taken the last.
    template <class Owner>
    static message_node* evict(producer_side& p, extra& x, const Owner& owner) noexcept {
        const std::lock_guard lock(x.mutex);
        message_node* const oldest = take(p, x);
        if (oldest == nullptr || !owner.is_mark(oldest)) {
            return oldest;
        }
        // What comes behind the end mark is nobody's any more; the mark itself must stay the oldest.
        message_node* const behind = take(p, x);
        taken_nodes rest = std::exchange(x.taken, {});
        x.taken.append(oldest);
        x.taken.append(rest);
        return behind;
    }

    template <class Owner>
    static bool try_mark_idle(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        retire_given(x, owner);
        const std::lock_guard lock(x.mutex);
        return x.taken.empty() && tagged_list::try_mark_idle(p, c, [](message_node*) noexcept {});
    }

    template <class Owner>
    static bool try_close(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        retire_given(x, owner);
        const std::lock_guard lock(x.mutex);
        return x.taken.empty() && tagged_list::try_close(p, c, [](message_node*) noexcept {});
    }

    static bool quiet(const extra&) noexcept { return true; }

    static const message_node* given(const producer_side&, const consumer_side&, const extra& x) noexcept {
        return x.given;
    }

    static std::size_t count(const producer_side& p, const consumer_side& c, const extra& x,
                             std::size_t most = tagged_list::all) noexcept {
        const std::lock_guard lock(x.mutex);
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

private:
    template <class Wanted = any_node>
    static message_node* take(producer_side& p, extra& x, Wanted wanted = {}) noexcept {
        if (x.taken.empty()) {
            x.taken.append(tagged_list::take_all(p));
        }
        return x.taken.pop(wanted);
    }
};

static_assert(mailbox_policy<bounded_mailbox<8, drop_oldest>>);

}  // namespace drover
