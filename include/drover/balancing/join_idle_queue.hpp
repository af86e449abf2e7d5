#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "drover/balancing/idle_mask.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/balancing/power_of_two_choices.hpp"
#include "drover/base/random.hpp"

namespace drover {

/// A member that has nothing to do, if there is one, else one by `Fallback` (Y. Lu et al., "Join-Idle-Queue: a novel
/// load balancing algorithm for dynamically scalable web services", 2011; the queue is a mask here). Two senders never
/// take the same idle member, as two choices by chance may.
///
/// Idle members are taken whatever their weights: one that has nothing to do is the best there is. Only among the busy
/// do weights count, as the fallback counts them; one of weight 0 is never taken. Each thread goes on behind the slot
/// that it took last, so that idle members take turns. Keys are the fallback's alone, so `sticky` belongs around this.
///
/// A pick: up to 16 words of marks (two cache lines), one locked operation on a word that 64 members share; or the
/// fallback's, if more than 16 words are in use and it found no mark in these; it then looks at others the next time.
/// Build: the fallback's, O(n), and four bytes for each slot in use.
template <balancing_policy Fallback = power_of_two_choices>
struct join_idle_queue {
    static_assert(!includes(Fallback::needs, signals::idle),
                  "drover: join_idle_queue's fallback is for when nobody is idle; give it a policy that does not look "
                  "for idle members");
    static_assert(!binds_keys<Fallback>,
                  "drover: join_idle_queue around sticky would send a key away from its member whenever another is "
                  "idle; write sticky<join_idle_queue<policy>>");
    static_assert(!has_projection<Fallback>,
                  "drover: join_idle_queue around keyed_by would not see its projection; write "
                  "keyed_by<projection, join_idle_queue<policy>>");

    struct options {
        typename Fallback::options fallback{};
        std::size_t most_slots = 1024;  ///< 1 to 65 536; the slots of a pool's members are below
    };

    static constexpr signals needs = Fallback::needs | signals::idle;
    static constexpr bool counts_picks = drover::counts_picks<Fallback>;

    struct state : Fallback::state {
        /// Throws std::invalid_argument as idle_mask and the fallback do.
        state(const options& chosen, std::uint64_t seed)
            : Fallback::state(chosen.fallback, seed), idle(chosen.most_slots) {}

        idle_mask idle;
    };

    struct local : Fallback::local {
        explicit local(std::uint64_t seed) noexcept
            : Fallback::local(seed), place(static_cast<std::uint32_t>(random_source(~seed).next() >> 32U)) {}

        std::uint32_t place;              ///< where to look for an idle member next
        std::uint32_t claimed = no_slot;  ///< of the last pick; `no_slot` if it was the fallback's
    };

    struct seat {
        member_index index = no_member;
        /// Where the fallback counts its picks, this counts its own.
        [[no_unique_address]] std::conditional_t<counts_picks, member_load*, no_options> load{};
    };

    struct table {
        typename Fallback::table fallback;
        std::vector<std::uint64_t> eligible;  ///< a bit for each slot
        std::vector<seat> seats;              ///< by slot
    };

    /// How the members' latencies are to be averaged, for a fallback that compares them.
    static latency_options latency(const options& chosen)
        requires measures_latency<Fallback>
    {
        return Fallback::latency(chosen.fallback);
    }

    static expected<table, build_error> build(std::span<const member_info> members, state& pool) {
        auto fallback = Fallback::build(members, pool);
        if (!fallback) return unexpected<build_error>(std::move(fallback.error()));
        table built{std::move(fallback.value()), {}, {}};
        std::vector<bool> taken(pool.idle.slots());
        for (std::size_t each = 0; each != members.size(); ++each) {
            const member_info& info = members[each];
            if (info.slot == no_slot) return refused(build_error::missing_slot, info, each);
            if (info.slot >= taken.size()) {
                build_error error = detail::about_member(build_error::slot_beyond, info, each);
                error.most = taken.size();
                return unexpected<build_error>(std::move(error));
            }
            if (taken[info.slot]) return refused(build_error::same_slot, info, each);
            taken[info.slot] = true;
            if (info.weight && *info.weight == 0) continue;
            built.eligible.resize(std::max<std::size_t>(built.eligible.size(), info.slot / 64 + 1));
            built.eligible[info.slot / 64] |= std::uint64_t{1} << info.slot % 64;
            built.seats.resize(std::max<std::size_t>(built.seats.size(), info.slot + 1));
            seat& mine = built.seats[info.slot];
            mine.index = static_cast<member_index>(each);
            if constexpr (counts_picks) mine.load = info.load;
        }
        return built;
    }

    static member_index pick(const table& from, state& pool, local& own, pick_key key) noexcept {
        own.claimed = pool.idle.claim(from.eligible, own.place);
        if (own.claimed == no_slot) return Fallback::pick(from.fallback, pool, own, key);
        const seat& taken = from.seats[own.claimed];
        if constexpr (counts_picks) taken.load->sent();
        return taken.index;
    }

private:
    static unexpected<build_error> refused(build_error::code_type code, const member_info& member, std::size_t index) {
        return unexpected<build_error>(detail::about_member(code, member, index));
    }
};

static_assert(balancing_policy<join_idle_queue<>> && claims_idle<join_idle_queue<>>);

}  // namespace drover
