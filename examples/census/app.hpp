// The features of this program, named once: `census --metrics` serves what is counted and timed, and
// `census --trace` writes down who sent what to whom.
#pragma once

#include <drover/drover.hpp>

#include <atomic>

namespace census {

// For `census --trace`.
struct sample_if_wanted {
    static inline std::atomic<bool> wanted{false};
    static bool sample() noexcept { return wanted.load(std::memory_order_relaxed); }
};

struct observed : drover::features {
    using metrics = drover::latency_metrics<16>;
    using tracing = drover::flight_tracing<sample_if_wanted>;
};

using app = drover::with<observed>;

}  // namespace census
