// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report.hpp"
#include "simulator.hpp"

namespace benches::balancing {
namespace {

// A pool of real actors on a simulated runtime, whose clock is the only one that passes: a handler takes as long as it
// sleeps, and a member that sleeps takes no other message. Jobs that have been answered are written down by number.
struct ledger {
    double now() const noexcept {
        return std::chrono::duration<double, std::milli>(rt.now().time_since_epoch()).count();
    }

    drover::simulated_runtime& rt;
    std::vector<double> speeds;
    sojourns found;
    std::uint64_t answered = 0;
    std::uint32_t made = 0;
};

struct work {
    double demand;
    double came;
    std::uint64_t number;
    bool counted;
};

struct server {
    explicit server(ledger* to) : book(to), speed(to->speeds[to->made++]) {}

    drover::task<void> operator()(work one) {
        co_await drover::sleep_for(as_duration(one.demand / speed));
        book->answered += 1;
        if (one.counted) book->found.add(one.number, book->now() - one.came, false);
    }

    ledger* book;
    double speed;
};

template <class P>
sojourns run_pool(const workload& what, std::span<const job> jobs, std::size_t warm_up, std::uint64_t seed) {
    drover::simulated_options chosen;
    chosen.most_steps = ~std::uint64_t{0};
    drover::simulated_runtime rt(seed, chosen);
    ledger book{rt, speeds_of(what), sojourns(jobs.size() - warm_up)};
    drover::pool_options<P> options;
    options.members = book.speeds.size();
    options.weights = weights_of(what);
    options.seed = drover::mix_bits(seed, 1);
    const auto pool = drover::spawn_pool<server, P>(rt, options, &book);
    rt.run_until_idle();

    const double begin = book.now();
    const double mean_gap = 1 / arrival_rate(what);
    double arrives = 0;
    for (std::size_t each = 0; each != jobs.size(); ++each) {
        arrives += jobs[each].gap * mean_gap;
        const drover::clock_duration wait = as_duration(begin + arrives) - rt.now().time_since_epoch();
        if (wait.count() > 0) rt.advance(wait);
        const bool counted = each >= warm_up;
        pool.tell(work{jobs[each].demand, book.now(), counted ? each - warm_up : 0, counted});
    }
    while (book.answered != jobs.size()) {
        rt.advance(std::chrono::seconds(1));
    }
    return book.found;
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
        // Not the same jobs: then the intervals say how far two such means may be from each other.
        const auto simulated = each.simulated(each.what, jobs_of(each.what.service, counted + warm_up, to.asked.seed),
                                              warm_up, drover::mix_bits(to.asked.seed, 0x9e));
        const std::uint64_t other = drover::mix_bits(to.asked.seed, 0x9001);
        const auto in_pool =
            each.in_pool(each.what, jobs_of(each.what.service, counted + warm_up, other), warm_up, other);
        to.pools.push_back({each.what, std::string(each.policy), counted, figures_of(simulated), figures_of(in_pool)});
    }
}

}  // namespace benches::balancing
