// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policies.hpp"
#include "real_pool.hpp"
#include "report.hpp"

namespace benches::balancing {
namespace {

constexpr unsigned fails_from = 10;
constexpr unsigned fails_to = 70;
constexpr unsigned ends = 120;
// A service takes 10 ms, of 8 members at 70 %: 490 or 560 jobs a second, whether the first counts or not.
constexpr workload pool_of_eight{service_kind::exponential, pool_kind::one_failing, 8, 70};

template <class P, class Health>
void run_cell(std::string_view policy, std::string_view health, report& to) {
    if (!to.asked.wants(fmt::format("health/{}/{}/{}", pool_of_eight.members, health, policy))) return;
    struct second {
        std::uint64_t failed = 0;
        std::uint64_t all = 0;
    };
    std::vector<second> seconds(ends);
    members_at_work all{.speeds = speeds_of(pool_of_eight), .unit = std::chrono::milliseconds(10), .done = {}};

    drover::simulated_options silent;  // there are many failures, and who fails is known
    silent.on_failure = [](const drover::failure&) {};
    drover::simulated_runtime runtime(to.asked.seed, silent);
    const drover::time_point start = runtime.now();
    const auto second_of = [start](drover::time_point now) {
        return static_cast<std::size_t>((now - start) / std::chrono::seconds(1));
    };
    all.done = [&](std::size_t, drover::clock_duration, bool failed) {
        second& now = seconds[std::min<std::size_t>(second_of(runtime.now()), ends - 1)];
        now.failed += failed ? 1 : 0;
        now.all += 1;
    };
    all.fails = [&](std::size_t member, drover::time_point now) {
        return member == failing_member(pool_of_eight) && second_of(now) >= fails_from && second_of(now) < fails_to;
    };
    // A member that fails goes on with the state it has: the health policy is looked at, and not restarts.
    const auto pool =
        drover::spawn_pool<sleeper, P, Health>(runtime,
                                               {.members = all.speeds.size(),
                                                .plan = drover::supervision{.on_failure = drover::directive::resume},
                                                .seed = drover::mix_bits(to.asked.seed, 1)},
                                               &all);
    const double rate = arrival_rate(pool_of_eight);
    job_source source(pool_of_eight.service, to.asked.seed);
    std::vector<job> jobs;
    const double units = ends * static_cast<double>(std::chrono::seconds(1) / all.unit);
    for (double now = 0; now < units;) {
        jobs.push_back(source.next());
        now += jobs.back().gap / rate;
    }
    tell_in_time(runtime, pool, all, rate, jobs);
    if (!runtime.drain(std::chrono::minutes(1))) throw std::runtime_error("a pool has not done all of its jobs");
    health_row row{.policy = std::string(policy),
                   .health = std::string(health),
                   .members = pool_of_eight.members,
                   .from = fails_from,
                   .to = fails_to};
    for (const second& each : seconds) {
        row.failed.push_back(each.all != 0 ? static_cast<double>(each.failed) / static_cast<double>(each.all) : 0);
    }
    to.healths.push_back(std::move(row));
}

template <class P>
void run_policy(std::string_view policy, report& to) {
    run_cell<P, drover::no_health>(policy, "no_health", to);
    run_cell<P, drover::usual_health>(policy, "usual_health", to);
}

}  // namespace

void run_healths(report& to) {
    run_policy<drover::round_robin>("round_robin", to);
    run_policy<drover::power_of_two_choices>("power_of_two_choices", to);
}

}  // namespace benches::balancing
