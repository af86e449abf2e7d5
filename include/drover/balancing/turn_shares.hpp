#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <queue>
#include <utility>
#include <vector>

#include "drover/balancing/member.hpp"

namespace drover {

/// Turns in one round of a table: how many each member has, in whole numbers.
struct turn_shares {
    std::vector<std::uint32_t> turns;
    std::uint32_t length = 0;  ///< their sum
};

namespace detail {

inline constexpr std::uint32_t exact_length = 4096;

// The largest number of which all weights are multiples, or 0 if it is too small for `length` turns. Euclid's algorithm
// on weights that may be off by a billionth, so that .1, .2 and .3 are 1, 2 and 3.
inline double common_unit(const std::vector<double>& weights, double sum, double length) {
    const double nothing = sum * 1e-9;
    double unit = 0;
    for (const double weight : weights) {
        if (weight == 0) continue;
        double rest = weight;
        while (rest > nothing) {
            unit = std::exchange(rest, std::abs(std::remainder(unit, rest)));
        }
        if (weight <= nothing || unit * length < sum * 0.999) return 0;
    }
    return unit;
}

inline bool find_exact_shares(const std::vector<double>& weights, double sum, std::uint32_t longest,
                              turn_shares& found) {
    const double unit = common_unit(weights, sum, longest);
    if (unit == 0) return false;
    std::uint32_t divisor = 0;
    for (std::size_t each = 0; each != weights.size(); ++each) {
        const double turns = weights[each] / unit;
        const double whole = std::round(turns);
        if (std::abs(turns - whole) > turns * 1e-9) return false;
        found.turns[each] = static_cast<std::uint32_t>(whole);
        divisor = std::gcd(divisor, found.turns[each]);
    }
    found.length = 0;
    for (std::uint32_t& each : found.turns) {
        each /= divisor;
        found.length += each;
    }
    return found.length <= longest;
}

// Largest remainders (Hamilton), but that every positive weight has a turn. What those are given beyond their due is
// taken, turn by turn, from whoever is then furthest above or least below his.
inline void round_shares(const std::vector<double>& weights, double sum, std::uint32_t length, turn_shares& found) {
    std::priority_queue<std::pair<double, std::size_t>> below;  // due less turns, and who
    std::priority_queue<std::pair<double, std::size_t>> above;  // turns less due
    std::uint32_t given = 0;
    for (std::size_t each = 0; each != weights.size(); ++each) {
        if (weights[each] == 0) {
            found.turns[each] = 0;
            continue;
        }
        const double due = weights[each] / sum * length;
        const std::uint32_t turns = std::max(static_cast<std::uint32_t>(due), 1U);
        found.turns[each] = turns;
        given += turns;
        below.emplace(due - turns, each);
        if (turns > 1) above.emplace(turns - due, each);
    }
    for (; given < length; ++given) {
        found.turns[below.top().second] += 1;
        below.pop();
    }
    for (; given > length; --given) {
        const auto [surplus, who] = above.top();
        above.pop();
        found.turns[who] -= 1;
        if (found.turns[who] > 1) above.emplace(surplus - 1, who);
    }
    found.length = length;
}

}  // namespace detail

/// Shares for weights as relative_weights() gives them: exact (to a billionth) if the sum over the greatest common
/// divisor is 4096 or less, or no more than the rounded table would have. Otherwise a power of two of 4096 or more, and
/// at least four turns a member: then a share is within 1/length of its due, unless members are due less than a turn
/// and yet have one, at the cost of the larger ones. No members that take messages: length 0. O(n log n), allocates.
inline turn_shares find_shares(const std::vector<double>& weights) {
    turn_shares found{.turns = std::vector<std::uint32_t>(weights.size())};
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    if (sum == 0) return found;
    const auto members = static_cast<std::uint32_t>(weights.size());
    const std::uint32_t length = std::max(detail::exact_length, std::bit_ceil(4 * members));
    if (!detail::find_exact_shares(weights, sum, length, found)) detail::round_shares(weights, sum, length, found);
    return found;
}

}  // namespace drover
