// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "report.hpp"

namespace benches::balancing {
namespace {

void below(report& to, std::string what, double got, double limit) {
    to.verdicts.push_back({std::move(what), got, limit, got < limit});
}

void at_most(report& to, std::string what, double got, double limit) {
    to.verdicts.push_back({std::move(what), got, limit, got <= limit});
}

void aim_at(report& to, std::string what, double got, double limit) {
    to.verdicts.push_back({std::move(what), got, limit, got <= limit, false});
}

const queueing_row* find(const report& in, workload what, std::string_view policy) {
    for (const queueing_row& each : in.queueing) {
        if (each.what.service == what.service && each.what.kind == what.kind && each.what.members == what.members &&
            each.what.load == what.load && each.policy == policy) {
            return &each;
        }
    }
    return nullptr;
}

const pick_row* find(const report& in, std::uint32_t members, unsigned threads, std::string_view policy) {
    for (const pick_row& each : in.picks) {
        if (each.members == members && each.threads == threads && each.policy == policy) return &each;
    }
    return nullptr;
}

// A mean time in a queue M/M/n (A. K. Erlang).
double erlang_mean(std::uint32_t members, double load) {
    const double offered = load * members;
    double blocked = 1;  // Erlang B, by its recursion
    for (std::uint32_t each = 1; each <= members; ++each) {
        blocked = offered * blocked / (each + offered * blocked);
    }
    const double waits = blocked / (1 - load * (1 - blocked));  // Erlang C
    return 1 + waits / (members * (1 - load));
}

void judge_deviations(report& to) {
    for (const deviation_row& row : to.deviations) {
        if (row.of_own) below(to, fmt::format("{}: prefix deviation, {}", row.policy, row.set), *row.of_own, 1);
        if (row.rounded) {
            at_most(to, fmt::format("{}: rounding of a share in turns, {}", row.policy, row.set), *row.rounded, 1);
        }
    }
}

void judge_keys(report& to) {
    for (const movement_row& row : to.movements) {
        if (row.policy != "rendezvous" && row.policy != "maglev") continue;
        const std::string name = fmt::format("{}, {} members", row.policy, row.members);
        at_most(to, name + ": keys that are elsewhere after a removal and a return", row.restored ? 0 : 1, 0);
        if (row.policy == "rendezvous") at_most(to, name + ": share of others' keys that moved", row.others, 0);
        if (row.policy == "maglev" && row.members == 16) {
            below(to, name + ": share of others' keys that moved", row.others, 0.01);
        }
    }
    for (const cap_row& row : to.caps) {
        if (!row.capped) continue;
        at_most(to, fmt::format("{}, {} members: picks above the cap", row.policy, row.members),
                static_cast<double>(row.above_cap), 0);
    }
}

// The simulator itself, beside what is known. Intervals by batch means are themselves estimates, so twice their width.
void judge_simulator(report& to) {
    if (to.repeated != 0) {
        at_most(to, fmt::format("queueing cells of {} that differ when the same seed is run again", to.repeated),
                static_cast<double>(to.differing), 0);
    }
    for (const queueing_row& row : to.queueing) {
        if (row.what.service != service_kind::exponential || row.what.kind != pool_kind::equal) continue;
        const double load = row.what.load / 100.0;
        const bool alone = row.policy == "random_pick";
        if (!alone && row.policy != "shared_queue") continue;
        const double known = alone ? 1 / (1 - load) : erlang_mean(row.what.members, load);
        at_most(to,
                fmt::format("{}, {} members at {} %: |mean - {:.3f}|, which the queue M/M/{} has", row.policy,
                            row.what.members, row.what.load, known, alone ? 1 : row.what.members),
                std::abs(row.mean - known), std::max(2 * row.half_width, 0.05 * known));
    }
}

// Each mean is to be in the other's interval. Both have met the same jobs, so what differs is whom a policy has picked
// by chance, and they are closer than that: the interval of the difference is held to as well, at twice its width, as
// it is itself an estimate; but not below what nanoseconds and the order of sums make.
void judge_pools(report& to) {
    for (const pool_row& row : to.pools) {
        at_most(to,
                fmt::format("real pool, {}/{}/{}/{}, {}: |mean - simulated|", name_of(row.what.service),
                            name_of(row.what.kind), row.what.members, row.what.load, row.policy),
                std::abs(row.in_pool.mean - row.simulated.mean),
                std::min(
                    {row.simulated.half_width, row.in_pool.half_width, std::max(2 * row.difference_half_width, 1e-4)}));
    }
}

void judge_queueing(report& to) {
    for (const queueing_row& row : to.queueing) {
        if (row.policy != "peak_ewma" || row.what.kind != pool_kind::one_failing) continue;
        at_most(to,
                fmt::format("peak_ewma, one of {} fails at once, {} service, {} %: share of failed jobs",
                            row.what.members, name_of(row.what.service), row.what.load),
                row.failed, 1.0 / row.what.members);
    }
    const workload busy{service_kind::exponential, pool_kind::equal, 16, 90};
    const queueing_row* idle = find(to, busy, "join_idle_queue");
    const queueing_row* shortest = find(to, busy, "shortest_queue");
    const queueing_row* two = find(to, busy, "power_of_two_choices");
    if (idle != nullptr && shortest != nullptr) {
        aim_at(to, "16 members at 90 %: join_idle_queue's mean over shortest_queue's", idle->mean / shortest->mean,
               1.15);
    }
    if (idle != nullptr && two != nullptr) {
        aim_at(to, "16 members at 90 %: join_idle_queue's p99 over power_of_two_choices'", idle->p99 / two->p99, 1);
    }
    const queueing_row* slow = find(to, {service_kind::exponential, pool_kind::one_slow, 8, 70}, "peak_ewma");
    const queueing_row* healthy = find(to, {service_kind::exponential, pool_kind::healthy, 8, 70}, "peak_ewma");
    if (slow != nullptr && healthy != nullptr) {
        aim_at(to, "one of 8 ten times slower, 70 %: peak_ewma's p99 over that of the healthy seven alone",
               slow->p99 / healthy->p99, 1.5);
    }
}

void judge_costs(report& to) {
    for (const std::string_view policy : {"weighted_round_robin", "power_of_two_choices"}) {
        for (const std::uint32_t members : {16U, 1024U}) {
            if (const pick_row* row = find(to, members, 1, policy)) {
                aim_at(to, fmt::format("{}, {} members: ns a pick", policy, members), row->ns.median, 7);
            }
            const pick_row* both = find(to, members, 2, policy);
            if (both == nullptr || !both->over_counter) continue;
            aim_at(to, fmt::format("{}, {} members, 2 threads: ns over those of one shared fetch_add", policy, members),
                   both->over_counter->median, 1);
        }
    }
    for (const rebuild_row& row : to.rebuilds) {
        if (row.policy == "weighted_round_robin") {
            aim_at(to, fmt::format("{}, {} members: ms a rebuild", row.policy, row.members), row.ms.median, 1);
        }
    }
}

}  // namespace

void judge(report& to) {
    judge_deviations(to);
    judge_keys(to);
    judge_simulator(to);
    judge_queueing(to);
    judge_pools(to);
    judge_costs(to);
}

}  // namespace benches::balancing
