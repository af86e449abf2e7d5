// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "report.hpp"

namespace benches::balancing {

/// Of at least one number.
inline spread spread_of(std::vector<double> numbers) {
    std::sort(numbers.begin(), numbers.end());
    const auto at = [&numbers](double share) {
        const double place = share * static_cast<double>(numbers.size() - 1);
        const auto below = static_cast<std::size_t>(place);
        const std::size_t above = std::min(below + 1, numbers.size() - 1);
        return numbers[below] + (numbers[above] - numbers[below]) * (place - static_cast<double>(below));
    };
    return {.median = at(0.5), .low = at(0.25), .high = at(0.75)};
}

/// One of several that are timed in turn.
struct contender {
    std::string name;
    std::function<double()> time;  ///< does it once, and says how long a unit of it took
};

/// For each contender its times by round. All run in each round, another one first each time, so that what slows the
/// machine slows all alike. A round before them warms up and is not counted.
inline std::vector<std::vector<double>> time_in_turn(const std::vector<contender>& all, std::size_t rounds) {
    std::vector<std::vector<double>> times(all.size());
    for (std::size_t round = 0; round <= rounds; ++round) {
        for (std::size_t each = 0; each != all.size(); ++each) {
            const std::size_t which = (each + round) % all.size();
            const double took = all[which].time();
            if (round != 0) times[which].push_back(took);
        }
    }
    return times;
}

/// Of the ratios of two contenders' times in the same round.
inline spread ratio_of(const std::vector<double>& times, const std::vector<double>& base) {
    std::vector<double> ratios;
    for (std::size_t round = 0; round != times.size(); ++round) {
        ratios.push_back(times[round] / base[round]);
    }
    return spread_of(std::move(ratios));
}

}  // namespace benches::balancing
