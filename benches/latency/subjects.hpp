// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/base/cpu_pause.hpp>
#include <drover/metrics/histogram.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "arrivals.hpp"

namespace benches::latency {

inline constexpr std::size_t pool_members = 4;

/// What is asked of a subject: messages 0 to `messages` - 1 at a rate, those below `warm_up` not counted.
struct load {
    std::uint64_t per_second;
    std::uint64_t messages;
    std::uint64_t warm_up;
    std::size_t threads;  ///< workers; the sender has a thread of its own beside them
};

struct measured {
    arrivals plan{};
    observed seen{};
    drover::histogram late{};  ///< how late the sends were begun: the sender's own share of the latencies
};

/// The system that receives, and who receives there: one actor, or a pool of 4 that take turns.
struct subject {
    char const* side;
    char const* what;
    measured (*run)(const load& asked);
};

measured drover_actor(const load& asked);  // drover.cpp
measured drover_pool(const load& asked);
#ifdef DROVER_BENCH_CAF
measured caf_actor(const load& asked);  // caf.cpp
measured caf_pool(const load& asked);
#endif

/// Sends as the load says from the calling thread, waits until all are handled, and checks the answer. `send(number,
/// due)`; `receivers` are what the actors write to. Throws std::runtime_error if the answer is wrong or does not come.
template <class Send>
measured drive(const load& asked, tally& all, const std::vector<observed>& receivers, Send&& send) {
    using clock = std::chrono::steady_clock;
    measured result;
    result.plan = {clock::now() + std::chrono::milliseconds(1), asked.per_second};
    // It does not sleep: a sender that the kernel wakes late would be most of what is measured.
    result.late = send_as_due(result.plan, asked.messages, &clock::now, &drover::cpu_pause, send);
    all.wait();
    for (const observed& each : receivers) result.seen += each;
    for (const std::string& wrong :
         {expect_equal("the number of messages handled", result.seen.handled, asked.messages),
          expect_equal("the sum of their numbers", result.seen.sum, asked.messages * (asked.messages - 1) / 2)}) {
        if (!wrong.empty()) throw std::runtime_error(wrong);
    }
    return result;
}

}  // namespace benches::latency
