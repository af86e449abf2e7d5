#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "drover/balancing/member_seats.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/balancing/sticky_keys.hpp"

namespace drover {

/// The member that had the key's last message; for a new key, one by `Policy`. So what belongs together stays together,
/// and yet is spread by load: a key need not go where its hash says.
///
/// - A key goes to another member only when its own is gone from the table. One of weight 0 keeps its keys and gets no
///   new ones: it drains. A pool that wants the keys of an ejected member elsewhere takes it out of the table; those
///   that are used meanwhile are then bound anew, and the others come back with it. So a member that has ended has its
///   keys until the next table, and who picks again from this one gets it again.
/// - Keys expire that are not used for `idle_for`, as far as the state is told the time (`keeps_time`).
/// - There is room for `most_keys`, in lines of eight (sticky_keys.hpp). If all places of a line are taken, the key
///   there that was not used for longest gives way; if all were used since the time was last told to have moved, by an
///   eighth of `idle_for`, the new key is not kept, and goes where `Policy` says each time. Have four times as many
///   places as keys in use: then one key in 10 000 finds its line full, by chance; with twice as many one in 100 does.
/// - Threads that pick a new key at the same time agree on its member, if they use the same table. A thread that still
///   reads an older one, in which the key's member is not yet, leaves the key bound and picks by `Policy`.
///
/// A pick of a known key: one cache line of the keys and one or two of the table; nothing shared is written but that
/// the key is in use, once an eighth of `idle_for`. Of a new one: the policy's, and two locked operations on the key's
/// line. Build: the policy's, and O(n). Two members of one id are an error.
template <balancing_policy Policy>
struct sticky {
    static_assert(!drover::binds_keys<Policy>,
                  "drover: sticky around sticky would keep each key twice; write sticky<policy> once");
    static_assert(!has_projection<Policy>,
                  "drover: sticky around keyed_by would not see its projection; write "
                  "keyed_by<projection, sticky<policy>>");

    struct options {
        typename Policy::options policy{};
        std::size_t most_keys = 65'536;                      ///< 1 to 2^24; 8 bytes each
        clock_duration idle_for = std::chrono::minutes(10);  ///< a microsecond or more
    };

    using local = typename Policy::local;
    static constexpr signals needs = Policy::needs | signals::key;
    static constexpr bool counts_picks = drover::counts_picks<Policy>;
    static constexpr bool binds_keys = true;

    struct state : Policy::state {
        /// Throws std::invalid_argument as sticky_keys and the policy do.
        state(const options& chosen, std::uint64_t seed)
            : Policy::state(chosen.policy, seed), keys(chosen.most_keys, chosen.idle_for, seed) {}

        /// What time it is. One thread at a time; often, or keys are kept longer.
        void advance(time_point now) noexcept {
            if constexpr (keeps_time<Policy>) Policy::state::advance(now);
            keys.advance(now);
        }

        sticky_keys keys;
        member_seats seats{(1U << sticky_keys::seat_bits) - 1};
    };

    struct table {
        typename Policy::table inner;
        seat_index seats;
        /// By index; empty unless the policy counts its picks.
        std::vector<member_load*> loads;
    };

    /// How the members' latencies are to be averaged, for a policy that compares them.
    static latency_options latency(const options& chosen)
        requires measures_latency<Policy>
    {
        return Policy::latency(chosen.policy);
    }

    static expected<table, build_error> build(std::span<const member_info> members, state& pool) {
        auto inner = Policy::build(members, pool);
        if (!inner) return unexpected<build_error>(std::move(inner.error()));
        std::vector<member_load*> loads;
        if constexpr (counts_picks) {
            for (std::size_t each = 0; each != members.size(); ++each) {
                // The policy may not ask for one where the weight is 0; here it may have keys.
                if (members[each].load == nullptr) {
                    return unexpected<build_error>(detail::about_member(build_error::no_load, members[each], each));
                }
                loads.push_back(members[each].load);
            }
        }
        auto seats = pool.seats.build(members);
        if (!seats) return unexpected<build_error>(std::move(seats.error()));
        return table{std::move(inner.value()), std::move(seats.value()), std::move(loads)};
    }

    static member_index pick(const table& from, state& pool, local& own, pick_key key) noexcept {
        member_index picked = no_member;
        for (int round = 0; round != rounds; ++round) {
            const std::optional<sticky_keys::binding> found = pool.keys.find(key.bits);
            if (found) {
                const member_index bound = from.seats.member_at(found->seat());
                if (bound != no_member) {
                    sticky_keys::touch(*found);
                    return instead(from, pool, own, picked, bound);
                }
            }
            if (picked == no_member) picked = Policy::pick(from.inner, pool, own, key);
            if (picked == no_member || (found && from.seats.later(found->seat()))) return picked;
            const std::uint32_t seat = from.seats.seat_of(picked);
            if (found) {
                if (sticky_keys::rebind(*found, seat) == seat) return picked;
            } else {
                const std::uint32_t bound = pool.keys.bind(key.bits, seat, [&from](std::uint32_t each) noexcept {
                    return from.seats.member_at(each) == no_member && !from.seats.later(each);
                });
                if (bound == 0 || bound == seat) return picked;
            }
            // Somebody else has bound it: once more, to see to whom.
        }
        return picked;
    }

private:
    static constexpr int rounds = 16;  // more only if others bind and forget the same key as often meanwhile

    // `bound`, which has the key, and not `picked`, which was picked for it, if any.
    static member_index instead([[maybe_unused]] const table& from, [[maybe_unused]] state& pool,
                                [[maybe_unused]] local& own, [[maybe_unused]] member_index picked,
                                member_index bound) noexcept {
        if constexpr (claims_idle<Policy>) {
            if (picked != no_member && own.claimed != no_slot) pool.idle.restore(own.claimed);
            own.claimed = no_slot;
        }
        if constexpr (counts_picks) {
            if (picked != no_member) from.loads[picked]->withdrawn();
            from.loads[bound]->sent();
        }
        return bound;
    }
};

}  // namespace drover
