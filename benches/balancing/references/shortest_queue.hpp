// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/balancing/load_candidate.hpp>
#include <drover/balancing/policy.hpp>
#include <drover/base/random.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace benches::balancing {

/// The member with the fewest jobs, whatever the weights; of several any, each as likely (join the shortest queue: W.
/// Winston, "Optimality of the shortest line discipline", 1977). The best for equal members and exponential service
/// among all that pick at arrival and do not know how long jobs take. Where weights are equal it is least_loaded,
/// number by number. A pick: O(n).
struct shortest_queue {
    using options = drover::no_options;
    using state = drover::keeps_nothing;
    using local = drover::random_source;
    static constexpr drover::signals needs = drover::signals::depth;
    using table = std::vector<drover::load_candidate>;

    static drover::expected<table, drover::build_error> build(std::span<const drover::member_info> members, state&) {
        return drover::load_candidates(members);
    }

    static drover::member_index pick(const table& from, state&, local& random, drover::pick_key) noexcept {
        drover::member_index best = drover::no_member;
        std::uint64_t least = ~std::uint64_t{0};
        std::uint32_t equals = 1;
        for (const drover::load_candidate& each : from) {
            const std::uint64_t load = each.load->read();
            if (load > least) continue;
            equals = load < least ? 1 : equals + 1;
            least = load;
            if (equals == 1 || random.below(equals) == 0) best = each.index;  // of k equals each with 1/k
        }
        return best;
    }
};

static_assert(drover::balancing_policy<shortest_queue>);

}  // namespace benches::balancing
