#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "drover/balancing/consistent_hash.hpp"
#include "drover/balancing/policy.hpp"

namespace drover {

/// The member of a key, as by `consistent_hash<Hash>`, unless it has its cap of what all have to do together; then
/// another, which is the same for the same key while the same members are full (V. Mirrokni, M. Thorup and M.
/// Zadimoghaddam, "Consistent hashing with bounded loads", 2018). The cap is `Percent` % of a member's due by weight,
/// rounded up, of all loads and the message itself. So one key that everybody uses does not drown its member.
///
/// A pick counts its message on the load itself, in one step with the look at the cap, which so holds whatever other
/// threads send by the same pool; who tells a member past the pool is not stopped. Where a message that was refused is
/// picked again, `withdrawn()` comes first. A pick: O(n), as it adds up the loads; one locked operation on the member's
/// own counter. When senders have filled every cap `rounds` times while a pick looked, it takes the key's member above
/// its cap.
template <key_hash Hash, unsigned Percent = 125>
struct bounded_load {
    static_assert(Percent > 100 && Percent <= 1000, "drover: a cap of loads is 101 to 1000 percent of what is due");

    using options = typename Hash::options;
    using state = typename consistent_hash<Hash>::state;
    using local = keeps_nothing;
    static constexpr signals needs = signals::depth | signals::key;
    static constexpr bool counts_picks = true;

    static constexpr int probes = 8;  ///< members that a key would go to one after the other; then all in turn
    static constexpr int rounds = 64;

    struct member {
        member_load* load;
        double share;  ///< of the sum of weights, times Percent / 100
        member_index index;
    };

    struct table {
        std::vector<member> members;  ///< in the order of their ids
        typename Hash::table hash;    ///< finds positions in `members`
    };

    static expected<table, build_error> build(std::span<const member_info> members, state& pool) {
        auto found = hash_candidates(members);
        if (!found) return unexpected<build_error>(std::move(found.error()));
        double sum = 0;
        for (const hash_candidate& each : found.value()) {
            sum += each.weight;
        }
        std::vector<member> kept;
        for (hash_candidate& each : found.value()) {
            const member_info& info = members[each.index];
            if (info.load == nullptr) {
                return unexpected<build_error>(detail::about_member(build_error::no_load, info, each.index));
            }
            kept.push_back({info.load, each.weight / sum * (Percent / 100.0), each.index});
            each.index = static_cast<member_index>(kept.size() - 1);
        }
        return table{std::move(kept), typename Hash::table(found.value(), pool.kept)};
    }

    static member_index pick(const table& from, state&, local&, pick_key key) noexcept {
        if (from.members.empty()) return no_member;
        for (int round = 0; round != rounds; ++round) {
            const member_index taken = try_all(from, key);
            if (taken != no_member) return taken;
        }
        const member& own = from.members[from.hash.find(key.bits)];
        own.load->sent();
        return own.index;
    }

private:
    static member_index try_all(const table& from, pick_key key) noexcept {
        std::uint64_t all = 1;
        for (const member& each : from.members) {
            all += each.load->read();
        }
        const auto takes = [all](const member& one) noexcept {
            return one.load->sent_within(static_cast<std::uint64_t>(std::ceil(static_cast<double>(all) * one.share)));
        };
        std::size_t place = 0;
        std::uint64_t bits = key.bits;
        for (int probe = 0; probe != probes; ++probe) {
            place = from.hash.find(bits);
            if (takes(from.members[place])) return from.members[place].index;
            bits = mix_bits(bits, 1);
        }
        // The caps add up to more than all loads, so if nobody sends meanwhile one has room.
        for (std::size_t left = from.members.size(); left != 0; --left) {
            place = place + 1 == from.members.size() ? 0 : place + 1;
            if (takes(from.members[place])) return from.members[place].index;
        }
        return no_member;
    }
};

}  // namespace drover
