#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "drover/balancing/alias_table.hpp"
#include "drover/balancing/load_candidate.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/balancing/two_choices.hpp"
#include "drover/base/random.hpp"

namespace drover {

/// Of two different members by chance, the one that a message more would make less busy for its weight, (load + 1) /
/// weight (M. Mitzenmacher, "The power of two choices in randomized load balancing", 1996). The busiest of all is never
/// picked. The first is drawn with the probability of its weight and the second from all others alike: if both were, a
/// member with most of the weight would be met too seldom to get its share, and drawn twice it would be no choice.
///
/// A pick: two random numbers of the thread's own, the cache lines of two members; nothing shared is written. Build:
/// O(n). It does not see latency; peak_ewma does.
struct power_of_two_choices {
    using options = no_options;
    using state = keeps_nothing;
    using local = random_source;
    static constexpr signals needs = signals::depth;

    struct table {
        std::vector<load_candidate> members;
        alias_table first;  ///< draws positions in `members`
    };

    static expected<table, build_error> build(std::span<const member_info> members, state&) {
        auto found = load_candidates(members);
        if (!found) return unexpected<build_error>(std::move(found.error()));
        std::vector<double> weights;
        for (const load_candidate& each : found.value()) {
            weights.push_back(each.weight);
        }
        return table{std::move(found.value()), alias_table(weights)};
    }

    static member_index pick(const table& from, state&, local& random, pick_key) noexcept {
        const auto size = static_cast<std::uint32_t>(from.members.size());
        if (size < 2) return size == 0 ? no_member : from.members[0].index;
        const two_places drawn = draw_two(from.first, size, random);
        const load_candidate& one = from.members[drawn.one];
        const load_candidate& other = from.members[drawn.other];
        // No branch: which of two is taken cannot be guessed, and a wrong guess costs more than the pick.
        const member_index both[] = {one.index, other.index};
        return both[busier(one.load->read(), one.weight, other.load->read(), other.weight) ? 1 : 0];
    }
};

static_assert(balancing_policy<power_of_two_choices>);

}  // namespace drover
