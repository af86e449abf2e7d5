#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "drover/balancing/build_error.hpp"
#include "drover/balancing/member.hpp"
#include "drover/base/expected.hpp"

namespace drover {

/// The members' weights as numbers to compare and to add up: scaled by a power of two, which rounds nothing, so that
/// the largest is in [0.5, 1); one that is positive stays so, be it ever so small. An unknown weight is the mean of the
/// known ones that are not 0 (one that takes no new messages says nothing of what the others can do), and 1 if there is
/// none. O(n), allocates; any thread.
inline expected<std::vector<double>, build_error> relative_weights(std::span<const member_info> members) {
    if (members.size() > most_members) {
        return unexpected<build_error>(
            build_error{.code = build_error::too_many_members, .most = most_members, .given = members.size()});
    }
    double largest = 0;
    for (std::size_t each = 0; each != members.size(); ++each) {
        const double weight = members[each].weight.value_or(0);
        if (!std::isfinite(weight) || weight < 0) {
            return unexpected<build_error>(detail::about_member(build_error::bad_weight, members[each], each));
        }
        largest = std::max(largest, weight);
    }
    int exponent = 0;
    std::frexp(largest, &exponent);
    std::vector<double> weights(members.size());
    double sum = 0;
    std::size_t known = 0;
    for (std::size_t each = 0; each != members.size(); ++each) {
        const double weight = members[each].weight.value_or(0);
        if (weight > 0) {
            weights[each] = std::max(std::ldexp(weight, -exponent), std::numeric_limits<double>::min());
            sum += weights[each];
            known += 1;
        }
    }
    const double mean = known != 0 ? sum / static_cast<double>(known) : 1;
    for (std::size_t each = 0; each != members.size(); ++each) {
        if (!members[each].weight) weights[each] = mean;
    }
    return weights;
}

/// Those whose weight is not 0, in their order; or `no_member` alone, so that a pick from it need not ask whether it is
/// empty.
inline std::vector<member_index> takers(const std::vector<double>& weights) {
    std::vector<member_index> found;
    for (std::size_t each = 0; each != weights.size(); ++each) {
        if (weights[each] > 0) found.push_back(static_cast<member_index>(each));
    }
    if (found.empty()) found.push_back(no_member);
    return found;
}

}  // namespace drover
