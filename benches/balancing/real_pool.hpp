// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/actor.hpp>
#include <drover/base/clock.hpp>
#include <drover/pool.hpp>
#include <drover/testing.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "workload.hpp"

namespace benches::balancing {

/// How the members of a drover pool are to be, and who hears of each job that is done.
struct members_at_work {
    std::vector<double> speeds;
    drover::clock_duration unit;  ///< a mean service time of a member of speed 1
    /// At the moment at which the job is done.
    std::function<void(std::size_t job, drover::clock_duration time, bool failed)> done;
    std::function<bool(std::size_t member, drover::time_point now)> fails{};  ///< a job that is begun now; empty: none
    std::size_t built = 0;

    drover::clock_duration as_duration(double time) const noexcept {
        return drover::clock_duration(std::llround(time * static_cast<double>(unit.count())));
    }
};

/// A job in the mailbox of a member.
struct given_job {
    std::size_t number;
    double demand;
    drover::time_point arrived;
};

/// A member that sleeps in place of working. It is held meanwhile: its other jobs wait in its mailbox, and it counts as
/// busy, as if its handler ran. Members are built in their order, and must not be built anew.
class sleeper {
public:
    explicit sleeper(members_at_work* all) : all_(all), own_(all->built++) {}

    drover::task<> operator()(given_job job, drover::context& me) {
        const bool fails = all_->fails && all_->fails(own_, me.now());
        const double time = fails ? failure_takes : job.demand / all_->speeds[own_];
        co_await drover::sleep_for(all_->as_duration(time));
        all_->done(job.number, me.now() - job.arrived, fails);
        if (fails) throw std::runtime_error("the member fails");
    }

private:
    members_at_work* all_;
    std::size_t own_;
};

/// Lets the moments of `jobs` come in virtual time and tells each to the pool then; returns when all are done. Whatever
/// ends until a job's arrival has ended when it is picked for.
template <class Pool, class Jobs>
void tell_in_time(drover::simulated_runtime& runtime, const Pool& pool, const members_at_work& all, double rate,
                  const Jobs& jobs) {
    const drover::time_point start = runtime.now();
    double now = 0;
    std::size_t number = 0;
    for (const job& each : jobs) {
        now += each.gap / rate;
        runtime.advance(start + all.as_duration(now) - runtime.now());
        if (!drover::is_accepted(pool.tell(given_job{number++, each.demand, runtime.now()}))) {
            throw std::runtime_error("a pool has refused a job");
        }
    }
}

}  // namespace benches::balancing
