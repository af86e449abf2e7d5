#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/actor/cell_end.hpp"
#include "drover/actor/mailbox_box.hpp"
#include "drover/base/block_pool.hpp"
#include "drover/base/cpu_pause.hpp"
#include "drover/base/text.hpp"
#include "drover/base/type_name.hpp"
#include "drover/mailbox/concept.hpp"
#include "drover/mailbox/tagged_list.hpp"
#include "drover/scheduling/time_limit.hpp"

namespace drover {

/// Why an actor with a `fail_actor` mailbox failed.
class mailbox_overflow : public std::runtime_error {
public:
    mailbox_overflow()
        : std::runtime_error(
              "drover: the mailbox was full and its policy is fail_actor; give it more room or slow its senders down") {
    }
};

namespace detail {

// A sender that waits for room is woken when the runtime begins to end.
struct blocked_sender : gate_listener {
    blocked_sender(core_record& core, admission& room) noexcept
        : gate_listener{[](gate_listener* self) noexcept { static_cast<blocked_sender*>(self)->room_.ring(); }},
          core_(core),
          room_(room),
          added_(core.add_listener(*this)) {}
    ~blocked_sender() {
        if (added_) {
            core_.remove_listener(*this);
        }
    }
    blocked_sender(const blocked_sender&) = delete;
    blocked_sender& operator=(const blocked_sender&) = delete;

private:
    core_record& core_;
    admission& room_;
    const bool added_;
};

}  // namespace detail

/// The mailbox of a cell as senders meet it: find room, push, or say why not.
template <class F, class Mailbox>
struct boxed_mailbox : mailbox_box<F> {
    using cell = basic_cell<F>;

    explicit boxed_mailbox(const mailbox_limits& limits) : mailbox_box<F>(record), extra(limits) {
        if constexpr (Mailbox::limited) {
            this->room = &extra.room;
        }
    }

    typename Mailbox::extra extra;

    static const mailbox_operations<F> record;

    static boxed_mailbox& of(const cell& owner) noexcept { return static_cast<boxed_mailbox&>(*owner.box); }

    static admitted admit(cell& owner, lane& mine, std::size_t count, bool may_wait) noexcept {
        if (const delivery taken = taken_at_all(owner, mine); !is_accepted(taken)) {
            return {taken};
        }
        if constexpr (Mailbox::limited) {
            const std::size_t level = of(owner).extra.room.try_reserve(count);
            if (level == 0) [[unlikely]] {
                return overflowed(owner, count, may_wait);
            }
            return found(owner, level - count, level);
        } else {
            return {delivery::accepted};
        }
    }

    static admitted admit_if_room(cell& owner, [[maybe_unused]] std::size_t count) noexcept {
        if (owner.system.is_closed()) {
            return {delivery::stopped};
        }
        if (const delivery taken = taken_at_all(owner, lane_to(*owner.core)); !is_accepted(taken)) {
            return {taken};
        }
        if constexpr (Mailbox::limited) {
            const std::size_t level = of(owner).extra.room.try_reserve(count);
            return level == 0 ? admitted{delivery::rejected_full} : found(owner, level - count, level);
        } else {
            return {delivery::accepted};
        }
    }

    static void give_back(cell& owner, std::size_t count) noexcept {
        if constexpr (Mailbox::limited) {
            auto& room = of(owner).extra.room;
            const bool was_enough = room.level() >= room.limits().wake_at;
            if (room.give_back(count)) [[unlikely]] {
                owner.tell_water_level(false);
            }
            if (was_enough) {  // others have seen that it was enough, and left the waking to this sender
                owner.unhold();
            }
        }
    }

    static delivery push(cell& owner, lane& mine, message_node* first, message_node* last, std::size_t count,
                         admitted place) noexcept {
        if (!place.moved) {
            mine.pushed.add(count);
        }
        owner.note_enqueued(mine, first, count);
        if constexpr (requires { of(owner).extra.gauge; }) {
            if (!place.counted) {
                of(owner).extra.gauge->load.sent(count);
            }
        }
        const push_result pushed = Mailbox::push_chain(owner.incoming, of(owner).extra, first, last);
        if constexpr (requires { of(owner).extra.pushed(count); }) {
            of(owner).extra.pushed(count);
        }
        if constexpr (Mailbox::limited) {
            auto& room = of(owner).extra.room;
            const delivery result = owner.follow_push(mine, pushed);
            if (result == delivery::stopped) {
                return result;
            }
            if (room.rose(place.level)) [[unlikely]] {
                room.settle_water();
                owner.tell_water_level(true);
            }
            const std::size_t wake_at = room.limits().wake_at;
            if (place.before < wake_at && place.level >= wake_at) {
                owner.unhold();
            }
            return place.result;
        } else {
            return owner.follow_push(mine, pushed);
        }
    }

private:
    static constexpr unsigned most_looks = 1000;

