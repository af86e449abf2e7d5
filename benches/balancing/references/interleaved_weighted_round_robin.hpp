// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/balancing/policy.hpp>
#include <drover/balancing/turn_shares.hpp>
#include <drover/balancing/weights.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace benches::balancing {

/// Interleaved weighted round robin (M. Katevenis, S. Sidiropoulos and C. Courcoubetis, "Weighted round-robin cell
/// multiplexing in a general-purpose ATM switch chip", 1991): a round has as many cycles as the largest weight, and in
/// the k-th each member of weight k or more is picked once. Whole weights: the turns of drover's own table. A thread's
/// own place in the round. A pick: O(n) at worst.
struct interleaved_weighted_round_robin {
    using options = drover::no_options;
    using state = drover::keeps_nothing;
    static constexpr drover::signals needs = drover::signals::none;

    struct table {
        std::vector<std::uint32_t> turns;
        std::uint32_t cycles;
    };

    struct local {
        explicit local(std::uint64_t) noexcept {}
        std::uint32_t cycle = 1;
        std::uint32_t place = 0;
    };

    static drover::expected<table, drover::build_error> build(std::span<const drover::member_info> members, state&) {
        auto weights = drover::relative_weights(members);
        if (!weights) return drover::unexpected<drover::build_error>(std::move(weights.error()));
        drover::turn_shares shares = drover::find_shares(weights.value());
        const auto most = std::max_element(shares.turns.begin(), shares.turns.end());
        const std::uint32_t cycles = most == shares.turns.end() ? 0 : *most;
        return table{std::move(shares.turns), cycles};
    }

    static drover::member_index pick(const table& from, state&, local& own, drover::pick_key) noexcept {
        if (from.cycles == 0) return drover::no_member;
        for (;;) {
            if (own.place >= from.turns.size()) {
                own.place = 0;
                own.cycle = own.cycle >= from.cycles ? 1 : own.cycle + 1;
            }
            const std::uint32_t place = own.place++;
            if (from.turns[place] >= own.cycle) return place;
        }
    }
};

static_assert(drover::balancing_policy<interleaved_weighted_round_robin>);

}  // namespace benches::balancing
