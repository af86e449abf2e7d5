// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/base/cpu_pause.hpp>

#include <sched.h>

#include <cstddef>
#include <vector>

namespace benches {

/// The processors that this process may use, as the system numbers them.
inline std::vector<int> const& processors() {
    static std::vector<int> const all = [] {
        cpu_set_t allowed;
        CPU_ZERO(&allowed);
        ::sched_getaffinity(0, sizeof allowed, &allowed);
        std::vector<int> found;
        for (int each = 0; each < CPU_SETSIZE; ++each)
            if (CPU_ISSET(static_cast<std::size_t>(each), &allowed)) found.push_back(each);
        return found;
    }();
    return all;
}

/// Where senders and receivers run when a bench wants them on different cores. With one processor there is no such
/// place.
inline std::vector<int> senders_place() {
    return processors().size() < 2 ? std::vector<int>{} : std::vector<int>{processors().front()};
}
inline std::vector<int> receivers_place() {
    return processors().size() < 2 ? std::vector<int>{} : std::vector<int>{processors()[1]};
}

/// From now on the calling thread, and each thread that it starts, runs on these processors only; none: no change.
inline void stay_on(std::vector<int> const& places) {
    if (places.empty()) return;
    cpu_set_t wanted;
    CPU_ZERO(&wanted);
    for (int const each : places) CPU_SET(static_cast<std::size_t>(each), &wanted);
    ::sched_setaffinity(0, sizeof wanted, &wanted);
}

/// Waits for another thread, which may need this processor to get on.
class short_wait {
public:
    void operator()() {
        if (++looks_ % looks_before_yield == 0) {
            drover::yield_thread();
            return;
        }
        drover::cpu_pause();
    }

private:
    static constexpr unsigned looks_before_yield = 256;
    unsigned looks_ = 0;
};

}  // namespace benches
