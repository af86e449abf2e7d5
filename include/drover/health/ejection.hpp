#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "drover/base/clock.hpp"
#include "drover/base/random.hpp"
#include "drover/health/check_option.hpp"

namespace drover {

/// How long an outlier is kept out, and how many may be at once. The time grows with each ejection, as Envoy's does
/// (base_ejection_time, max_ejection_time); a part of it, up to `jitter`, is taken off at random, so that members that
/// were ejected together do not come back together.
struct ejection {
    clock_duration first = std::chrono::seconds(30);  ///< times how often it was ejected; > 0
    clock_duration most = std::chrono::seconds(300);  ///< >= first
    double jitter = 0.1;                              ///< 0 … 1
    std::uint32_t percent = 10;                       ///< of the members at once, and one in any case; 0 … 100
};

/// Throws std::invalid_argument with one sentence if a number is out of its range.
inline void check(const ejection& plan) {
    detail::check_positive("ejection::first", plan.first);
    if (plan.most < plan.first) {
        detail::refuse_option({"ejection::most is ", std::to_string(plan.most.count()), " ns; use no less than first, ",
                               std::to_string(plan.first.count()), " ns"});
    }
    detail::check_range("ejection::jitter", plan.jitter, 0.0, 1.0);
    detail::check_range("ejection::percent", std::uint64_t{plan.percent}, 0, 100);
}

/// How long the ejection takes that is a member's `times`-th, from 1.
inline clock_duration ejection_time(const ejection& plan, std::uint32_t times, random_source& random) noexcept {
    const clock_duration full = times > plan.most / plan.first ? plan.most : plan.first * times;
    const double share = static_cast<double>(random.below(1U << 20U)) / static_cast<double>(1U << 20U);
    const double off = static_cast<double>(full.count()) * plan.jitter * share;
    // As a double, all of it may be a little more than it is.
    return full - std::min(full, clock_duration(static_cast<clock_duration::rep>(off)));
}

/// How many of so many members may be out at once. Never the only one.
constexpr std::size_t ejection_cap(const ejection& plan, std::size_t members) noexcept {
    return members < 2 ? 0 : std::max<std::size_t>(1, members * plan.percent / 100);
}

}  // namespace drover
