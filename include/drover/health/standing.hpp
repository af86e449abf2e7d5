#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "drover/base/clock.hpp"

namespace drover {

/// How a member is; of two that hold at once, the later one here is told.
enum class health_state : std::uint8_t {
    healthy,
    half_open,  ///< its circuit breaker lets one message through, to see
    open,       ///< its circuit breaker lets none through
    ejected,    ///< an outlier, for some time
    down,       ///< its `health()` has failed several times
    stuck,      ///< has been in one handler for long
    held,       ///< over its restart limit, and not back yet
    draining,   ///< gets no new messages, and stops when it has none
};

constexpr std::string_view to_string(health_state state) noexcept {
    switch (state) {
        case health_state::healthy: return "healthy";
        case health_state::half_open: return "half open";
        case health_state::open: return "open";
        case health_state::ejected: return "ejected";
        case health_state::down: return "down";
        case health_state::stuck: return "stuck";
        case health_state::held: return "held";
        case health_state::draining: return "draining";
    }
    return "unknown";
}

/// What one part of a health policy says of a member.
struct health_verdict {
    health_state state = health_state::healthy;
    time_point until = time_point::max();  ///< when that ends by itself; the end of time: it does not
};

/// What a pool is to do with a member.
struct standing {
    bool pickable = true;   ///< may be picked. In panic others than the healthy may be, or nobody
    bool by_trial = false;  ///< only by a sender whose `claim` on the member's record succeeds
    double factor = 1;      ///< of its weight, above 0 and 1 at most
    health_state state = health_state::healthy;
    time_point since{};  ///< when it came into this state
    time_point until = time_point::max();

    friend bool operator==(const standing&, const standing&) = default;
};

/// What a monitor has found. Ids of members.
struct health_findings {
    std::vector<std::uint64_t> changed{};     ///< their standing is another than it was at the last sweep
    std::vector<std::uint64_t> probe{};       ///< to be asked for their `health()` now
    bool panic = false;                       ///< too few are healthy
    time_point next_due = time_point::max();  ///< sweep again then, if nothing wakes who watches before
};

}  // namespace drover
