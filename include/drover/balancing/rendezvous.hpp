#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "drover/balancing/consistent_hash.hpp"

namespace drover {

/// For `consistent_hash`: each member draws a lot for the key, and the highest has it (D. Thaler and C. Ravishankar,
/// "Using name-based mappings to increase hit rates", 1998). With weights the lot is weight / -ln(u) of a u in (0, 1),
/// which wins with the probability of the weight (C. Schindelhauer and G. Schomaker, "Weighted distributed hash
/// tables", 2005).
///
/// When a member goes, its keys alone move, spread over the others by weight; when one comes, or a weight grows, keys
/// move to that member alone. A pick: O(n), some nanoseconds a member, and a logarithm more where weights differ. No
/// table.
struct rendezvous {
    using options = no_options;

    class table {
    public:
        table(const std::vector<hash_candidate>& members, const options&) : members_(members) {
            for (const hash_candidate& each : members_) {
                even_ = even_ && each.weight == members_.front().weight;
            }
        }

        member_index find(std::uint64_t bits) const noexcept {
            return even_ ? highest(bits, [](double lot, double) { return lot; })
                         // The larger of two negative numbers: the lot's reciprocal, with the sign changed.
                         : highest(bits, [](double lot, double weight) { return std::log(lot) / weight; });
        }

    private:
        // Of equal lots the one with the lower id, which comes first.
        template <class Lot>
        member_index highest(std::uint64_t bits, Lot lot) const noexcept {
            const hash_candidate* best = nullptr;
            double longest = 0;
            for (const hash_candidate& each : members_) {
                const double mine = lot(unit(mix_bits(bits, each.id)), each.weight);
                if (best == nullptr || mine > longest) {
                    best = &each;
                    longest = mine;
                }
            }
            return best != nullptr ? best->index : no_member;
        }

        // In (0, 1), by the upper 52 bits.
        static double unit(std::uint64_t bits) noexcept { return (static_cast<double>(bits >> 12U) + 0.5) * 0x1p-52; }

        std::vector<hash_candidate> members_;
        bool even_ = true;
    };
};

static_assert(balancing_policy<consistent_hash<rendezvous>>);

}  // namespace drover
