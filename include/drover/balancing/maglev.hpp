#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "drover/balancing/consistent_hash.hpp"
#include "drover/balancing/divisor.hpp"

namespace drover {

/// For `consistent_hash`: a table of slots, which members take in turn, each by an order of preference of its own (D.
/// Eisenbud et al., "Maglev: a fast and reliable software network load balancer", 2016, section 3.4). One with half of
/// the largest weight takes every other turn; everyone has one slot at least.
///
/// Even to about n / `slots`. When a member goes, its keys move, and few of the others' (with 16 members and 32749
/// slots under 1 %; rendezvous moves none). A pick: one load. Build: O(slots log slots); 4 bytes a slot. The number of
/// slots must stay, or all keys move: it does not follow the number of members, which should be a hundredth of it or
/// less.
struct maglev {
    struct options {
        std::uint32_t slots = 32'749;  ///< at least that, and one a member; the next prime is taken
    };

    class table {
    public:
        table(const std::vector<hash_candidate>& members, const options& chosen)
            : slots_(length_for(members.size(), chosen.slots), no_member), length_(slots_.size()) {
            if (!members.empty()) fill(members);
        }

        member_index find(std::uint64_t bits) const noexcept { return slots_[length_.remainder(mix_bits(bits, 0))]; }

    private:
        // A walk over all slots, as their number is prime.
        struct preference {
            std::uint64_t at;
            std::uint64_t skip;
            double credit;  // turns that it may take
        };

        void fill(const std::vector<hash_candidate>& members) {
            std::vector<preference> walks;
            for (const hash_candidate& each : members) {
                walks.push_back(
                    {mix_bits(each.id, 1) % slots_.size(), mix_bits(each.id, 2) % (slots_.size() - 1) + 1, 1});
            }
            for (std::size_t left = slots_.size(); left != 0;) {
                for (std::size_t each = 0; each != members.size() && left != 0; ++each) {
                    preference& walk = walks[each];
                    if (walk.credit >= 1) {
                        take(walk, members[each].index);
                        walk.credit -= 1;
                        left -= 1;
                    }
                    walk.credit += members[each].weight;
                }
            }
        }

        void take(preference& walk, member_index member) {
            while (slots_[walk.at] != no_member) {
                walk.at += walk.skip;
                walk.at -= walk.at < slots_.size() ? 0 : slots_.size();
            }
            slots_[walk.at] = member;
        }

        static std::size_t length_for(std::size_t members, std::size_t wanted) {
            std::size_t length = std::max({members, wanted, std::size_t{3}});
            while (!is_prime(length)) {
                length += 1;
            }
            return length;
        }

        static bool is_prime(std::size_t number) {
            for (std::size_t each = 2; each * each <= number; ++each) {
                if (number % each == 0) return false;
            }
            return number > 1;
        }

        std::vector<member_index> slots_;
        divisor length_;
    };
};

static_assert(balancing_policy<consistent_hash<maglev>>);

}  // namespace drover
