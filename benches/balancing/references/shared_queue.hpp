// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "../soonest.hpp"
#include "../workload.hpp"

namespace benches::balancing {

/// No policy, but what one can hope for without knowing how long a job takes: all jobs wait in one queue, from which a
/// member that has nothing to do takes the oldest; of several the one that has been idle longest. With members of equal
/// speed and exponential service it is the queue M/M/n of A. K. Erlang (1917).
class shared_queue {
public:
    explicit shared_queue(const workload& what)
        : speeds_(speeds_of(what)), free_at_(speeds_.size(), 0), failing_(failing_member(what).value_or(0xffff'ffff)) {}

    answer take(double now, const job& one) {
        const std::uint32_t member = free_at_.member();
        const bool fails = member == failing_;
        const double begins = std::max(now, free_at_.time());
        const double leaves = begins + (fails ? failure_takes : one.demand / speeds_[member]);
        free_at_.set(member, leaves);
        return {leaves - now, fails};
    }

private:
    std::vector<double> speeds_;
    soonest free_at_;
    std::uint32_t failing_;
};

}  // namespace benches::balancing
