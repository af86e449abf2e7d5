#pragma once

#include <span>
#include <utility>

#include "drover/balancing/alias_table.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/balancing/weights.hpp"
#include "drover/base/random.hpp"

namespace drover {

/// Any, with the probability of its weight.
///
/// A pick: one random number of the thread's own and one load (alias_table.hpp); nothing shared is written. Build:
/// O(n). Shares hold on the average only: weighted_round_robin keeps them within one message.
struct weighted_random {
    using options = no_options;
    using state = keeps_nothing;
    using local = random_source;
    static constexpr signals needs = signals::none;
    using table = alias_table;

    static expected<table, build_error> build(std::span<const member_info> members, state&) {
        auto weights = relative_weights(members);
        if (!weights) return unexpected<build_error>(std::move(weights.error()));
        return table(weights.value());
    }

    static member_index pick(const table& from, state&, local& random, pick_key) noexcept {
        return from.draw(random.next());
    }
};

static_assert(balancing_policy<weighted_random>);

}  // namespace drover
