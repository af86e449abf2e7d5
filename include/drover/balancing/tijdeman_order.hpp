#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "drover/balancing/member.hpp"
#include "drover/balancing/turn_shares.hpp"

namespace drover {

/// The turns of a round, one after the other, so that at every moment each member has had its share up to less than one
/// turn: by 1 - 1/(2n - 2) at most, the best bound there is (R. Tijdeman, "The chairman assignment problem", 1980).
/// Each of a member's turns has a step before which it would be too early, and of those that are not too early the one
/// is taken that would soonest be too late. Ties go to the member that stands first, so equal shares are taken in
/// order.
///
/// One heap for what may be taken. What is too early stands in a list for the step that releases it, as those steps are
/// known numbers. Integers only, below 2^53 with 2^16 members. O(length log n), allocates.
inline std::vector<member_index> tijdeman_order(const turn_shares& given) {
    std::vector<member_index> order;
    order.reserve(given.length);
    const std::size_t members = given.turns.size();
    const auto positive = static_cast<std::uint64_t>(
        std::count_if(given.turns.begin(), given.turns.end(), [](std::uint32_t turns) { return turns != 0; }));
    if (positive == 0) return order;
    const std::uint64_t scale = positive == 1 ? 1 : 2 * positive - 2;  // alone, a member may be taken at any step
    const std::uint64_t length = given.length;

    struct turn {
        std::uint64_t deadline;  // times the member's share
        std::uint64_t share;
        member_index member;
    };
    const auto later = [](const turn& one, const turn& other) {
        const std::uint64_t left = one.deadline * other.share;
        const std::uint64_t right = other.deadline * one.share;
        return left != right ? left > right : one.member > other.member;
    };
    std::vector<turn> heap;
    heap.reserve(positive);
    std::vector<member_index> had(members);
    std::vector<member_index> next(members, no_member);
    std::vector<member_index> released(given.length + 1, no_member);  // by step: the first of a list

    const auto release = [&](member_index member, std::uint64_t earliest) {
        // From the step k on at which k * share / length - had >= 1 / scale.
        const std::uint64_t numerator = length * (1 + scale * had[member]);
        const std::uint64_t denominator = scale * given.turns[member];
        const std::uint64_t step = std::max(earliest, (numerator + denominator - 1) / denominator);
        if (step > length) return;  // it has had all
        next[member] = std::exchange(released[step], member);
    };
    for (std::size_t each = 0; each != members; ++each) {
        if (given.turns[each] != 0) release(static_cast<member_index>(each), 1);
    }
    for (std::uint64_t step = 1; step <= length; ++step) {
        for (member_index each = released[step]; each != no_member; each = next[each]) {
            heap.push_back({scale * (had[each] + 1) - 1, given.turns[each], each});
            std::push_heap(heap.begin(), heap.end(), later);
        }
        std::pop_heap(heap.begin(), heap.end(), later);  // never empty: Tijdeman's theorem
        const member_index taken = heap.back().member;
        heap.pop_back();
        order.push_back(taken);
        had[taken] += 1;
        release(taken, step + 1);
    }
    return order;
}

}  // namespace drover
