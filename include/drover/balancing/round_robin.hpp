#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "drover/balancing/divisor.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/balancing/ticket.hpp"
#include "drover/balancing/weights.hpp"

namespace drover {

/// Each in turn, for all threads together: of n picks one after the other, by whichever threads, each member has
/// exactly one. Weights count only as 0 or not.
///
/// A pick: one shared `fetch_add`, a remainder without division, one load. Build: O(n).
/// It does not see who is slow; threads that pick at the same time share the ticket's cache line.
struct round_robin {
    using options = ticket_options;
    using state = ticket_counter;
    using local = keeps_nothing;
    static constexpr signals needs = signals::none;

    struct table {
        explicit table(std::vector<member_index> members) : turns(std::move(members)), length(turns.size()) {}

        std::vector<member_index> turns;
        divisor length;
    };

    static expected<table, build_error> build(std::span<const member_info> members, state&) {
        auto weights = relative_weights(members);
        if (!weights) return unexpected<build_error>(std::move(weights.error()));
        return table(takers(weights.value()));
    }

    static member_index pick(const table& from, state& shared, local&, pick_key) noexcept {
        return from.turns[from.length.remainder(shared.draw())];
    }
};

static_assert(balancing_policy<round_robin>);

}  // namespace drover
