// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "report.hpp"
#include "sojourns.hpp"

namespace benches::balancing {
namespace {

std::string number(double value) {
    if (value != 0 && value < 0.001) return fmt::format("{:.1e}", value);
    return fmt::format("{:.{}f}", value, value < 10 ? 3 : value < 1000 ? 2 : 0);
}

std::string optional_number(const std::optional<double>& value) {
    return value ? number(*value) : "";
}

void print_deviations(const report& what) {
    if (what.deviations.empty()) return;
    fmt::print(R"(
Prefix deviation: the largest |served - due| of a member, in turns, after any of the first 4096 turns from slot zero.
`own` is against the table's whole shares, over one table; `rounded` the largest |share - due share| in turns of it.

{:<20} {:<33} {:>4} {:>9} {:>7} {:>8}
)",
               "weights", "policy", "n", "from due", "own", "rounded");
    for (const deviation_row& row : what.deviations) {
        fmt::print("{:<20} {:<33} {:>4} {:>9} {:>7} {:>8}\n", row.set, row.policy, row.members, number(row.from_due),
                   optional_number(row.of_own), optional_number(row.rounded));
    }
}

void print_movements(const report& what) {
    if (what.movements.empty()) return;
    fmt::print(R"(
Key movement when one member goes: share of all keys, in per cent. `own` were the removed member's, and have to move;
`others` were not. `back`: all keys are where they were once it has returned. `heaviest`: the largest share over the
mean.

{:>4} {:<12} {:>8} {:>8} {:>8} {:>9} {:>5} {:>9}
)",
               "n", "policy", "keys", "due %", "own %", "others %", "back", "heaviest");
    for (const movement_row& row : what.movements) {
        fmt::print("{:>4} {:<12} {:>8} {:>8.3f} {:>8.3f} {:>9.3f} {:>5} {:>9.3f}\n", row.members, row.policy, row.keys,
                   100 * row.due, 100 * row.removed, 100 * row.others, row.restored ? "yes" : "NO", row.heaviest);
    }
}

void print_caps(const report& what) {
    if (what.caps.empty()) return;
    fmt::print(R"(
Cap of bounded load: 1000 keys, the k-th used in inverse proportion to k; a quarter of the members has twice the weight;
10 messages a member are there. `highest`: largest load of a member over its due. `above`: picks that left their member
with more than 125 % of its due, rounded up.

{:>4} {:<26} {:>8} {:>8} {:>8}
)",
               "n", "policy", "picks", "highest", "above");
    for (const cap_row& row : what.caps) {
        fmt::print("{:>4} {:<26} {:>8} {:>8.3f} {:>8}\n", row.members, row.policy, row.picks, row.highest,
                   row.above_cap);
    }
}

bool same_cell(const workload& one, const workload& other) {
    return one.service == other.service && one.kind == other.kind && one.members == other.members &&
           one.load == other.load;
}

void print_pools(const report& what) {
    if (what.pools.empty()) return;
    fmt::print(R"(
Queueing cells with real pools: {} jobs by actors on a simulated runtime, and the same by the simulator of the
table above. Times from arrival to answer in mean service times; +- is half of the mean's 95 % interval by {} batch
means, that of the difference by the batches' differences.

{:<62} {:>9} {:>7} {:>9} {:>7} {:>10} {:>7}
)",
               what.pools.front().jobs, sojourns::batches, "", "simulated", "+-", "pool", "+-", "difference", "+-");
    for (const pool_row& row : what.pools) {
        fmt::print("{:<62} {:>9} {:>7} {:>9} {:>7} {:>10.4f} {:>7.4f}\n",
                   fmt::format("{}: {}, {}, n = {}, {} %", row.policy, name_of(row.what.service),
                               name_of(row.what.kind), row.what.members, row.what.load),
                   number(row.simulated.mean), number(row.simulated.half_width), number(row.in_pool.mean),
                   number(row.in_pool.half_width), row.in_pool.mean - row.simulated.mean, row.difference_half_width);
    }
}

