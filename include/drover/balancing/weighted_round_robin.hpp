#pragma once

#include <span>
#include <utility>
#include <vector>

#include "drover/balancing/divisor.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/balancing/ticket.hpp"
#include "drover/balancing/tijdeman_order.hpp"
#include "drover/balancing/turn_shares.hpp"
#include "drover/balancing/weights.hpp"

namespace drover {

/// Each in turn, as often as its weight says: over a full table each member has exactly its share, for all threads
/// together, and from the table's first turn on it is never a whole message ahead of its due or behind
/// (tijdeman_order.hpp; from any other turn on it is less than two). Between two picks of a member with weight w of a
/// sum W are at most 2W/w turns, rounded up. Equal weights make it round_robin. The default for members that differ.
///
/// A pick: one shared `fetch_add`, a remainder without division, one load. Build: O(length log n), where length is 4096
/// at most for n up to 1024, and then up to 8 n (turn_shares.hpp says which, and what is rounded). 4 bytes a turn. It
/// does not see who is slow; threads that pick at the same time share the ticket's cache line.
struct weighted_round_robin {
    using options = ticket_options;
    using state = ticket_counter;
    using local = keeps_nothing;
    static constexpr signals needs = signals::none;

    struct table {
        explicit table(std::vector<member_index> order) : turns(std::move(order)), length(turns.size()) {}

        std::vector<member_index> turns;
        divisor length;
    };

    static expected<table, build_error> build(std::span<const member_info> members, state&) {
        auto weights = relative_weights(members);
        if (!weights) return unexpected<build_error>(std::move(weights.error()));
        std::vector<member_index> order = tijdeman_order(find_shares(weights.value()));
        if (order.empty()) order.push_back(no_member);
        return table(std::move(order));
    }

    static member_index pick(const table& from, state& shared, local&, pick_key) noexcept {
        return from.turns[from.length.remainder(shared.draw())];
    }
};

static_assert(balancing_policy<weighted_round_robin>);

}  // namespace drover
