// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/balancing/policy.hpp>
#include <drover/balancing/weights.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace benches::balancing {

/// A member that takes messages, for the references that need its weight and nothing more.
struct weighted_member {
    double weight;
    drover::member_index index;
};

/// Those of a weight above 0.
inline drover::expected<std::vector<weighted_member>, drover::build_error> weighted_members(
    std::span<const drover::member_info> members) {
    auto weights = drover::relative_weights(members);
    if (!weights) return drover::unexpected<drover::build_error>(std::move(weights.error()));
    std::vector<weighted_member> found;
    for (std::size_t each = 0; each != members.size(); ++each) {
        if (weights.value()[each] == 0) continue;
        found.push_back({weights.value()[each], static_cast<drover::member_index>(each)});
    }
    return found;
}

}  // namespace benches::balancing