void print_queueing(const report& what) {
    if (what.queueing.empty()) return;
    fmt::print(R"(
Queueing: time from arrival to answer, in mean service times, of {} jobs a cell after a warm-up; +- is half of the
mean's 95 % interval by {} batch means; quantiles to 0.4 %. The load is that of the healthy members. Of jobs that
failed, only their share counts. `grows`: some member gets more than it can do, so the figures say nothing but that.
)",
               what.queueing.front().jobs, sojourns::batches);
    const workload* cell = nullptr;
    for (const queueing_row& row : what.queueing) {
        if (cell == nullptr || !same_cell(*cell, row.what)) {
            cell = &row.what;
            fmt::print("\n{:<46} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8}\n",
                       fmt::format("{}, {}, n = {}, {} %", name_of(cell->service), name_of(cell->kind), cell->members,
                                   cell->load),
                       "mean", "+-", "p50", "p99", "p99.9", "failed %");
        }
        fmt::print("  {:<44} {:>8} {:>7} {:>8} {:>8} {:>8} {:>8}{}\n", row.policy, number(row.mean),
                   number(row.half_width), number(row.p50), number(row.p99), number(row.p999),
                   row.what.kind == pool_kind::one_failing ? fmt::format("{:.3f}", 100 * row.failed) : "",
                   row.grows ? "  grows" : "");
    }
}

void print_healths(const report& what) {
    if (what.healths.empty()) return;
    fmt::print(R"(
Health: a member of a real pool fails at once from second {} to {} of virtual time; jobs that fail, in per cent.

{:>4} {:<24} {:<20} {:>13} {:>12} {:>12} {:>9}
)",
               what.healths.front().from, what.healths.front().to, "n", "policy", "health", "first second",
               "worst second", "all the time", "after it");
    for (const health_row& row : what.healths) {
        const auto first = row.failed.begin() + row.from;
        const auto end = row.failed.begin() + row.to;
        fmt::print("{:>4} {:<24} {:<20} {:>13.2f} {:>12.2f} {:>12.2f} {:>9.2f}\n", row.members, row.policy, row.health,
                   100 * *first, 100 * *std::max_element(first, end),
                   100 * std::accumulate(first, end, 0.0) / (row.to - row.from),
                   100 * *std::max_element(end, row.failed.end()));
    }
}

void print_costs(const report& what) {
    if (!what.picks.empty()) {
        fmt::print(R"(
Cost of a pick: ns as a thread sees it, median over rounds in which all policies take their turn, and the middle half;
`ratio` is to a shared `fetch_add` in the same round.

{:>4} {:>7} {:<33} {:>9} {:>9} {:>9} {:>7}
)",
                   "n", "threads", "policy", "ns", "low", "high", "ratio");
        for (const pick_row& row : what.picks) {
            fmt::print("{:>4} {:>7} {:<33} {:>9.2f} {:>9.2f} {:>9.2f} {:>7}\n", row.members, row.threads, row.policy,
                       row.ns.median, row.ns.low, row.ns.high,
                       row.over_counter ? fmt::format("{:.2f}", row.over_counter->median) : "");
        }
    }
    if (!what.rebuilds.empty()) {
        fmt::print(R"(
Rebuild of a table, in ms: median, and the middle half.

{:>4} {:<33} {:>9} {:>9} {:>9}
)",
                   "n", "policy", "ms", "low", "high");
        for (const rebuild_row& row : what.rebuilds) {
            fmt::print("{:>4} {:<33} {:>9.3f} {:>9.3f} {:>9.3f}\n", row.members, row.policy, row.ms.median, row.ms.low,
                       row.ms.high);
        }
    }
}

void print_verdicts(const report& what) {
    fmt::print("\nPromises (a broken one is a failure) and aims (a miss is none):\n\n{:<95} {:>9} {:>9}\n", "", "got",
               "limit");
    for (const verdict& each : what.verdicts) {
        fmt::print("{:<95} {:>9} {:>9}  {}\n", each.what, number(each.got), number(each.limit),
                   each.promised ? (each.met ? "kept" : "BROKEN") : (each.met ? "met" : "MISSED"));
    }
    if (what.verdicts.empty()) fmt::print("none was tried: the filter left out what they are about.\n");
}

}  // namespace

void print_text(const report& what) {
    fmt::print("drover's balancing policies, seed {}{}{}\n", what.asked.seed, what.asked.quick ? ", quick" : "",
               what.asked.filter == ".*" ? "" : ", only " + what.asked.filter);
    print_deviations(what);
    print_movements(what);
    print_caps(what);
    print_queueing(what);
    print_pools(what);
    print_healths(what);
    print_costs(what);
    print_verdicts(what);
    fmt::print("\nSeconds:");
    for (const auto& [part, seconds] : what.seconds) {
        fmt::print(" {} {:.1f}", part, seconds);
    }
    fmt::print("\n");
}

}  // namespace benches::balancing
