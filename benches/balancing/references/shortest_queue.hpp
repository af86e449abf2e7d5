// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/balancing/load_candidate.hpp>
#include <drover/balancing/policy.hpp>
#include <drover/base/random.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace benches::balancing {

/// The member with the fewest jobs, whatever the weights; of several any (join the shortest queue: W. Winston,
/// "Optimality of the shortest line discipline", 1977). The best for equal members and exponential service among all
/// that pick at arrival and do not know how long jobs take. A pick: O(n).
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
        // A walk from anywhere, which takes the first of the least: any of several, though not each as likely.
        const std::size_t size = from.size();
        if (size == 0) return drover::no_member;
        std::size_t best = random.below(static_cast<std::uint32_t>(size));
        std::uint64_t least = from[best].load->read();
        std::size_t at = best;
        for (std::size_t left = size - 1; left != 0 && least != 0; --left) {
            at = at + 1 == size ? 0 : at + 1;
            const std::uint64_t load = from[at].load->read();
            if (load < least) {
                least = load;
                best = at;
            }
        }
        return from[best].index;
    }
};

static_assert(drover::balancing_policy<shortest_queue>);

}  // namespace benches::balancing
