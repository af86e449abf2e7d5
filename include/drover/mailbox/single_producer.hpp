#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include <boost/lockfree/spsc_queue.hpp>

#include "drover/base/contracts.hpp"
#include "drover/mailbox/bounded.hpp"
#include "drover/mailbox/concept.hpp"

namespace drover {

/// A mailbox of `Capacity` messages for one sender: boost::lockfree::spsc_queue, of envelope pointers. "One sender"
/// means that no two sends to the actor overlap and each happens before the next: one thread, or one actor. stop() and
/// asks' replies may come from anywhere, asks themselves are sends. Builds without NDEBUG end the process if two sends
/// overlap.
///
/// A send costs a locked test of the idle mark; there is no compare-exchange on the room. Modelled in
/// tests/model/single_producer.pml.
template <std::size_t Capacity, overflow_policy Overflow = reject_newest, class Marks = water_marks<>>
struct single_producer_mailbox {
    static_assert(Capacity >= 1, "drover: a single-producer mailbox holds 1 message or more");
    static_assert(
        Overflow::kind != overflow::drop_oldest,
        "drover: the sender of a single-producer mailbox cannot take the oldest message out; use drop_newest");

    using producer_side = tagged_list::producer_side;
    using consumer_side = tagged_list::consumer_side;
    using marks = Marks;

    static constexpr bool limited = true;
    static constexpr std::size_t levels = 1;
    static constexpr std::size_t capacity = Capacity;
    static constexpr mailbox_limits default_limits() noexcept { return detail::limits_of<Capacity, Overflow, Marks>(); }

    struct extra {
        explicit extra(const mailbox_limits& limits) noexcept : room(limits) {}
        single_sender_admission room;
        boost::lockfree::spsc_queue<message_node*, boost::lockfree::capacity<Capacity>> ring;
        message_node* mark = nullptr;
        std::size_t before_mark = 0;  // messages that the ring held when the mark was seen
        std::size_t until_look = 0;   // pops until it is looked for again
        message_node* given = nullptr;
    };

    static push_result push_chain(producer_side& p, extra& x, message_node* first, message_node* last) noexcept {
        for (message_node* each = first;;) {
            message_node* const next = each->next.load(std::memory_order_relaxed);
            each->next.store(nullptr, std::memory_order_relaxed);
            if (!x.ring.push(each)) {
                fail_contract("a single-producer mailbox has no room for a message that had reserved it");
            }
            if (each == last) {
                return tagged_list::announce(p);
            }
            each = next;
        }
    }

    template <class Owner, class Wanted = any_node>
    static message_node* pop(producer_side& p, consumer_side& c, extra& x, const Owner& owner,
                             Wanted wanted = {}) noexcept {
        // Nothing but the end mark travels in the list, which stands on the sender's line: looked at seldom.
        if (x.mark == nullptr && (x.until_look == 0 || x.ring.read_available() == 0)) {
            x.until_look = look_every;
            x.mark = tagged_list::pop(p, c, [](message_node*) noexcept {});
            x.before_mark = x.ring.read_available();  // what was sent before the mark is in the ring by now
        }
        if (x.mark != nullptr && x.before_mark == 0) {
            if (!wanted(x.mark)) {
                return nullptr;
            }
            retire_given(x, owner);
            return std::exchange(x.mark, nullptr);
        }
        if (x.ring.read_available() == 0) {
            return nullptr;
        }
        message_node* const next = x.ring.front();
        if (!wanted(next)) {
            return nullptr;
        }
        retire_given(x, owner);
        x.ring.pop();
        x.until_look -= x.until_look != 0 ? 1U : 0U;
        x.before_mark -= x.mark != nullptr ? 1U : 0U;
        x.given = next;
        if (x.room.release(1)) {
            owner.fell_to_low_water();
        }
        return next;
    }

    template <class Owner>
    static bool try_mark_idle(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        return prepare(x, owner) && tagged_list::try_mark_idle(p, c, [](message_node*) noexcept {});
    }

    template <class Owner>
    static bool try_close(producer_side& p, consumer_side& c, extra& x, const Owner& owner) noexcept {
        return prepare(x, owner) && tagged_list::try_close(p, c, [](message_node*) noexcept {});
    }

    static bool quiet(const extra& x) noexcept { return x.ring.read_available() == 0; }

    static const message_node* given(const producer_side&, const consumer_side&, const extra& x) noexcept {
        return x.given;
    }

    static std::size_t count(const producer_side& p, const consumer_side& c, const extra& x,
                             std::size_t most = tagged_list::all) noexcept {
        const std::size_t known = std::min(most, x.ring.read_available() + (x.mark != nullptr ? 1 : 0));
        return known + tagged_list::count(p, c, most - known);
    }

private:
    static constexpr std::size_t look_every = 64;

    template <class Owner>
    static void retire_given(extra& x, const Owner& owner) noexcept {
        if (x.given != nullptr) {
            owner.retire(std::exchange(x.given, nullptr));
        }
    }

    template <class Owner>
    static bool prepare(extra& x, const Owner& owner) noexcept {
        retire_given(x, owner);
        return x.mark == nullptr && quiet(x);
    }
};

static_assert(mailbox_policy<single_producer_mailbox<8>>);

}  // namespace drover
