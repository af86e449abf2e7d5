#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "drover/balancing/member.hpp"

namespace drover {

/// Draws a member with the probability of its weight, in O(1): the alias method (A. J. Walker, 1977), built in O(n)
/// without a loss at small weights (M. D. Vose, "A linear algorithm for generating random numbers with a given
/// distribution", 1991). There is a column for each member, of equal width; the lower part of it is the member's own
/// and what is above is another's. Probabilities are multiples of 2^-32 of a column, rounded, and never 0 for a
/// positive weight.
class alias_table {
public:
    /// Weights as relative_weights() gives them; those of 0 have no column. Allocates.
    explicit alias_table(const std::vector<double>& weights) {
        double sum = 0;
        for (std::size_t each = 0; each != weights.size(); ++each) {
            if (weights[each] == 0) continue;
            columns_.push_back({.own = static_cast<member_index>(each)});
            sum += weights[each];
        }
        if (columns_.empty()) {
            columns_.push_back({.own = no_member, .other = no_member});
            return;
        }
        const auto size = static_cast<double>(columns_.size());
        std::vector<double> filled;  // how much of a column's width its member is due
        std::vector<std::size_t> small;
        std::vector<std::size_t> large;
        for (std::size_t each = 0; each != columns_.size(); ++each) {
            filled.push_back(weights[columns_[each].own] / sum * size);
            (filled[each] < 1 ? small : large).push_back(each);
        }
        while (!small.empty() && !large.empty()) {
            const std::size_t below = small.back();
            const std::size_t above = large.back();
            small.pop_back();
            columns_[below].part = part_of(filled[below]);
            columns_[below].other = columns_[above].own;
            filled[above] = (filled[above] + filled[below]) - 1;
            if (filled[above] < 1) {
                large.pop_back();
                small.push_back(above);
            }
        }
        // Rounding alone leaves some that are not quite full; they are.
        for (const std::vector<std::size_t>* rest : {&small, &large}) {
            for (const std::size_t each : *rest) {
                columns_[each].other = columns_[each].own;
            }
        }
    }

    /// For a random number of 64 bits, as good in its upper half as in its lower one. `no_member` if there is none.
    member_index draw(std::uint64_t random) const noexcept {
        const column& in = columns_[((random >> 32U) * columns_.size()) >> 32U];
        return static_cast<std::uint32_t>(random) < in.part ? in.own : in.other;
    }

private:
    struct column {
        member_index own;
        member_index other = no_member;
        std::uint32_t part = 0xffff'ffff;
    };

    static std::uint32_t part_of(double filled) noexcept {
        const double scaled = std::round(filled * 0x1p32);
        return scaled < 1 ? 1 : scaled < 0x1p32 ? static_cast<std::uint32_t>(scaled) : 0xffff'ffff;
    }

    std::vector<column> columns_;
};

}  // namespace drover
