#pragma once

#include <cstdint>
#include <span>

#include "drover/balancing/member_latency.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/balancing/shared_queue.hpp"

namespace drover {

/// As `Policy`, and the members' loads and latencies are kept as well, though it does not read them: for a function
/// that gives weights by them (`pool_options::weigh`) and for `pool::members()`. A message costs a locked add, two
/// stores and two readings of the clock more. A policy that measures latencies itself needs this not, and is refused.
template <balancing_policy Policy>
struct measured {
    static_assert(!includes(Policy::needs, signals::latency),
                  "drover: measured around a policy that measures latencies itself; leave measured out");
    static_assert(!has_projection<Policy>,
                  "drover: measured around keyed_by, whose projection it would hide; write keyed_by<..., measured<P>>");

    struct options {
        typename Policy::options policy{};
        latency_options latency{};
    };

    static constexpr signals needs = Policy::needs | signals::depth | signals::latency;
    static constexpr bool counts_picks = drover::counts_picks<Policy>;
    static constexpr bool binds_keys = drover::binds_keys<Policy>;
    static constexpr bool pulls = drover::pulls<Policy>;

    struct state : Policy::state {
        /// Throws as the policy's.
        state(const options& chosen, std::uint64_t seed) : Policy::state(chosen.policy, seed) {}
    };
    using local = typename Policy::local;
    using table = typename Policy::table;

    static latency_options latency(const options& chosen) noexcept { return chosen.latency; }

    static expected<table, build_error> build(std::span<const member_info> members, state& pool) {
        return Policy::build(members, pool);
    }
    static member_index pick(const table& from, state& pool, local& own, pick_key key) noexcept {
        return Policy::pick(from, pool, own, key);
    }
    static bool anybody(const table& from) noexcept
        requires pulls
    {
        return Policy::anybody(from);
    }
};

}  // namespace drover
