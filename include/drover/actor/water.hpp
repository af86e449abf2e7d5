#pragma once

#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/cell.hpp"
#include "drover/actor/handle.hpp"
#include "drover/actor/mailbox_box.hpp"
#include "drover/actor/recipient.hpp"
#include "drover/base/text.hpp"
#include "drover/scheduling/this_thread.hpp"

namespace drover {

namespace detail {

// The subscribers of a box, counted, so that they can be told without its lock: one of them may have a limit of its
// own, whose subscriber is this very actor.
template <class F>
class water_round {
public:
    explicit water_round(mailbox_box<F>& box) {
        for (typename mailbox_box<F>::listener** each = &box.listeners; *each != nullptr;) {
            typename mailbox_box<F>::listener* const one = *each;
            if (one->subscriber->system.is_closed()) {
                *each = one->next;
                intrusive_ptr_release(one->subscriber);
                delete one;
            } else {
                told_.emplace_back(boost::intrusive_ptr<basic_cell<F>>(one->subscriber), one->tell);
                each = &one->next;
            }
        }
    }

    // Past the outbox of an actor that runs here: there a notice would wait while a later one, of another thread,
    // arrives.
    void operator()(const water_level& now) const {
        const straight_sends scope;
        for (const auto& [subscriber, tell] : told_) {
            tell(*subscriber, water_level(now));
        }
    }

private:
    struct straight_sends {
        straight_sends() noexcept : outbox_(std::exchange(this_thread().outbox, nullptr)) {}
        ~straight_sends() { this_thread().outbox = outbox_; }
        straight_sends(const straight_sends&) = delete;
        straight_sends& operator=(const straight_sends&) = delete;

    private:
        void* const outbox_;
    };

    std::vector<std::pair<boost::intrusive_ptr<basic_cell<F>>, decltype(mailbox_box<F>::listener::tell)>> told_;
};

}  // namespace detail

template <class F>
void basic_cell<F>::tell_water_level(bool rose) noexcept {
    std::unique_lock lock(box->listeners_mutex);
    const bool restored = box->room->take_restored();
    box->risen = box->risen || rose || restored;
    if (box->telling) {
        return;  // who tells looks again at the end
    }
    box->telling = true;
    // Two that crossed a mark may come here in either order: what is told is how it stands now, each turn once. Who has
    // heard `accepted_above_high_water` waits for the fall, so a rise is told even if it is over already.
    for (;;) {
        const bool above = std::exchange(box->risen, false) ? true : box->room->above();
        if (above == box->told_above) {
            if (!above || box->room->above()) {
                break;
            }
            continue;
        }
        box->told_above = above;
        try {
            const detail::water_round<F> round(*box);
            lock.unlock();
            round({id, above, box->room->level(), box->room->limits().capacity});
        } catch (...) {
            core->report(failure{name(), id, "water_level", std::current_exception()});
        }
        if (!lock.owns_lock()) {
            lock.lock();
        }
    }
    box->telling = false;
}

/// From now on `subscriber` is told when more than the high mark of messages waits for `watched`, and when, after that,
/// no more than the low mark does; in turn, and the last message says how it stands. Stays until it is taken back, or
/// one of the two stops. Twice is once. A short lock; allocates. Throws std::logic_error if the mailbox has no limit.
template <class F>
void subscribe_water(const basic_handle<F>& watched, const recipient<water_level, F>& subscriber) {
    basic_cell<F>* const cell = watched.cell();
    basic_cell<F>* const other = subscriber.cell();
    if (cell == nullptr || other == nullptr) {
        throw std::invalid_argument("drover: subscribe_water with an empty ref; spawn the actor first");
    }
    if (cell->box == nullptr || cell->box->room == nullptr) {
        throw std::logic_error(join_text({"drover: the mailbox of ", cell->name(),
                                          " has no limit and so no water marks; give the actor a bounded_mailbox"}));
    }
    mailbox_box<F>& box = *cell->box;
    auto fresh = std::make_unique<typename mailbox_box<F>::listener>(other, subscriber.tell_function(), nullptr);
    const std::lock_guard lock(box.listeners_mutex);
    for (auto* each = box.listeners; each != nullptr; each = each->next) {
        if (each->subscriber == other) {
            return;
        }
    }
    other->retain();
    fresh->next = box.listeners;
    box.listeners = fresh.release();
}

/// False if there was no such subscription.
template <class F>
bool unsubscribe_water(const basic_handle<F>& watched, const basic_handle<F>& subscriber) noexcept {
    if (watched.cell() == nullptr || watched.cell()->box == nullptr) {
        return false;
    }
    mailbox_box<F>& box = *watched.cell()->box;
    const std::lock_guard lock(box.listeners_mutex);
    for (auto** each = &box.listeners; *each != nullptr; each = &(*each)->next) {
        if ((*each)->subscriber == subscriber.cell()) {
            const std::unique_ptr<typename mailbox_box<F>::listener> gone(std::exchange(*each, (*each)->next));
            gone->subscriber->release();
            return true;
        }
    }
    return false;
}

}  // namespace drover
