#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "drover/balancing/load_candidate.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/base/random.hpp"

namespace drover {

/// The one that a message more would make least busy for its weight, (load + 1) / weight; of several any, each as
/// likely.
///
/// A pick: O(n), one cache line of every member. Build: O(n). The reference for quality, and for few members. Loads
/// that several threads read at once are the same to them: they pick the same member, which power_of_two_choices
/// avoids.
struct least_loaded {
    using options = no_options;
    using state = keeps_nothing;
    using local = random_source;
    static constexpr signals needs = signals::depth;
    using table = std::vector<load_candidate>;

    static expected<table, build_error> build(std::span<const member_info> members, state&) {
        return load_candidates(members);
    }

    static member_index pick(const table& from, state&, local& random, pick_key) noexcept {
        if (from.empty()) return no_member;
        const load_candidate* best = from.data();
        std::uint64_t least = best->load->read();
        std::uint32_t equals = 1;
        for (const load_candidate& each : std::span(from).subspan(1)) {
            const std::uint64_t load = each.load->read();
            if (busier(load, each.weight, least, best->weight)) continue;
            equals = busier(least, best->weight, load, each.weight) ? 1 : equals + 1;
            // The k-th of equals takes the place with probability 1/k, which leaves each with the same.
            if (equals == 1 || random.below(equals) == 0) {
                best = &each;
                least = load;
            }
        }
        return best->index;
    }
};

static_assert(balancing_policy<least_loaded>);

}  // namespace drover
