#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "drover/base/clock.hpp"
#include "drover/base/tick_clock.hpp"
#include "drover/metrics/counter_part.hpp"
#include "drover/metrics/histogram_block.hpp"

namespace drover {

/// What latency_metrics keeps for each thread: counters, and for each actor type that was timed there two histograms of
/// 4.3 KiB, made when first needed.
struct latency_part : counter_part {
    struct times {
        histogram_block processing;
        histogram_block mailbox;
    };

    explicit latency_part(const clock_source& clock) noexcept : ticks(clock) {}
    ~latency_part() {
        for (const auto& each : of_actors) {
            delete each.load(std::memory_order_relaxed);
        }
    }

    const tick_clock ticks;
    std::uint64_t began = 0;  ///< when the present handler did, or the next will have; 0: it is not timed
    std::array<std::atomic<times*>, most_actors> of_actors{};

    /// Null if there is no memory for it.
    times* of(std::uint8_t label) noexcept {
        times* present = of_actors[label].load(std::memory_order_relaxed);
        if (present == nullptr) [[unlikely]] {
            try {
                present = new times();
            } catch (...) {
                return nullptr;
            }
            of_actors[label].store(present, std::memory_order_release);
        }
        return present;
    }

    void absorb(const latency_part& gone) noexcept {
        counter_part::absorb(gone);
        for (std::size_t each = 0; each != most_actors; ++each) {
            const times* const its = gone.of_actors[each].load(std::memory_order_acquire);
            times* const own = its != nullptr ? of(static_cast<std::uint8_t>(each)) : nullptr;
            if (own != nullptr) {
                own->processing.absorb(its->processing);
                own->mailbox.absorb(its->mailbox);
            }
        }
    }
};

}  // namespace drover
