// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/balancing/policy.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "weighted_members.hpp"

namespace benches::balancing {

/// As Envoy's weighted load balancers pick ("EDF scheduling" in its documentation of load balancing): a member has a
/// deadline every 1 / weight, and the earliest is picked; of equal ones what was entered first. A heap of a thread's
/// own, filled by the first pick from a table of another size, which allocates. A pick: O(log n).
struct deadline_weighted_round_robin {
    using options = drover::no_options;
    using state = drover::keeps_nothing;
    static constexpr drover::signals needs = drover::signals::none;
    using table = std::vector<weighted_member>;

    struct entry {
        double deadline;
        std::uint64_t entered;
        std::uint32_t place;
    };

    struct local {
        explicit local(std::uint64_t) noexcept {}
        std::vector<entry> heap{};
        std::uint64_t entered = 0;
    };

    static drover::expected<table, drover::build_error> build(std::span<const drover::member_info> members, state&) {
        return weighted_members(members);
    }

    static drover::member_index pick(const table& from, state&, local& own, drover::pick_key) noexcept {
        if (from.empty()) return drover::no_member;
        if (own.heap.size() != from.size()) fill(from, own);
        std::pop_heap(own.heap.begin(), own.heap.end(), later);
        entry& taken = own.heap.back();
        const weighted_member& member = from[taken.place];
        taken.deadline += 1 / member.weight;
        taken.entered = own.entered++;
        std::push_heap(own.heap.begin(), own.heap.end(), later);
        return member.index;
    }

private:
    static bool later(const entry& one, const entry& other) noexcept {
        return one.deadline != other.deadline ? one.deadline > other.deadline : one.entered > other.entered;
    }

    static void fill(const table& from, local& own) {
        own.heap.clear();
        for (std::size_t each = 0; each != from.size(); ++each) {
            own.heap.push_back({1 / from[each].weight, own.entered++, static_cast<std::uint32_t>(each)});
        }
        std::make_heap(own.heap.begin(), own.heap.end(), later);
    }
};

static_assert(drover::balancing_policy<deadline_weighted_round_robin>);

}  // namespace benches::balancing
