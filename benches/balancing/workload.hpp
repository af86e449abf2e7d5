// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/balancing/consistent_hash.hpp>
#include <drover/base/random.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace benches::balancing {

// What the members of a pool have to do, and how fast they are. Nothing here knows who runs it: the simulator beside
// this, or real pools on a simulated runtime. The unit of time is the mean service time of a member of speed 1.

/// How long jobs take; the mean is 1.
enum class service_kind : std::uint8_t {
    exponential,
    hyperexponential,  ///< squared coefficient of variation 4, balanced means: 88.7 % short ones, 11.3 % of mean 4.44
    bimodal,           ///< 90 % take 0.5, 10 % take 5.5
};

enum class pool_kind : std::uint8_t {
    equal,        ///< all of speed 1
    skewed,       ///< a quarter of the members is 4 times as fast as the others, and has 4 times their weight
    one_slow,     ///< the first is 10 times slower than the others, and the weights do not tell
    one_failing,  ///< the first answers each job after 0.01 with a failure
    healthy,      ///< one less, all of speed 1: what is left of the two above without their first member
};

inline constexpr double failure_takes = 0.01;

constexpr std::string_view name_of(service_kind kind) noexcept {
    switch (kind) {
        case service_kind::exponential: return "exponential";
        case service_kind::hyperexponential: return "hyperexponential";
        case service_kind::bimodal: return "bimodal";
    }
    return "";
}

constexpr std::string_view name_of(pool_kind kind) noexcept {
    switch (kind) {
        case pool_kind::equal: return "equal";
        case pool_kind::skewed: return "skewed";
        case pool_kind::one_slow: return "one_slow";
        case pool_kind::one_failing: return "one_failing";
        case pool_kind::healthy: return "healthy";
    }
    return "";
}

/// One cell of the queueing table, but for the policy.
struct workload {
    service_kind service = service_kind::exponential;
    pool_kind kind = pool_kind::equal;
    std::uint32_t members = 16;
    unsigned load = 90;  ///< per cent of what the healthy members can do: all of them, or all but the first
};

/// For each member: how much work it does in a unit of time.
inline std::vector<double> speeds_of(const workload& what) {
    std::vector<double> speeds(what.kind == pool_kind::healthy ? what.members - 1 : what.members, 1.0);
    if (what.kind == pool_kind::one_slow) speeds[0] = 0.1;
    if (what.kind == pool_kind::skewed) {
        double sum = 0;
        for (std::size_t each = 0; each != speeds.size(); ++each) {
            speeds[each] = each % 4 == 0 ? 4 : 1;
            sum += speeds[each];
        }
        for (double& each : speeds) {
            each *= static_cast<double>(speeds.size()) / sum;
        }
    }
    return speeds;
}

/// What the pool is told of its members.
inline std::vector<double> weights_of(const workload& what) {
    std::vector<double> weights = speeds_of(what);
    if (what.kind != pool_kind::skewed) weights.assign(weights.size(), 1.0);
    return weights;
}

inline std::optional<std::uint32_t> failing_member(const workload& what) noexcept {
    return what.kind == pool_kind::one_failing ? std::optional<std::uint32_t>(0) : std::nullopt;
}

/// Jobs in a unit of time.
inline double arrival_rate(const workload& what) {
    const bool first_counts = what.kind == pool_kind::equal || what.kind == pool_kind::skewed;
    return what.load / 100.0 * (first_counts ? what.members : what.members - 1);
}

/// As a job arrives, before it is known who gets it.
struct job {
    double gap;     ///< since the job before, of mean 1: to be divided by the arrival rate
    double demand;  ///< takes demand / speed
};

/// What became of a job.
struct answer {
    double time;  ///< from its arrival
    bool failed;
};

/// Jobs that arrive as a Poisson process, from a seed. The numbers are drawn in the order of the jobs and depend on
/// nothing else, so all policies, loads and pools meet the same jobs.
class job_source {
public:
    job_source(service_kind kind, std::uint64_t seed) noexcept : kind_(kind), random_(drover::mix_bits(seed, 0x106)) {}

    job next() noexcept {
        const double gap = exponential();
        return {gap, demand()};
    }

private:
    double demand() noexcept {
        // Phases of rates 2p and 2(1 - p), drawn with p and 1 - p: each has half of the work.
        static const double often = (1 + std::sqrt(3.0 / 5.0)) / 2;
        switch (kind_) {
            case service_kind::exponential: return exponential();
            case service_kind::hyperexponential: {
                const double phase = unit() < often ? often : 1 - often;
                return exponential() / (2 * phase);
            }
            case service_kind::bimodal: return unit() < 0.9 ? 0.5 : 5.5;
        }
        return 1;
    }

    double exponential() noexcept { return -std::log(unit()); }
    double unit() noexcept { return (static_cast<double>(random_.next() >> 12U) + 0.5) * 0x1p-52; }  // in (0, 1)

    service_kind kind_;
    drover::random_source random_;
};

}  // namespace benches::balancing
