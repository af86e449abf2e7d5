#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "drover/actor/recipient.hpp"
#include "drover/base/futex.hpp"
#include "drover/base/ids.hpp"
#include "drover/base/type_name.hpp"
#include "drover/message/dead_letter.hpp"

namespace drover {

/// A message that was not handled, as an actor hears of it: `dead_letter` with texts of its own.
struct dead_letter_event {
    static constexpr bool never_expires = true;

    dead_letter_reason reason;
    std::string message;  ///< the message's type
    std::string actor;    ///< the name of the actor it was sent to; empty for `no_target`
    actor_id id;
};

/// The actors that hear of a runtime's dead letters. Any number of threads; one that tells holds no lock meanwhile.
///
/// What was sent to a subscriber, and any lost event, is told to none of them: they would go round for ever. It is
/// counted, and the runtime's sink hears of it.
template <class F>
class dead_letter_subscribers {
public:
    using subscriber = recipient<dead_letter_event, F>;

    /// False if it is empty, has stopped or is there already. Throws std::bad_alloc.
    bool add(const subscriber& one) {
        const std::lock_guard lock(mutex_);
        if (one.stopped() || holds(*list_, one.id())) {
            return false;
        }
        auto fresh = std::make_shared<list_type>(*list_);
        fresh->push_back(one);
        replace(std::move(fresh));
        return true;
    }

    /// False if it is not there. Throws std::bad_alloc.
    bool remove(actor_id one) {
        const std::lock_guard lock(mutex_);
        if (!holds(*list_, one)) {
            return false;
        }
        auto fresh = std::make_shared<list_type>(*list_);
        std::erase_if(*fresh, [one](const subscriber& each) { return each.id() == one; });
        replace(std::move(fresh));
        return true;
    }

    /// Throws std::bad_alloc. With nobody subscribed: one load.
    void tell(const dead_letter& letter) {
        // Pairs with the store in replace(): who had subscribed before the message was lost hears of it.
        if (!any_.load(std::memory_order_acquire) || letter.message == type_name<dead_letter_event>()) {
            return;
        }
        const list_pointer present = list();
        if (holds(*present, letter.id)) {
            return;
        }
        for (const subscriber& each : *present) {
            if (each.stopped()) {
                remove(each.id());
            } else {
                each.tell(dead_letter_event{letter.reason, std::string(letter.message), std::string(letter.actor),
                                            letter.id});
            }
        }
    }

private:
    using list_type = std::vector<subscriber>;
    using list_pointer = std::shared_ptr<const list_type>;

    static bool holds(const list_type& list, actor_id one) noexcept {
        return std::any_of(list.begin(), list.end(), [one](const subscriber& each) { return each.id() == one; });
    }

    list_pointer list() const noexcept {
        const std::lock_guard lock(mutex_);
        return list_;
    }

    void replace(list_pointer fresh) noexcept {
        any_.store(!fresh->empty(), std::memory_order_release);
        list_.swap(fresh);
    }

    mutable futex_mutex mutex_;
    std::atomic<bool> any_{false};
    list_pointer list_ = std::make_shared<const list_type>();
};

}  // namespace drover
