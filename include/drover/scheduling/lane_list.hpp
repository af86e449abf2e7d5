#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/base/futex.hpp"
#include "drover/message/dead_letter.hpp"
#include "drover/scheduling/lane.hpp"
#include "drover/scheduling/lane_part.hpp"
#include "drover/scheduling/retired.hpp"

namespace drover {

/// All lanes of one runtime, and the accounts of those that are gone: what can be said only by looking at every thread.
/// Any thread; each call takes a lock for as long as it walks the lanes; but for add(), none allocates or throws.
class lane_list {
public:
    /// `functions`: of what the metrics policy keeps in a lane; null: nothing. Throws std::bad_alloc.
    explicit lane_list(core_record& owner, const lane_part_functions* functions = nullptr,
                       const clock_source* clock = nullptr)
        : functions_(functions), clock_(clock), past_(owner, true, false) {
        if (functions != nullptr) {
            past_.part.make(functions, *clock);
        }
    }
    lane_list(const lane_list&) = delete;
    lane_list& operator=(const lane_list&) = delete;

    /// The lane stands elsewhere, and stays there until it is removed. Gives it its place. Throws std::bad_alloc.
    void add(lane& fresh) {
        if (functions_ != nullptr) {
            fresh.part.make(functions_, *clock_);
        }
        const std::lock_guard lock(mutex_);
        if (free_places_.empty()) {
            free_places_.reserve(places_ + 1U);  // room for all of them, so that remove() allocates nothing
            fresh.place = places_++;
        } else {
            fresh.place = free_places_.back();
            free_places_.pop_back();
        }
        fresh.next_in_core = std::exchange(first_, &fresh);
    }

    /// Keeps the lane's accounts.
    void remove(lane& gone) noexcept {
        const std::lock_guard lock(mutex_);
        for (lane** each = &first_; *each != nullptr; each = &(*each)->next_in_core) {
            if (*each == &gone) {
                *each = gone.next_in_core;
                free_places_.push_back(gone.place);
                break;
            }
        }
        past_.pushed.add(gone.pushed.read());
        past_.handled.add(gone.handled.read());
        past_.returned.add(gone.returned.read());
        for (std::size_t each = 0; each != dead_letter_reasons; ++each) {
            past_.unsent[each].add(gone.unsent[each].read());
        }
        past_.late_replies.add(gone.late_replies.read());
        past_.asks_begun.add(gone.asks_begun.read());
        past_.asks_ended.add(gone.asks_ended.read());
        past_.timed_begun.add(gone.timed_begun.read());
        past_.timed_ended.add(gone.timed_ended.read());
        past_.part.absorb(gone.part);
    }

    /// Calls `look(lane)` for each lane, and for one that stands for all that are gone.
    template <class Look>
    void visit(Look look) {
        const std::lock_guard lock(mutex_);
        look(std::as_const(past_));
        for (const lane* each = first_; each != nullptr; each = each->next_in_core) {
            look(*each);
        }
    }

    /// The sum of one account over all threads, past ones included.
    std::uint64_t sum(owned_counter lane::* account) noexcept {
        const std::lock_guard lock(mutex_);
        std::uint64_t total = (past_.*account).read();
        for (const lane* each = first_; each != nullptr; each = each->next_in_core) {
            total += (each->*account).read();
        }
        return total;
    }

    /// Those messages that became dead letters without having been pushed, by reason.
    std::array<std::uint64_t, dead_letter_reasons> unsent() noexcept {
        const std::lock_guard lock(mutex_);
        std::array<std::uint64_t, dead_letter_reasons> totals{};
        for (std::size_t each = 0; each != totals.size(); ++each) {
            totals[each] = past_.unsent[each].read();
            for (const lane* one = first_; one != nullptr; one = one->next_in_core) {
                totals[each] += one->unsent[each].read();
            }
        }
        return totals;
    }

    /// Is no thread inside a send to this runtime, `mine` aside, which is the caller's own lane or null?
    bool senders_gone(const lane* mine) noexcept {
        const std::lock_guard lock(mutex_);
        for (const lane* each = first_; each != nullptr; each = each->next_in_core) {
            if (each != mine && each->sending.load(std::memory_order_acquire) != 0) {  // pairs with ~send_bracket
                return false;
            }
        }
        return true;
    }

    /// The epoch of the thread that has been reading snapshots for longest; the largest number if none reads. After a
    /// heavy fence, for retired_list.
    std::uint64_t oldest_reader() noexcept {
        const std::lock_guard lock(mutex_);
        std::uint64_t oldest = ~std::uint64_t{0};
        for (const lane* each = first_; each != nullptr; each = each->next_in_core) {
            const std::uint64_t epoch = each->reading.load(std::memory_order_acquire);  // pairs with ~read_scope
            oldest = epoch != retired_list::not_reading && epoch < oldest ? epoch : oldest;
        }
        return oldest;
    }

private:
    const lane_part_functions* const functions_;
    const clock_source* const clock_;
    futex_mutex mutex_;
    lane* first_ = nullptr;
    std::uint32_t places_ = 0;
    std::vector<std::uint32_t> free_places_;
    lane past_;
};

}  // namespace drover
