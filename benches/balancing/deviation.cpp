// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/balancing/turn_shares.hpp>
#include <drover/balancing/weights.hpp>
#include <drover/base/random.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "policies.hpp"
#include "report.hpp"

namespace benches::balancing {
namespace {

struct weight_set {
    std::string name;
    std::vector<double> weights;
};

double unit(drover::random_source& random) noexcept {
    return static_cast<double>(random.next() >> 11U) * 0x1p-53;
}

weight_set sixteen(drover::random_source random) {
    weight_set made{"sixteen in .6-1", std::vector<double>(16)};
    for (double& each : made.weights) {
        each = 0.6 + 0.4 * unit(random);
    }
    return made;
}

weight_set fifty_and_ones() {
    weight_set made{"50 and nineteen 1", std::vector<double>(20, 1.0)};
    made.weights[0] = 50;
    return made;
}

// 2 to 40 members whose weights are whole numbers to 100, real ones to 1 or spread evenly by their logarithms. None is
// less than a hundredth of another, so each is due more than one of 4096 turns.
std::vector<double> random_weights(std::uint32_t number, std::uint64_t seed) {
    drover::random_source random(drover::mix_bits(seed, number));
    std::vector<double> weights(2 + random.below(39));
    for (double& each : weights) {
        switch (number % 3) {
            case 0: each = 1 + random.below(100); break;
            case 1: each = 0.01 + 0.99 * unit(random); break;
            default: each = std::pow(100.0, unit(random)); break;
        }
    }
    return weights;
}

std::vector<double> shares_of(const std::vector<double>& weights) {
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<double> shares;
    for (const double each : weights) {
        shares.push_back(each / sum);
    }
    return shares;
}

// Turns begin with the table's first: a ticket that begins anywhere would show another member's first turn.
template <class P>
typename P::options from_the_first_turn() {
    typename P::options chosen{};
    if constexpr (requires { chosen.first = 0; }) chosen.first = 0;
    return chosen;
}

// The largest |served - turns * share| of a member after any of the first `turns` picks.
template <class P>
double largest_deviation(const std::vector<double>& weights, const std::vector<double>& shares, std::uint64_t turns,
                         std::vector<double>* series) {
    std::vector<drover::member_info> members(weights.size());
    for (std::size_t each = 0; each != members.size(); ++each) {
        members[each] = {.id = each, .weight = weights[each]};
    }
    typename P::state state(from_the_first_turn<P>(), 0);
    typename P::local local(0);
    const auto built = P::build(members, state);
    if (!built) throw std::runtime_error(to_string(built.error()));
    std::vector<double> ahead(weights.size());
    double all = 0;
    for (std::uint64_t turn = 0; turn != turns; ++turn) {
        ahead[P::pick(built.value(), state, local, {})] += 1;
        double now = 0;
        for (std::size_t each = 0; each != ahead.size(); ++each) {
            ahead[each] -= shares[each];
            now = std::max(now, std::abs(ahead[each]));
        }
        all = std::max(all, now);
        if (series == nullptr) continue;
        if (turn % series_step == 0) series->push_back(0);
        series->back() = std::max(series->back(), now);
    }
    return all;
}

drover::turn_shares whole_shares(const std::vector<double>& weights) {
    std::vector<drover::member_info> members(weights.size());
    for (std::size_t each = 0; each != members.size(); ++each) {
        members[each].weight = weights[each];
    }
    return drover::find_shares(drover::relative_weights(members).value());
}

template <class P>
void measure_set(const std::vector<double>& weights, std::uint64_t turns, deviation_row& row,
                 std::vector<double>* series) {
    const std::vector<double> due = shares_of(weights);
    const double deviation = largest_deviation<P>(weights, due, turns, series);
    if (deviation > row.from_due) {
        row.from_due = deviation;
        row.members = static_cast<std::uint32_t>(weights.size());
        row.turns = turns;
    }
    if constexpr (std::is_same_v<P, drover::weighted_round_robin>) {
        const drover::turn_shares own = whole_shares(weights);
        const std::vector<double> own_shares = shares_of({own.turns.begin(), own.turns.end()});
        const double of_own = largest_deviation<P>(weights, own_shares, own.length, nullptr);
        row.of_own = std::max(row.of_own.value_or(0), of_own);
        for (std::size_t each = 0; each != due.size(); ++each) {
            row.rounded = std::max(row.rounded.value_or(0), std::abs(due[each] * own.length - own.turns[each]));
        }
    }
}

}  // namespace

void run_deviations(report& to) {
    constexpr std::uint64_t turns = 4096;
    const std::uint64_t seed = drover::mix_bits(to.asked.seed, 0xdef);
    const weight_set named_sets[] = {{"5, 1, 1", {5, 1, 1}}, sixteen(drover::random_source(seed)), fifty_and_ones()};
    for (const weight_set& set : named_sets) {
        weighted_turns::for_each([&](auto entry) {
            if (!to.asked.wants(fmt::format("deviation/{}/{}", set.name, entry.name))) return;
            deviation_row row{.set = set.name, .policy = std::string(entry.name)};
            measure_set<typename decltype(entry)::policy>(set.weights, turns, row, &row.series);
            to.deviations.push_back(std::move(row));
        });
    }
    for (const std::uint32_t sets : {40U, 1000U}) {
        weighted_turns::for_each([&](auto entry) {
            using policy = typename decltype(entry)::policy;
            // A thousand sets are what drover's own promise is tried on; the references would take minutes.
            if (sets == 1000 && !std::is_same_v<policy, drover::weighted_round_robin>) return;
            const std::string name = fmt::format("worst of {} random", sets);
            if (!to.asked.wants(fmt::format("deviation/{}/{}", name, entry.name))) return;
            deviation_row row{.set = name, .policy = std::string(entry.name), .sets = sets};
            for (std::uint32_t each = 0; each != sets; ++each) {
                measure_set<policy>(random_weights(each, seed), turns, row, nullptr);
            }
            to.deviations.push_back(std::move(row));
        });
    }
}

}  // namespace benches::balancing
