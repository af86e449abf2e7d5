// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/balancing/policy.hpp>
#include <drover/base/clock.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "references/shared_queue.hpp"
#include "sojourns.hpp"
#include "soonest.hpp"
#include "workload.hpp"

namespace benches::balancing {

/// Jobs that are in a member, the oldest first; those that it has not begun and the one it is at.
class job_queue {
public:
    struct entry {
        double begins;
        double leaves;
    };

    bool empty() const noexcept { return first_ == end_; }
    const entry& front() const noexcept { return ring_[first_ & (ring_.size() - 1)]; }
    void pop() noexcept { first_ += 1; }

    void push(entry one) {
        if (end_ - first_ == ring_.size()) grow();
        ring_[end_++ & (ring_.size() - 1)] = one;
    }

private:
    void grow() {
        std::vector<entry> larger(2 * ring_.size());
        for (std::size_t each = first_; each != end_; ++each) {
            larger[each & (larger.size() - 1)] = ring_[each & (ring_.size() - 1)];
        }
        ring_ = std::move(larger);
    }

    std::vector<entry> ring_ = std::vector<entry>(16);
    std::size_t first_ = 0;
    std::size_t end_ = 0;
};

/// A millisecond to a mean service time: what policies that read clocks are told by their defaults is in seconds.
inline drover::clock_duration as_duration(double time) noexcept {
    return drover::clock_duration(std::llround(time * 1e6));
}

/// A pool in virtual time: the policy's own pick over real `member_info`s, with all the signals that it needs. Members
/// serve one job at a time, in the order of arrival. A thread that picks sees everything that happened before it.
template <drover::balancing_policy P>
class simulated_pool {
public:
    simulated_pool(const workload& what, std::uint64_t seed)
        : speeds_(speeds_of(what)),
          loads_(std::make_unique<drover::member_load[]>(speeds_.size())),
          free_at_(speeds_.size()),
          queues_(speeds_.size()),
          leaving_(speeds_.size()),
          failing_(failing_member(what).value_or(drover::no_member)),
          state_(typename P::options{}, drover::mix_bits(seed, 1)),
          local_(drover::mix_bits(seed, 2)),
          table_(build(weights_of(what))) {}

    answer take(double now, const job& one) {
        while (leaving_.time() <= now) {
            finish(leaving_.member());
        }
        const drover::member_index member = P::pick(table_, state_, local_, drover::pick_key{key_++});
        if constexpr (!drover::counts_picks<P>) loads_[member].sent();
        const bool fails = member == failing_;
        const double begins = std::max(now, free_at_[member]);
        const double leaves = begins + (fails ? failure_takes : one.demand / speeds_[member]);
        free_at_[member] = leaves;
        if (queues_[member].empty()) {
            if constexpr (drover::claims_idle<P>) state_.idle.withdraw(member);
            leaving_.set(member, leaves);
        }
        queues_[member].push({begins, leaves});
        return {leaves - now, fails};
    }

private:
    void finish(drover::member_index member) noexcept {
        job_queue& queue = queues_[member];
        const job_queue::entry done = queue.front();
        queue.pop();
        if constexpr (drover::measures_latency<P>) {
            latencies_[member].record(as_duration(done.leaves - done.begins),
                                      drover::time_point(as_duration(done.leaves)), member == failing_);
        }
        loads_[member].finished();
        if constexpr (drover::claims_idle<P>) {
            if (queue.empty()) state_.idle.announce(member);
        }
        leaving_.set(member, queue.empty() ? soonest::never : queue.front().leaves);
    }

    typename P::table build(const std::vector<double>& weights) {
        std::vector<drover::member_info> members(speeds_.size());
        for (std::uint32_t each = 0; each != members.size(); ++each) {
            members[each] = {.id = each, .weight = weights[each], .load = &loads_[each], .slot = each};
        }
        if constexpr (drover::measures_latency<P>) {
            for (drover::member_info& each : members) {
                latencies_.emplace_back(P::latency(typename P::options{}));
                each.latency = &latencies_.back();
            }
        }
        if constexpr (drover::claims_idle<P>) {
            for (const drover::member_info& each : members) {
                state_.idle.announce(each.slot);
            }
        }
        auto built = P::build(members, state_);
        if (!built) throw std::runtime_error(to_string(built.error()));
        return std::move(built.value());
    }

    std::vector<double> speeds_;
    std::unique_ptr<drover::member_load[]> loads_;
    std::deque<drover::member_latency> latencies_;  // of members that are measured; they cannot be moved
    std::vector<double> free_at_;
    std::vector<job_queue> queues_;
    soonest leaving_;
    drover::member_index failing_;
    std::uint64_t key_ = 0;
    typename P::state state_;
    typename P::local local_;
    typename P::table table_;
};

/// The first `warm_up` jobs are not counted.
template <class Pool>
sojourns run_jobs(Pool&& pool, const workload& what, std::span<const job> jobs, std::size_t warm_up) {
    const double mean_gap = 1 / arrival_rate(what);
    sojourns found(jobs.size() - warm_up);
    double now = 0;
    for (std::size_t each = 0; each != jobs.size(); ++each) {
        now += jobs[each].gap * mean_gap;
        const answer got = pool.take(now, jobs[each]);
        if (each >= warm_up) found.add(each - warm_up, got.time, got.failed);
    }
    return found;
}

template <class P>
sojourns simulate(const workload& what, std::span<const job> jobs, std::size_t warm_up, std::uint64_t seed) {
    if constexpr (std::is_same_v<P, shared_queue>) {
        return run_jobs(shared_queue(what), what, jobs, warm_up);
    } else {
        return run_jobs(simulated_pool<P>(what, seed), what, jobs, warm_up);
    }
}

}  // namespace benches::balancing
