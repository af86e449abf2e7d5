#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/message/dead_letter.hpp"
#include "drover/metrics/histogram.hpp"

namespace drover {

/// What counter_metrics, or a policy that is one and more, had counted when it was read. Each number is one that was
/// there during the reading, and never smaller in a later one; so two snapshots can be subtracted. Numbers that belong
/// together agree as far as they are said to.
struct metrics_snapshot {
    /// Of all actors of one type, past ones included.
    struct actor {
        std::string type;
        /// Put into mailboxes and stashes; again if one member of a pool passes it to another. Also what was sent to an
        /// actor that had just stopped, which is seen only then: that has left at once.
        std::uint64_t enqueued = 0;
        std::uint64_t dequeued = 0;  ///< taken out to be handled
        std::uint64_t left = 0;      ///< taken out, and not handled
        std::uint64_t handled = 0;   ///< their handlers have returned, or the coroutines that handled them
        std::uint64_t rejected = 0;
        std::uint64_t dropped = 0;
        std::uint64_t spawned = 0;
        std::uint64_t stopped = 0;
        std::uint64_t restarts = 0;
        std::uint64_t failures = 0;
        std::uint64_t batches = 0;  ///< calls of batch handlers, and the messages they got
        std::uint64_t batched = 0;
        std::uint64_t asks_sent = 0;  ///< to them
        std::uint64_t asks_answered = 0;
        std::uint64_t asks_timed_out = 0;
        std::uint64_t timers = 0;     ///< messages of theirs whose time has come
        histogram processing_time{};  ///< of latency_metrics; else empty
        histogram mailbox_time{};

        /// Waiting in mailboxes and stashes. Exact when nothing is being sent, and never negative: what leaves was read
        /// first.
        std::uint64_t waiting() const noexcept { return enqueued - dequeued - left; }
        /// Alive. As above.
        std::uint64_t running() const noexcept { return spawned - stopped; }

        bool operator==(const actor&) const = default;
    };

    struct member {
        std::string pool;
        std::size_t place =
            0;  ///< the smallest that no other member had when this one came; a later one may have it again
        std::uint64_t picks = 0;
        std::uint64_t ejections = 0;
        std::uint64_t recoveries = 0;

        bool healthy() const noexcept { return ejections == recoveries; }
        bool operator==(const member&) const = default;
    };

    struct worker {
        std::size_t index = 0;
        std::uint64_t steals = 0;
        std::uint64_t stolen = 0;  ///< actors, by these steals
        std::uint64_t parks = 0;
        std::uint64_t wakes = 0;
        clock_duration parked{};  ///< in all

        bool operator==(const worker&) const = default;
    };

    std::vector<actor> actors{};    ///< types of which there was one, in the order in which they were first seen
    std::vector<member> members{};  ///< places that were picked or judged, the same
    std::vector<worker> workers{};
    std::array<std::uint64_t, dead_letter_reasons> dead_letters{};
    std::uint64_t cache_hits = 0;
    std::uint64_t cache_misses = 0;
    std::uint64_t cache_invalidations = 0;

    /// Of a type by its name; null if there was none.
    const actor* of(std::string_view type) const noexcept {
        for (const actor& each : actors) {
            if (each.type == type) {
                return &each;
            }
        }
        return nullptr;
    }

    std::uint64_t dead(dead_letter_reason reason) const noexcept {
        return dead_letters[static_cast<std::size_t>(reason)];
    }

    bool operator==(const metrics_snapshot&) const = default;
};

}  // namespace drover
