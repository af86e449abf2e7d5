#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "drover/balancing/alias_table.hpp"
#include "drover/balancing/load_candidate.hpp"
#include "drover/balancing/member_latency.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/balancing/two_choices.hpp"
#include "drover/base/random.hpp"

namespace drover {

/// Of two different members by chance (two_choices.hpp), the one that would be done sooner with a message more, for its
/// weight: average time (member_latency.hpp) times (load + 1) / weight. From Twitter's Finagle, `p2cPeakEwma`. A failed
/// message counts as slow, so that a member which fails at once attracts nothing.
///
/// A latency shows a member's speed, so weights are not for speeds: given as the speeds they would count twice, and the
/// slow members get less than they could do. They are for what latencies do not show, as that a member shall be spared,
/// or is to take work on by degrees. Members without weights share by speed alone.
///
/// No clock is read: the averages of two are compared as of the later of their last messages. A later moment would not
/// change which is the lower, since two that are idle fade alike. So a slow member fades against those that work, and
/// is tried again with one message after `decay` times the logarithm of the ratio of their costs: 7 s for a thousand
/// times with the default, 14 s for a million. While nobody works, nobody is tried; the first messages after a pause
/// make up for it. A member that has work does not fade (Finagle's do): one that hangs does not become attractive by
/// hanging.
///
/// A member that has finished none yet is given one message, and is then thought to be as slow as a failed one until it
/// has. Among such members loads decide.
///
/// A pick: two random numbers of the thread's own, four cache lines of two members, an exponential; nothing shared is
/// written. Build: O(n).
struct peak_ewma {
    using options = latency_options;
    using local = random_source;
    static constexpr signals needs = signals::depth | signals::latency;

    struct state {
        /// Throws std::invalid_argument as latency_options::check() does.
        state(const options& chosen, std::uint64_t) { chosen.check(); }
    };

    /// How the members' latencies are to be averaged.
    static latency_options latency(const options& chosen) { return chosen; }

    struct member {
        load_candidate kept;
        const member_latency* latency;
    };

    struct table {
        std::vector<member> members;
        alias_table first;  ///< draws positions in `members`
    };

    static expected<table, build_error> build(std::span<const member_info> members, state&) {
        auto found = load_candidates(members);
        if (!found) return unexpected<build_error>(std::move(found.error()));
        for (std::size_t each = 0; each != members.size(); ++each) {
            if (members[each].latency == nullptr) {
                return unexpected<build_error>(detail::about_member(build_error::no_latency, members[each], each));
            }
        }
        std::vector<member> kept;
        std::vector<double> weights;
        for (const load_candidate& each : found.value()) {
            kept.push_back({each, members[each.index].latency});
            weights.push_back(each.weight);
        }
        return table{std::move(kept), alias_table(weights)};
    }

    static member_index pick(const table& from, state&, local& random, pick_key) noexcept {
        const auto size = static_cast<std::uint32_t>(from.members.size());
        if (size < 2) return size == 0 ? no_member : from.members[0].kept.index;
        const two_places drawn = draw_two(from.first, size, random);
        const member& one = from.members[drawn.one];
        const member& other = from.members[drawn.other];
        // Loads first: who is seen to be idle is seen with its last message.
        const std::uint64_t load = one.kept.load->read();
        const std::uint64_t other_load = other.kept.load->read();
        const time_point now = std::max(one.latency->last(), other.latency->last());
        const double cost = one.latency->awaited(load, now) * static_cast<double>(load + 1) * other.kept.weight;
        const double other_cost =
            other.latency->awaited(other_load, now) * static_cast<double>(other_load + 1) * one.kept.weight;
        const member_index both[] = {one.kept.index, other.kept.index};
        return both[cost > other_cost ? 1 : 0];
    }
};

static_assert(balancing_policy<peak_ewma> && measures_latency<peak_ewma>);

}  // namespace drover
