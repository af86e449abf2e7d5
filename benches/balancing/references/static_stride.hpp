// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/balancing/policy.hpp>
#include <drover/balancing/ticket.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "weighted_members.hpp"

namespace benches::balancing {

/// gRPC's static stride scheduler (gRFC A58, "weighted_round_robin LB policy"): weights in 16 bits, the largest of them
/// 65535, none above ten times their mean nor below a tenth of it. One ticket for all threads says a member and a
/// generation, and the member is passed over in generations that its weight does not reach; each has an offset of its
/// own, half of the range for every other. A pick: one shared `fetch_add` for each member that is looked at, at most
/// ten times as many as there are members, on the average the largest weight over the mean.
struct static_stride {
    using options = drover::ticket_options;
    using state = drover::ticket_counter;
    using local = drover::keeps_nothing;
    static constexpr drover::signals needs = drover::signals::none;

    static constexpr std::uint64_t largest = 65'535;
    static constexpr double most_of_mean = 10;
    static constexpr double least_of_mean = 0.1;

    struct member {
        std::uint64_t weight;
        drover::member_index index;
    };
    using table = std::vector<member>;

    static drover::expected<table, drover::build_error> build(std::span<const drover::member_info> members, state&) {
        auto found = weighted_members(members);
        if (!found) return drover::unexpected<drover::build_error>(std::move(found.error()));
        double sum = 0;
        double most = 0;
        for (const weighted_member& each : found.value()) {
            sum += each.weight;
            most = std::max(most, each.weight);
        }
        const double mean = sum / static_cast<double>(found.value().size());
        const double cap = std::min(most, most_of_mean * mean);
        const double scale = static_cast<double>(largest) / cap;
        table kept;
        for (const weighted_member& each : found.value()) {
            const double scaled = std::max(std::min(each.weight, cap), least_of_mean * mean) * scale;
            kept.push_back({std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(scaled))), each.index});
        }
        return kept;
    }

    static drover::member_index pick(const table& from, state& shared, local&, drover::pick_key) noexcept {
        if (from.empty()) return drover::no_member;
        for (;;) {
            const std::uint64_t ticket = shared.draw();
            const std::uint64_t place = ticket % from.size();
            const std::uint64_t generation = ticket / from.size();
            const member& one = from[place];
            if ((one.weight * generation + place * (largest / 2)) % largest >= largest - one.weight) return one.index;
        }
    }
};

static_assert(drover::balancing_policy<static_stride>);

}  // namespace benches::balancing
