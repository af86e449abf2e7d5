#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "drover/balancing/policy.hpp"
#include "drover/balancing/weights.hpp"
#include "drover/base/random.hpp"

namespace drover {

/// A member that keys may go to.
struct hash_candidate {
    std::uint64_t id;
    double weight;  ///< as of relative_weights()
    member_index index;
};

/// A number that looks random for each pair of numbers, so that keys and ids may be anything.
constexpr std::uint64_t mix_bits(std::uint64_t one, std::uint64_t other) noexcept {
    return random_source(random_source(one).next() ^ other).next();
}

/// Those of a weight above 0, in the order of their ids; `same_id` if two of all have one. O(n log n), allocates.
inline expected<std::vector<hash_candidate>, build_error> hash_candidates(std::span<const member_info> members) {
    auto weights = relative_weights(members);
    if (!weights) return unexpected<build_error>(std::move(weights.error()));
    std::vector<hash_candidate> found;
    for (std::size_t each = 0; each != members.size(); ++each) {
        found.push_back({members[each].id, weights.value()[each], static_cast<member_index>(each)});
    }
    std::sort(found.begin(), found.end(), [](const hash_candidate& one, const hash_candidate& other) {
        return one.id != other.id ? one.id < other.id : one.index < other.index;
    });
    const auto same_id = [](const auto& one, const auto& other) { return one.id == other.id; };
    const auto twice = std::adjacent_find(found.begin(), found.end(), same_id);
    if (twice != found.end()) {
        const member_index second = (twice + 1)->index;
        return unexpected<build_error>(detail::about_member(build_error::same_id, members[second], second));
    }
    std::erase_if(found, [](const hash_candidate& each) { return each.weight == 0; });
    return found;
}

/// How a consistent hash finds the member of a key.
///
/// - `table(members, options)`: members are in the order of their ids, each id once, no weight is 0. What it finds
///   depends on ids and weights alone. It may allocate.
/// - `find(bits)`: the index of the member for a key, `no_member` if there is no member.
template <class H>
concept key_hash =
    std::default_initializable<typename H::options> &&
    std::constructible_from<typename H::table, const std::vector<hash_candidate>&, const typename H::options&> &&
    requires(const typename H::table& table, std::uint64_t bits) {
        { table.find(bits) } noexcept -> std::same_as<member_index>;
    };

/// The same member for the same key, by `rendezvous` or `maglev`, for as long as it takes messages. Which member that
/// is depends on the members' ids and weights and on nothing else: not on their order, nor on who was there before, so
/// a member that goes and comes back gets its keys back. How many keys of the others move with a change, each of the
/// two says. (A member of unknown weight has the mean of the others', and so changes with them.)
///
/// A pick: as the hash's; nothing shared is written. Build: the hash's, and O(n log n). Two members of one id are an
/// error.
template <key_hash Hash>
struct consistent_hash {
    using options = typename Hash::options;
    using local = keeps_nothing;
    using table = typename Hash::table;
    static constexpr signals needs = signals::key;

    struct state {
        state(const options& chosen, std::uint64_t) : kept(chosen) {}
        const options kept;
    };

    static expected<table, build_error> build(std::span<const member_info> members, state& pool) {
        auto found = hash_candidates(members);
        if (!found) return unexpected<build_error>(std::move(found.error()));
        return table(found.value(), pool.kept);
    }

    static member_index pick(const table& from, state&, local&, pick_key key) noexcept { return from.find(key.bits); }
};

}  // namespace drover
