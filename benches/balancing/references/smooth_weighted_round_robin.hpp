// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/balancing/policy.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "weighted_members.hpp"

namespace benches::balancing {

/// As nginx picks among its upstreams (its change of 2012, "Upstream: smooth weighted round-robin balancing"): all gain
/// their weight, and who then has most is picked and pays the sum of all weights. A thread's own, as it changes what it
/// reads; the first pick from a table of another size begins anew, and allocates. A pick: O(n).
struct smooth_weighted_round_robin {
    using options = drover::no_options;
    using state = drover::keeps_nothing;
    static constexpr drover::signals needs = drover::signals::none;
    using table = std::vector<weighted_member>;

    struct local {
        explicit local(std::uint64_t) noexcept {}
        std::vector<double> gained{};
    };

    static drover::expected<table, drover::build_error> build(std::span<const drover::member_info> members, state&) {
        return weighted_members(members);
    }

    static drover::member_index pick(const table& from, state&, local& own, drover::pick_key) noexcept {
        if (from.empty()) return drover::no_member;
        if (own.gained.size() != from.size()) own.gained.assign(from.size(), 0.0);
        std::size_t best = 0;
        double sum = 0;
        for (std::size_t each = 0; each != from.size(); ++each) {
            own.gained[each] += from[each].weight;
            sum += from[each].weight;
            // Sums of many weights are rounded: what is that near is equal, and the first of equals is picked.
            if (own.gained[each] > own.gained[best] + sum * 1e-12) best = each;
        }
        own.gained[best] -= sum;
        return from[best].index;
    }
};

static_assert(drover::balancing_policy<smooth_weighted_round_robin>);

}  // namespace benches::balancing
