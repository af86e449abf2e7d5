#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

#include "drover/base/futex.hpp"

namespace drover {

/// What was published, has been replaced, and may still be read: stands inside the object and says how it is freed.
struct retired {
    using free_function = void(retired*) noexcept;

    explicit constexpr retired(free_function* function) noexcept : free(function) {}

    free_function* free;  ///< in whichever thread finds out that nobody reads it any more
    retired* next_retired = nullptr;
    std::uint64_t last_epoch = 0;  ///< readers who came in this epoch or before may have found it
};

/// What waits to be freed until nobody reads it. Any number of threads. Epoch-based reclamation (Fraser, "Practical
/// lock freedom") whose readers write nothing that others read on the way: scheduling/snapshot.hpp has their side.
/// Modelled in tests/model/snapshot.pml.
class retired_list {
public:
    static constexpr std::uint64_t not_reading = 0;

    /// With which a reader enters: acquires what was published before it began.
    std::uint64_t epoch() const noexcept {
        return epoch_.load(std::memory_order_acquire);  // pairs with the step in retire()
    }

    /// Takes `gone`, which no reader can find any more, and now and then frees what nobody reads. `oldest()` gives the
    /// least epoch of all readers, after a heavy fence; the largest number if there is none. Amortised: one look at the
    /// readers for each `batch` objects. Never blocks but for a short lock; allocates nothing.
    template <class Oldest>
    void retire(retired& gone, Oldest oldest) noexcept {
        retired* ready = nullptr;
        {
            const std::lock_guard lock(mutex_);
            gone.last_epoch = epoch_.fetch_add(1, std::memory_order_acq_rel);
            gone.next_retired = nullptr;
            (youngest_ != nullptr ? youngest_->next_retired : oldest_) = &gone;
            youngest_ = &gone;
            if (++count_ >= next_look_) {
                ready = take_unread(oldest());
                next_look_ = count_ + batch;
            }
        }
        free_all(ready);
    }

    /// Frees what nobody reads at the moment. True if nothing is left.
    template <class Oldest>
    bool reclaim(Oldest oldest) noexcept {
        retired* ready = nullptr;
        bool empty = false;
        {
            const std::lock_guard lock(mutex_);
            if (oldest_ != nullptr) {
                ready = take_unread(oldest());
                next_look_ = count_ + batch;
            }
            empty = oldest_ == nullptr;
        }
        free_all(ready);
        return empty;
    }

    /// Frees everything. Only when there are no readers any more.
    void free_all() noexcept {
        reclaim([] { return ~std::uint64_t{0}; });
    }

    static constexpr std::size_t batch = 32;

private:
    // From the oldest on: the epochs of the list ascend.
    retired* take_unread(std::uint64_t oldest_reader) noexcept {
        retired* const first = oldest_;
        retired* last = nullptr;
        while (oldest_ != nullptr && oldest_->last_epoch < oldest_reader) {
            last = std::exchange(oldest_, oldest_->next_retired);
            count_ -= 1;
        }
        if (oldest_ == nullptr) {
            youngest_ = nullptr;
        }
        if (last == nullptr) {
            return nullptr;
        }
        last->next_retired = nullptr;
        return first;
    }

    static void free_all(retired* first) noexcept {
        while (first != nullptr) {
            retired* const next = first->next_retired;
            first->free(first);
            first = next;
        }
    }

    std::atomic<std::uint64_t> epoch_{not_reading + 1};
    futex_mutex mutex_;
    retired* oldest_ = nullptr;
    retired* youngest_ = nullptr;
    std::size_t count_ = 0;
    std::size_t next_look_ = batch;
};

}  // namespace drover
