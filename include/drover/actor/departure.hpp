#pragma once

#include <mutex>
#include <utility>

#include "drover/base/futex.hpp"

namespace drover {

/// One who wants to hear that an actor has stopped: a name, a subscription, a watcher. Stands inside an object that
/// lives until it has been called or has been forgotten.
struct departure {
    using departed_function = void(departure*) noexcept;

    explicit constexpr departure(departed_function* function) noexcept : departed(function) {}

    departed_function* departed;  ///< in the stopping thread, once, after the mailbox has gone to the dead letters
    departure* next = nullptr;
    departure* previous = nullptr;
    bool linked = false;
};

/// Those who want to hear of one actor's end. Any number of threads. Modelled in tests/model/departure.pml.
class departure_list {
public:
    /// False if the actor has departed already.
    bool add(departure& listener) noexcept {
        const std::lock_guard lock(mutex_);
        if (departed_) {
            return false;
        }
        listener.next = first_;
        listener.previous = nullptr;
        if (first_ != nullptr) {
            first_->previous = &listener;
        }
        first_ = &listener;
        listener.linked = true;
        return true;
    }

    /// True if it is not called any more; false if it was never added, has been called or is being called.
    bool remove(departure& listener) noexcept {
        const std::lock_guard lock(mutex_);
        if (!listener.linked) {
            return false;
        }
        (listener.previous != nullptr ? listener.previous->next : first_) = listener.next;
        if (listener.next != nullptr) {
            listener.next->previous = listener.previous;
        }
        listener.linked = false;
        return true;
    }

    /// Once: calls each, the youngest first, outside the lock.
    void depart() noexcept {
        departure* each = nullptr;
        {
            const std::lock_guard lock(mutex_);
            departed_ = true;
            each = std::exchange(first_, nullptr);
            for (departure* one = each; one != nullptr; one = one->next) {
                one->linked = false;
            }
        }
        while (each != nullptr) {
            departure* const next = each->next;
            each->departed(each);
            each = next;
        }
    }

private:
    futex_mutex mutex_;
    departure* first_ = nullptr;
    bool departed_ = false;
};

}  // namespace drover
