#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "drover/base/cache_line.hpp"
#include "drover/base/owned_counter.hpp"
#include "drover/message/dead_letter.hpp"
#include "drover/metrics/label_table.hpp"
#include "drover/metrics/parked_time.hpp"

namespace drover {

/// What one thread counts of the actors of one type.
struct alignas(2 * cache_line) actor_counters {
    owned_counter enqueued;
    owned_counter dequeued;
    owned_counter left;
    owned_counter handled;
    owned_counter rejected;
    owned_counter dropped;
    owned_counter spawned;
    owned_counter stopped;
    owned_counter restarts;
    owned_counter failures;
    owned_counter batches;
    owned_counter batched;
    owned_counter asks_sent;
    owned_counter asks_answered;
    owned_counter asks_timed_out;
    owned_counter timers;

    /// Calls `use(one, other)` for each pair.
    template <class Use>
    static void each_pair(auto& one, auto& other, Use use) {
        use(one.enqueued, other.enqueued);
        use(one.dequeued, other.dequeued);
        use(one.left, other.left);
        use(one.handled, other.handled);
        use(one.rejected, other.rejected);
        use(one.dropped, other.dropped);
        use(one.spawned, other.spawned);
        use(one.stopped, other.stopped);
        use(one.restarts, other.restarts);
        use(one.failures, other.failures);
        use(one.batches, other.batches);
        use(one.batched, other.batched);
        use(one.asks_sent, other.asks_sent);
        use(one.asks_answered, other.asks_answered);
        use(one.asks_timed_out, other.asks_timed_out);
        use(one.timers, other.timers);
    }
};

/// And of one place in one pool.
struct member_counters {
    owned_counter picks;
    owned_counter ejections;
    owned_counter recoveries;
};

/// What counter_metrics keeps for each thread: one writer, any reader. 34 KiB, and 24 KiB more once the thread has
/// picked a member of a pool.
struct counter_part {
    static constexpr std::size_t most_actors = label_table::most_actors;
    static constexpr std::size_t most_members = label_table::most_members;
    using member_table = std::array<member_counters, most_members>;

    counter_part() = default;
    counter_part(const counter_part&) = delete;
    counter_part& operator=(const counter_part&) = delete;
    ~counter_part() { delete members.load(std::memory_order_relaxed); }

    std::array<actor_counters, most_actors> actors{};
    std::array<owned_counter, dead_letter_reasons> dead_letters{};
    owned_counter cache_hits;
    owned_counter cache_misses;
    owned_counter cache_invalidations;
    owned_counter steals;
    owned_counter stolen;
    owned_counter parks;
    owned_counter wakes;
    parked_time parked;
    std::atomic<member_table*> members{nullptr};  ///< made when first needed

    /// Null if there is no memory for it.
    member_counters* member(std::uint16_t label) noexcept {
        member_table* present = members.load(std::memory_order_relaxed);
        if (present == nullptr) [[unlikely]] {
            try {
                present = new member_table();
            } catch (...) {
                return nullptr;
            }
            members.store(present, std::memory_order_release);
        }
        return &(*present)[label];
    }

    /// Of a thread that has ended.
    void absorb(const counter_part& gone) noexcept {
        const auto add = [](owned_counter& to, const owned_counter& from) { to.add(from.read()); };
        for (std::size_t each = 0; each != actors.size(); ++each) {
            actor_counters::each_pair(actors[each], gone.actors[each], add);
        }
        for (std::size_t each = 0; each != dead_letters.size(); ++each) {
            add(dead_letters[each], gone.dead_letters[each]);
        }
        add(cache_hits, gone.cache_hits);
        add(cache_misses, gone.cache_misses);
        add(cache_invalidations, gone.cache_invalidations);
        add(steals, gone.steals);
        add(stolen, gone.stolen);
        add(parks, gone.parks);
        add(wakes, gone.wakes);
        parked.absorb(gone.parked);
        if (const member_table* const its = gone.members.load(std::memory_order_acquire); its != nullptr) {
            for (std::size_t each = 0; each != its->size(); ++each) {
                if (member_counters* const own = member(static_cast<std::uint16_t>(each)); own != nullptr) {
                    add(own->picks, (*its)[each].picks);
                    add(own->ejections, (*its)[each].ejections);
                    add(own->recoveries, (*its)[each].recoveries);
                }
            }
        }
    }
};

}  // namespace drover