    // A mailbox may have more reasons to take nothing than a limit.
    static delivery taken_at_all([[maybe_unused]] cell& owner, [[maybe_unused]] lane& mine) noexcept {
        if constexpr (requires { of(owner).extra.taken_at_all(mine); }) {
            return of(owner).extra.taken_at_all(mine);
        } else {
            return delivery::accepted;
        }
    }

    static admitted found(cell& owner, std::size_t before, std::size_t level) noexcept {
        const bool above = level > of(owner).extra.room.limits().high_water;
        return {above ? delivery::accepted_above_high_water : delivery::accepted, before, level};
    }

    [[gnu::noinline]] static admitted overflowed(cell& owner, std::size_t count, bool may_wait) noexcept {
        auto& room = of(owner).extra.room;
        if (owner.system.is_closed()) {
            return {delivery::stopped};
        }
        switch (room.limits().when_full) {
            case overflow::reject_newest: break;
            case overflow::drop_newest: return {delivery::dropped};
            case overflow::drop_oldest: return evict(owner, count);
            case overflow::block_sender:
                if (may_wait && count <= room.limits().capacity) {
                    return wait_for_room(owner, count);
                }
                break;
            case overflow::fail_actor: owner.request_stop(stop_kind::failed); break;
        }
        return {delivery::rejected_full};
    }

    static admitted wait_for_room(cell& owner, std::size_t count) noexcept {
        if (this_thread().worker) {
            return {delivery::would_deadlock};
        }
        auto& room = of(owner).extra.room;
        const time_limit limit(
            *owner.core, room.limits().patience, [](void* who) noexcept { static_cast<admission*>(who)->ring(); },
            static_cast<admission*>(&room));
        const detail::blocked_sender listener(*owner.core, room);
        const admission::waiter waiter(room);
        for (;;) {
            const std::uint32_t heard = room.bell().load(std::memory_order_seq_cst);
            if (owner.system.is_closed() || !owner.core->gate_open()) {
                return {delivery::stopped};
            }
            if (const std::size_t level = room.try_reserve(count); level != 0) {
                return found(owner, level - count, level);
            }
            if (limit.over()) {
                return {delivery::timed_out};
            }
            limit.wait(room.bell(), heard);
        }
    }

    // The places of evicted messages pass to this sender. One at a time gathers several places: two would wait for each
    // other's. A place that is reserved and not filled cannot be had; whoever holds it may be inside a message's own
    // code, and may be this very thread, so it is not waited for without end.
    static admitted evict([[maybe_unused]] cell& owner, [[maybe_unused]] std::size_t count) noexcept {
        if constexpr (requires {
                          Mailbox::evict(owner.incoming, of(owner).extra, typename cell::mailbox_owner{owner});
                      }) {
            auto& x = of(owner).extra;
            const std::size_t capacity = x.room.limits().capacity;
            if (count > capacity) {
                return {delivery::dropped};
            }
            message_node* evicted = nullptr;
            std::size_t first = 0;
            std::size_t level = 0;
            std::size_t places = 0;
            const std::lock_guard lock(x.gathering);
            for (unsigned looks = 0; places != count && looks != most_looks;) {
                std::size_t reached = x.room.try_reserve(1);
                if (reached == 0) {
                    message_node* const oldest = Mailbox::evict(owner.incoming, x, typename cell::mailbox_owner{owner});
                    if (oldest == nullptr) {
                        looks += 1;
                        yield_thread();
                        continue;
                    }
                    oldest->next.store(evicted, std::memory_order_relaxed);
                    evicted = oldest;
                    reached = capacity;
                }
                first = places == 0 ? reached : first;
                level = reached;
                places += 1;
            }
            if (places != count) {
                give_back(owner, places);
                return {delivery::dropped, 0, 0, evicted};
            }
            admitted place = found(owner, first - 1, level);
            place.evicted = evicted;
            return place;
        } else {
            return {delivery::dropped};
        }
    }

    static message_node* close(cell& owner) noexcept { return owner.template close_mailbox<Mailbox>(of(owner).extra); }
    static const message_node* given(const cell& owner) noexcept {
        return Mailbox::given(owner.incoming, owner.consumed, of(owner).extra);
    }
    static std::size_t count(const cell& owner, std::size_t most) noexcept {
        return Mailbox::count(owner.incoming, owner.consumed, of(owner).extra, most);
    }
    static void free(cell& owner) noexcept {
        boxed_mailbox* const own = &of(owner);
        for (auto* each = std::exchange(own->listeners, nullptr); each != nullptr;) {
            auto* const next = each->next;
            each->subscriber->release();
            delete each;
            each = next;
        }
        delete own;
    }
};

}  // namespace drover
