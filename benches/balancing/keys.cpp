// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/base/random.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "policies.hpp"
#include "report.hpp"

namespace benches::balancing {
namespace {

// Whose each key is, by ids, among the members of these ids.
template <class P>
std::vector<std::uint64_t> owners(const std::vector<std::uint64_t>& ids, std::uint64_t keys) {
    std::vector<drover::member_info> members;
    for (const std::uint64_t id : ids) {
        members.push_back({.id = id});
    }
    typename P::state state({}, 0);
    typename P::local local(0);
    const auto built = P::build(members, state);
    if (!built) throw std::runtime_error(to_string(built.error()));
    std::vector<std::uint64_t> found;
    for (std::uint64_t key = 0; key != keys; ++key) {
        found.push_back(ids[P::pick(built.value(), state, local, {key})]);
    }
    return found;
}

template <class P>
movement_row move_keys(std::uint32_t members, std::uint64_t keys, std::uint64_t seed) {
    drover::random_source random(seed);
    std::vector<std::uint64_t> ids;
    for (std::uint32_t each = 0; each != members; ++each) {
        ids.push_back(random.next());
    }
    const std::vector<std::uint64_t> before = owners<P>(ids, keys);
    const std::uint32_t place = random.below(members);
    const std::uint64_t gone = ids[place];
    ids.erase(ids.begin() + place);
    const std::vector<std::uint64_t> without = owners<P>(ids, keys);
    ids.push_back(gone);  // it comes back, at another place
    const std::vector<std::uint64_t> again = owners<P>(ids, keys);

    std::uint64_t own = 0;
    std::uint64_t others = 0;
    for (std::uint64_t key = 0; key != keys; ++key) {
        own += before[key] == gone ? 1 : 0;
        others += before[key] != gone && before[key] != without[key] ? 1 : 0;
    }
    std::uint64_t most = 0;
    for (const std::uint64_t id : ids) {
        most = std::max(most, static_cast<std::uint64_t>(std::count(before.begin(), before.end(), id)));
    }
    const auto all = static_cast<double>(keys);
    return {.members = members,
            .keys = keys,
            .due = 1.0 / members,
            .removed = static_cast<double>(own) / all,
            .others = static_cast<double>(others) / all,
            .restored = before == again,
            .heaviest = static_cast<double>(most) / all * members};
}

// Keys of which the k-th is used with a probability that is inverse to k.
class skewed_keys {
public:
    explicit skewed_keys(std::size_t keys) {
        for (std::size_t each = 0; each != keys; ++each) {
            sums_.push_back((sums_.empty() ? 0 : sums_.back()) + 1.0 / static_cast<double>(each + 1));
        }
    }
    std::uint64_t draw(drover::random_source& random) const noexcept {
        const double lot = static_cast<double>(random.next() >> 11U) * 0x1p-53 * sums_.back();
        return static_cast<std::uint64_t>(std::upper_bound(sums_.begin(), sums_.end(), lot) - sums_.begin());
    }

private:
    std::vector<double> sums_;
};

// Messages come and go, so that about `members` * 10 are there; any of them is the next to be finished.
template <class P>
cap_row fill_members(std::uint32_t members, std::uint64_t picks, std::uint64_t seed) {
    const std::unique_ptr<drover::member_load[]> loads(new drover::member_load[members]);
    std::vector<drover::member_info> infos;
    double sum = 0;
    for (std::uint32_t each = 0; each != members; ++each) {
        infos.push_back({.id = drover::mix_bits(seed, each), .weight = each % 4 == 0 ? 2 : 1, .load = &loads[each]});
        sum += *infos.back().weight;
    }
    typename P::state state({}, 0);
    typename P::local local(0);
    const auto built = P::build(infos, state);
    if (!built) throw std::runtime_error(to_string(built.error()));

    drover::random_source random(seed);
    const skewed_keys keys(1000);
    std::vector<drover::member_index> running;
    cap_row row{.members = members, .picks = picks, .capped = drover::counts_picks<P>};
    const std::size_t most = std::size_t{10} * members;
    for (std::uint64_t each = 0; each != picks; ++each) {
        if (running.size() == most) {
            drover::member_index& ended = running[random.below(static_cast<std::uint32_t>(most))];
            loads[ended].finished();
            ended = running.back();
            running.pop_back();
        }
        const drover::member_index taken = P::pick(built.value(), state, local, {keys.draw(random)});
        if constexpr (!drover::counts_picks<P>) loads[taken].sent();
        running.push_back(taken);
        const double due = *infos[taken].weight / sum * static_cast<double>(running.size());
        const auto load = static_cast<double>(loads[taken].read());
        row.above_cap += load > std::ceil(due * 1.25) ? 1 : 0;
        if (running.size() == most) row.highest = std::max(row.highest, load / due);
    }
    return row;
}

}  // namespace

void run_movements(report& to) {
    const std::uint64_t keys = to.asked.quick ? 20'000 : 100'000;
    for (const std::uint32_t members : {4U, 16U, 128U, 1024U}) {
        hash_policies::for_each([&](auto entry) {
            if (!to.asked.wants(fmt::format("keys/{}/{}", members, entry.name))) return;
            using policy = typename decltype(entry)::policy;
            movement_row row = move_keys<policy>(members, keys, drover::mix_bits(to.asked.seed, members));
            row.policy = entry.name;
            to.movements.push_back(std::move(row));
        });
    }
}

void run_caps(report& to) {
    const std::uint64_t picks = to.asked.quick ? 20'000 : 500'000;
    for (const std::uint32_t members : {4U, 16U, 128U}) {
        capped_policies::for_each([&](auto entry) {
            if (!to.asked.wants(fmt::format("cap/{}/{}", members, entry.name))) return;
            using policy = typename decltype(entry)::policy;
            cap_row row = fill_members<policy>(members, picks, drover::mix_bits(to.asked.seed, members));
            row.policy = entry.name;
            to.caps.push_back(std::move(row));
        });
    }
}

}  // namespace benches::balancing
