// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"
#include "workload.hpp"

namespace benches::balancing {

/// Median, and between which two the middle half lies.
struct spread {
    double median = 0;
    double low = 0;
    double high = 0;
};

/// How far a member was from its due after some turn, at most, over `sets` sets of weights.
struct deviation_row {
    std::string set{};
    std::string policy{};
    std::uint32_t sets = 1;
    std::uint32_t members = 0;        ///< of the set with the largest deviation
    std::uint64_t turns = 0;          ///< that were looked at there
    double from_due = 0;              ///< the due by the weights as given
    std::optional<double> of_own{};   ///< weighted_round_robin: the due by the table's whole shares, over one table
    std::optional<double> rounded{};  ///< and |share - due share| times the table's length, at most
    std::vector<double> series{};     ///< of named sets: the largest of each `series_step` turns
};
inline constexpr std::uint64_t series_step = 8;

/// Keys that went elsewhere when one member of several was removed.
struct movement_row {
    std::string policy{};
    std::uint32_t members = 0;
    std::uint64_t keys = 0;
    double due = 0;         ///< the removed member's share of keys, if all had the same
    double removed = 0;     ///< its share of keys; all of them have to move
    double others = 0;      ///< share of keys that were another's and moved, though there was no need
    bool restored = false;  ///< each key is where it was, once the member is back
    double heaviest = 0;    ///< largest number of keys of a member over the mean
};

/// Loads of members, as multiples of their due, under keys of which few are used much.
struct cap_row {
    std::string policy{};
    std::uint32_t members = 0;
    std::uint64_t picks = 0;
    double highest = 0;           ///< after any pick, the largest load over what is due
    std::uint64_t above_cap = 0;  ///< picks after which a member was above its cap of 125 %, rounded up
    bool capped = false;          ///< whether the policy promises that there are none
};

struct queueing_row {
    workload what{};
    std::string policy{};
    std::uint64_t jobs = 0;
    double mean = 0;  ///< all times in mean service times, from arrival to answer
    double half_width = 0;
    double batch_correlation = 0;
    double p50 = 0;
    double p99 = 0;
    double p999 = 0;
    double failed = 0;  ///< share of all jobs
    bool grows = false;
};

/// A mean and half of its 95 % interval, by batch means.
struct mean_time {
    double mean = 0;
    double half_width = 0;
    double batch_correlation = 0;
};

/// A queueing cell in the simulator and with real actors in a pool, on a simulated runtime; the same jobs.
struct pool_row {
    workload what{};
    std::string policy{};
    std::uint64_t jobs = 0;
    mean_time simulated{};
    mean_time in_pool{};
    double difference_half_width = 0;  ///< of the two means' difference, by those of the batches
};

/// What became of jobs, second by second of virtual time, while one of the members failed at once for a while.
struct health_row {
    std::string policy{};
    std::string health{};
    std::uint32_t members = 0;
    unsigned from = 0;  ///< the seconds in which it failed
    unsigned to = 0;
    std::vector<double> failed{};  ///< share of jobs that were done in a second
};

struct pick_row {
    std::string policy{};
    std::uint32_t members = 0;
    unsigned threads = 1;
    spread ns{};
    std::optional<spread> over_counter{};  ///< ns over those of a shared `fetch_add` in the same round
};

struct rebuild_row {
    std::string policy{};
    std::uint32_t members = 0;
    spread ms{};
};

/// Something that was promised or aimed at: `got` is to be `limit` or less, or less than it.
struct verdict {
    std::string what{};
    double got = 0;
    double limit = 0;
    bool met = false;
    bool promised = true;  ///< else an aim: a miss is reported, and is no failure
};

struct report {
    options asked;
    std::vector<deviation_row> deviations;
    std::vector<movement_row> movements;
    std::vector<cap_row> caps;
    std::vector<queueing_row> queueing;
    std::vector<pool_row> pools;
    std::vector<health_row> healths;
    std::vector<pick_row> picks;
    std::vector<rebuild_row> rebuilds;
    std::vector<verdict> verdicts;
    std::uint64_t repeated = 0;                           ///< queueing cells that were run twice
    std::uint64_t differing = 0;                          ///< and had another result
    std::vector<std::pair<std::string, double>> seconds;  ///< how long each part took
};

// The parts, each in a file of its own. They add rows to the report.
void run_deviations(report& to);
void run_movements(report& to);
void run_caps(report& to);
void run_queueing(report& to);
void run_pools(report& to);
void run_healths(report& to);
void run_picks(report& to);
void run_rebuilds(report& to);

/// Adds the verdicts on what was run; nothing on cells that were filtered out.
void judge(report& to);

void print_text(const report& what);

/// One JSON object. False if the file could not be written.
bool write_json(const report& what);

}  // namespace benches::balancing
