#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "drover/metrics/counter_metrics.hpp"
#include "drover/metrics/latency_part.hpp"
#include "drover/metrics/metrics_snapshot.hpp"

namespace drover {

namespace detail {

// Sums over the parts of all threads, by the numbers of their labels.
class metrics_sums {
public:
    // What comes of a message, and an actor, is read before what begins it, so that no difference of the two is
    // negative.
    void add_ends(const counter_part& part) {
        for (std::size_t each = 0; each != actors_.size(); ++each) {
            const actor_counters& from = part.actors[each];
            metrics_snapshot::actor& to = actors_[each];
            to.dequeued += from.dequeued.read();
            to.left += from.left.read();
            to.handled += from.handled.read();
            to.stopped += from.stopped.read();
            to.batches += from.batches.read();
            to.asks_answered += from.asks_answered.read();
            to.asks_timed_out += from.asks_timed_out.read();
        }
        if (const auto* const its = part.members.load(std::memory_order_acquire); its != nullptr) {
            for (std::size_t each = 0; each != members_.size(); ++each) {
                members_[each].recoveries += (*its)[each].recoveries.read();
            }
        }
    }

    void add_beginnings(const counter_part& part) {
        for (std::size_t each = 0; each != actors_.size(); ++each) {
            const actor_counters& from = part.actors[each];
            metrics_snapshot::actor& to = actors_[each];
            to.enqueued += from.enqueued.read();
            to.rejected += from.rejected.read();
            to.dropped += from.dropped.read();
            to.spawned += from.spawned.read();
            to.restarts += from.restarts.read();
            to.failures += from.failures.read();
            to.batched += from.batched.read();
            to.asks_sent += from.asks_sent.read();
            to.timers += from.timers.read();
        }
        for (std::size_t each = 0; each != all_.dead_letters.size(); ++each) {
            all_.dead_letters[each] += part.dead_letters[each].read();
        }
        all_.cache_hits += part.cache_hits.read();
        all_.cache_misses += part.cache_misses.read();
        all_.cache_invalidations += part.cache_invalidations.read();
        if (const auto* const its = part.members.load(std::memory_order_acquire); its != nullptr) {
            for (std::size_t each = 0; each != members_.size(); ++each) {
                members_[each].picks += (*its)[each].picks.read();
                members_[each].ejections += (*its)[each].ejections.read();
            }
        }
    }

    void add_times(const latency_part& part) {
        for (std::size_t each = 0; each != actors_.size(); ++each) {
            if (const auto* const its = part.of_actors[each].load(std::memory_order_acquire); its != nullptr) {
                its->processing.add_to(actors_[each].processing_time);
                its->mailbox.add_to(actors_[each].mailbox_time);
            }
        }
    }

    void add_worker(std::size_t index, const counter_part& part) {
        all_.workers.push_back({.index = index,
                                .steals = part.steals.read(),
                                .stolen = part.stolen.read(),
                                .parks = part.parks.read(),
                                .wakes = part.wakes.read(),
                                .parked = part.parked.read(&std::chrono::steady_clock::now)});
    }

    metrics_snapshot take() {
        all_.actors = take_used(actors_, actor_labels_, [](metrics_snapshot::actor& one, label_table::label& named) {
            one.type = std::move(named.name);
        });
        all_.members =
            take_used(members_, member_labels_, [](metrics_snapshot::member& one, label_table::label& named) {
                one.pool = std::move(named.name);
                one.place = named.member;
            });
        std::sort(all_.workers.begin(), all_.workers.end(),
                  [](const auto& one, const auto& other) { return one.index < other.index; });
        return std::move(all_);
    }

private:
    // Of the numbers that were used, those that count for something, with their names.
    template <class Counted, class Name>
    static std::vector<Counted> take_used(std::vector<Counted>& all, std::vector<label_table::label>& labels,
                                          Name name) {
        static const Counted nothing{};
        // They may have histograms in them, so what stays where it is is not moved.
        std::size_t end = 0;
        for (std::size_t each = 0; each != all.size(); ++each) {
            if (all[each] != nothing) {
                if (end != each) {
                    all[end] = std::move(all[each]);
                }
                name(all[end], labels[each]);
                end += 1;
            }
        }
        all.resize(end);
        return std::move(all);
    }

    // One that gets its number while we look is in the next snapshot. Room for all that can be would take longer to
    // clear than the rest takes.
    std::vector<label_table::label> actor_labels_ = label_table::actors().all();
    std::vector<label_table::label> member_labels_ = label_table::members().all();
    std::vector<metrics_snapshot::actor> actors_{actor_labels_.size()};
    std::vector<metrics_snapshot::member> members_{member_labels_.size()};
    metrics_snapshot all_{};
};

// The counters in what a policy keeps: its own, those of one of several, or those of one that is more.
template <class M, class Part>
const auto& counters_in(const Part& part) noexcept {
    if constexpr (std::derived_from<Part, counter_part>) {
        return part;
    } else {
        return part.template of<M>();
    }
}

}  // namespace detail

/// What a runtime's metrics policy has counted so far: counter_metrics or latency_metrics, or one of several combined,
/// which `M` then names. Any thread, at any time, and nothing waits for it but threads that begin or end; allocates.
/// Linear in threads and types: see metrics_snapshot for what agrees with what.
template <class M = counter_metrics, class Runtime>
metrics_snapshot take_metrics(const Runtime& of) {
    detail::metrics_sums sums;
    of.visit_metrics([&](const auto& part, std::optional<std::size_t> worker) {
        const auto& counters = detail::counters_in<M>(part);
        sums.add_ends(counters);
        if (worker) {
            sums.add_worker(*worker, counters);
        }
    });
    of.visit_metrics([&](const auto& part, std::optional<std::size_t>) {
        const auto& counters = detail::counters_in<M>(part);
        sums.add_beginnings(counters);
        if constexpr (std::derived_from<std::remove_cvref_t<decltype(counters)>, latency_part>) {
            sums.add_times(counters);
        }
    });
    return sums.take();
}

}  // namespace drover
