#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "drover/balancing/policy.hpp"
#include "drover/balancing/weights.hpp"
#include "drover/base/random.hpp"

namespace drover {

/// Any, each as likely as the others. Weights count only as 0 or not.
///
/// A pick: one random number of the thread's own and one load; nothing shared is written. Build: O(n). Of n picks by
/// chance some member has about ln n / ln ln n (balls into bins), so mailboxes grow less evenly than by turns.
struct random_pick {
    using options = no_options;
    using state = keeps_nothing;
    using local = random_source;
    static constexpr signals needs = signals::none;
    using table = std::vector<member_index>;

    static expected<table, build_error> build(std::span<const member_info> members, state&) {
        auto weights = relative_weights(members);
        if (!weights) return unexpected<build_error>(std::move(weights.error()));
        return takers(weights.value());
    }

    static member_index pick(const table& from, state&, local& random, pick_key) noexcept {
        return from[random.below(static_cast<std::uint32_t>(from.size()))];
    }
};

static_assert(balancing_policy<random_pick>);

}  // namespace drover
