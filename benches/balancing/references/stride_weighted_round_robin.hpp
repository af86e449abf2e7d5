// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/balancing/policy.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "weighted_members.hpp"

namespace benches::balancing {

/// Stride scheduling (C. Waldspurger and W. Weihl, "Stride scheduling: deterministic proportional-share resource
/// management", 1995): in whole numbers, each member's pass grows by a stride that is inverse to its tickets, and the
/// lowest pass is picked; of equal ones the first member. A heap of a thread's own, filled by the first pick from a
/// table of another size, which allocates. A pick: O(log n).
struct stride_weighted_round_robin {
    using options = drover::no_options;
    using state = drover::keeps_nothing;
    static constexpr drover::signals needs = drover::signals::none;

    static constexpr double stride_of_one = 0x1p32;  ///< what the paper calls stride1, with weights as tickets

    struct member {
        std::uint64_t stride;
        drover::member_index index;
    };
    using table = std::vector<member>;

    struct local {
        explicit local(std::uint64_t) noexcept {}
        std::vector<std::pair<std::uint64_t, std::uint32_t>> heap{};  // pass, place
    };

    static drover::expected<table, drover::build_error> build(std::span<const drover::member_info> members, state&) {
        auto found = weighted_members(members);
        if (!found) return drover::unexpected<drover::build_error>(std::move(found.error()));
        table kept;
        for (const weighted_member& each : found.value()) {
            kept.push_back({static_cast<std::uint64_t>(std::llround(stride_of_one / each.weight)), each.index});
        }
        return kept;
    }

    static drover::member_index pick(const table& from, state&, local& own, drover::pick_key) noexcept {
        if (from.empty()) return drover::no_member;
        if (own.heap.size() != from.size()) fill(from, own);
        std::pop_heap(own.heap.begin(), own.heap.end(), std::greater<>{});
        const member& taken = from[own.heap.back().second];
        own.heap.back().first += taken.stride;
        std::push_heap(own.heap.begin(), own.heap.end(), std::greater<>{});
        return taken.index;
    }

private:
    static void fill(const table& from, local& own) {
        own.heap.clear();
        for (std::size_t each = 0; each != from.size(); ++each) {
            own.heap.emplace_back(from[each].stride, static_cast<std::uint32_t>(each));
        }
        std::make_heap(own.heap.begin(), own.heap.end(), std::greater<>{});
    }
};

static_assert(drover::balancing_policy<stride_weighted_round_robin>);

}  // namespace benches::balancing
