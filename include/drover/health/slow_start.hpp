#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/health/check_option.hpp"
#include "drover/health/part.hpp"

namespace drover {

/// A member that recovers, restarts or joins a running pool gets little at first and more by and by: its weight is
/// multiplied by max(least, (t / over)^(1 / aggression)), Envoy's formula. All ramps of a pool move at the same
/// moments, `steps` of them in the time that one ramp takes, however many members ramp, as each moment means a new
/// table of the pool's. So a factor is never above the formula, and a ramp ends one step late at most. It only grows,
/// and is never 0.
struct slow_start {
    struct options {
        clock_duration over = std::chrono::seconds(30);  ///< > 0
        double least = 0.1;                              ///< above 0, 1 at most
        double aggression = 1;                           ///< 1: evenly; more: fast at first; 0.01 … 100
        std::uint32_t steps = 10;                        ///< 1 … 1000
    };

    static constexpr health_signals needs = health_signals::none;
    static void plan(const options&, record_plan&) noexcept {}

    class watcher;
};

/// Throws std::invalid_argument with one sentence if a number is out of its range.
inline void check(const slow_start::options& chosen) {
    detail::check_range("slow_start::options::least", chosen.least, 0.000001, 1.0);
    detail::check_range("slow_start::options::aggression", chosen.aggression, 0.01, 100.0);
    detail::check_range("slow_start::options::steps", std::uint64_t{chosen.steps}, 1, 1000);
    if (chosen.over.count() < chosen.steps) {
        detail::refuse_option({"slow_start::options::over is ", std::to_string(chosen.over.count()),
                               " ns; use at least 1 ns for each of its ", std::to_string(chosen.steps), " steps"});
    }
}

/// O(n) at each look that is a step. Allocates when a member joins only.
class slow_start::watcher : public health_watcher {
public:
    watcher(const options& chosen, std::uint64_t) noexcept : options_(chosen) {}

    void joined(std::size_t index, const member_signals&, time_point) {
        members_.insert(members_.begin() + static_cast<std::ptrdiff_t>(index), member{});
    }

    void left(std::size_t index) noexcept {
        ramps_ -= members_[index].ramps ? 1 : 0;
        members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(index));
    }

    void recovered(std::size_t index, time_point now) noexcept {
        if (ramps_ == 0) next_step_ = later_by(now, options_.over / options_.steps);
        ramps_ += members_[index].ramps ? 0 : 1;
        members_[index] = {options_.least, true, now};
    }

    void look(time_point now) noexcept {
        if (ramps_ == 0 || now < next_step_) return;
        next_step_ = later_by(now, options_.over / options_.steps);
        for (member& each : members_) {
            if (!each.ramps) continue;
            each.factor = std::max(each.factor, at(now - each.since));  // which begins with the least
            if (now - each.since >= options_.over) {
                each.ramps = false;
                ramps_ -= 1;
            }
        }
    }

    double factor(std::size_t index) const noexcept { return members_[index].factor; }
    time_point next_due() const noexcept { return ramps_ == 0 ? time_point::max() : next_step_; }

private:
    struct member {
        double factor = 1;
        bool ramps = false;
        time_point since{};
    };

    double at(clock_duration since) const noexcept {
        if (since >= options_.over) return 1;
        const double part = static_cast<double>(since.count()) / static_cast<double>(options_.over.count());
        return std::pow(part, 1 / options_.aggression);
    }

    const options options_;
    std::vector<member> members_;
    std::size_t ramps_ = 0;
    time_point next_step_{};
};

static_assert(health_part<slow_start>);

}  // namespace drover
