// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "policies.hpp"
#include "real_pool.hpp"
#include "report.hpp"
#include "simulator.hpp"

namespace benches::balancing {
namespace {

template <class P>
sojourns run_pool(const workload& what, std::span<const job> jobs, std::size_t warm_up, std::uint64_t seed) {
    sojourns found(jobs.size() - warm_up);
    std::size_t finished = 0;
    // A millisecond, as in the simulator: peak_ewma's defaults are in seconds.
    members_at_work all{.speeds = speeds_of(what), .unit = std::chrono::milliseconds(1), .done = {}};
    all.done = [&](std::size_t number, drover::clock_duration time, bool failed) {
        finished += 1;
        const double units = static_cast<double>(time.count()) / static_cast<double>(all.unit.count());
        if (number >= warm_up) found.add(number - warm_up, units, failed);
    };
    drover::simulated_runtime runtime(seed);
    const auto pool = drover::spawn_pool<sleeper, P>(
        runtime, {.members = all.speeds.size(), .weights = weights_of(what), .seed = drover::mix_bits(seed, 1)}, &all);
    tell_in_time(runtime, pool, all, arrival_rate(what), jobs);
    if (!runtime.drain(std::chrono::hours(1)) || finished != jobs.size()) {
        throw std::runtime_error(fmt::format("a pool has done {} of {} jobs", finished, jobs.size()));
    }
    return found;
}

struct cell {
    workload what;
    std::string_view policy;
    sojourns (*simulated)(const workload&, std::span<const job>, std::size_t, std::uint64_t);
    sojourns (*in_pool)(const workload&, std::span<const job>, std::size_t, std::uint64_t);
};

// What members are asked for most: turns by weight, loads, marks of the idle, latencies, and the queue of all.
const cell cells[] = {
    {{service_kind::exponential, pool_kind::skewed, 16, 80},
     "weighted_round_robin",
     &simulate<drover::weighted_round_robin>,
     &run_pool<drover::weighted_round_robin>},
    {{service_kind::exponential, pool_kind::equal, 16, 90},
     "power_of_two_choices",
     &simulate<drover::power_of_two_choices>,
     &run_pool<drover::power_of_two_choices>},
    {{service_kind::exponential, pool_kind::equal, 16, 90},
     "join_idle_queue",
     &simulate<drover::join_idle_queue<>>,
     &run_pool<drover::join_idle_queue<>>},
    {{service_kind::exponential, pool_kind::one_slow, 8, 70},
     "peak_ewma",
     &simulate<drover::peak_ewma>,
     &run_pool<drover::peak_ewma>},
    {{service_kind::hyperexponential, pool_kind::equal, 4, 80},
     "shared_queue",
     &simulate<shared_queue>,
     &run_pool<drover::shared_queue>},
};

std::vector<job> jobs_of(service_kind service, std::size_t count, std::uint64_t seed) {
    job_source source(service, seed);
    std::vector<job> jobs(count);
    std::generate(jobs.begin(), jobs.end(), [&source] { return source.next(); });
    return jobs;
}

mean_time figures_of(const sojourns& found) {
    return {found.mean(), found.half_width(), found.batch_correlation()};
}

}  // namespace

void run_pools(report& to) {
    const std::size_t counted = to.asked.quick ? 100'000 : 1'000'000;
    const std::size_t warm_up = counted / 5;
    for (const cell& each : cells) {
        if (!to.asked.wants(fmt::format("pools/{}/{}/{}/{}/{}", name_of(each.what.service), name_of(each.what.kind),
                                        each.what.members, each.what.load, each.policy))) {
            continue;
        }
        // The same jobs, and for the policy the same seed: turns are the same then. Threads' own numbers differ.
        const std::vector<job> jobs = jobs_of(each.what.service, counted + warm_up, to.asked.seed);
        const std::uint64_t seed = drover::mix_bits(to.asked.seed, 0x9e);
        const sojourns simulated = each.simulated(each.what, jobs, warm_up, seed);
        const sojourns in_pool = each.in_pool(each.what, jobs, warm_up, seed);
        to.pools.push_back({each.what, std::string(each.policy), counted, figures_of(simulated), figures_of(in_pool),
                            half_width_of_difference(in_pool, simulated)});
    }
}

}  // namespace benches::balancing
