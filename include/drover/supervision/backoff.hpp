#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "drover/base/clock.hpp"
#include "drover/base/random.hpp"

namespace drover {

/// How long an actor stays away between two states: `first`, then `factor` times as long with each failure that
/// follows, `most` at most. A part of each, up to `jitter`, is taken off at random, so that actors that failed together
/// do not come back together. After `quiet` without a failure it begins again with `first`.
struct backoff {
    clock_duration first{};                           ///< >= 0; 0: no delay
    clock_duration most = std::chrono::seconds(30);   ///< >= first
    double factor = 2.0;                              ///< >= 1
    double jitter = 0.2;                              ///< 0 … 1
    clock_duration quiet = std::chrono::seconds(60);  ///< since the last failure and its delay; > 0
    std::uint64_t seed = 0;                           ///< of the jitter; with 0 each actor has its own, from its id
};

/// The delays of one actor. Not thread-safe.
class backoff_state {
public:
    explicit constexpr backoff_state(const backoff& plan, std::uint64_t seed) noexcept : plan_(plan), random_(seed) {}

    /// Of a failure at `now`.
    clock_duration next(time_point now) noexcept {
        if (plan_.first.count() <= 0) {
            return clock_duration::zero();
        }
        if (!back_.has_value() || now >= later_by(*back_, plan_.quiet)) {
            full_ = static_cast<double>(plan_.first.count());
        } else {
            full_ = full_ * plan_.factor;
        }
        full_ = std::min(full_, static_cast<double>(plan_.most.count()));
        const double share = static_cast<double>(random_.below(1U << 20U)) / static_cast<double>(1U << 20U);
        const double part = full_ * (1.0 - plan_.jitter * share);
        // `most` as a double may be a little more than it is, and more than the type holds.
        const clock_duration delay = part < static_cast<double>(plan_.most.count())
                                         ? clock_duration(static_cast<clock_duration::rep>(part))
                                         : plan_.most;
        back_ = later_by(now, delay);
        return delay;
    }

private:
    backoff plan_;
    random_source random_;
    double full_ = 0;  // the last delay, without its jitter, in nanoseconds
    std::optional<time_point> back_;
};

}  // namespace drover
