// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/metrics/histogram.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace benches::latency {

using instant = std::chrono::steady_clock::time_point;

/// When each message ought to be sent: `per_second` a second, evenly, from `first` on. What happens to one does not
/// move the next. `per_second` is from 1 to 10^9.
struct arrivals {
    instant first;
    std::uint64_t per_second;

    /// Number 0 is due at `first`. Rounded down to a nanosecond from the start, so that no error adds up.
    [[nodiscard]] constexpr instant due(std::uint64_t number) const {
        constexpr std::uint64_t second = 1'000'000'000;
        return first + std::chrono::seconds(number / per_second) +
               std::chrono::nanoseconds(number % per_second * second / per_second);
    }
};

/// Sends messages 0 to `count` - 1, none before it is due, and returns how late the sends were begun. A sender that was
/// held up sends all that became due meanwhile, each with the instant at which it was due, as clients would who do not
/// know of each other. A benchmark that would send the next one an interval after the last leaves out those who had to
/// wait, and with them the stall (Tene's coordinated omission).
///
/// `now()` is an instant, `pause()` passes a little time, `send(number, due)` sends. Blocks until all are sent.
template <class Now, class Pause, class Send>
drover::histogram send_as_due(const arrivals& plan, std::uint64_t count, Now&& now, Pause&& pause, Send&& send) {
    drover::histogram late;
    for (std::uint64_t number = 0; number != count; ++number) {
        const instant due = plan.due(number);
        instant current = now();
        while (current < due) {
            pause();
            current = now();
        }
        late.record(current - due);
        send(number, due);
    }
    return late;
}

/// What a receiver saw. Messages below `warm_up` are handled and not counted.
struct observed {
    drover::histogram latencies{};
    std::uint64_t handled = 0;  ///< all of them
    std::uint64_t sum = 0;      ///< of their numbers, which is the answer that is checked
    instant last{};

    constexpr void handle(std::uint64_t number, instant due, instant now, std::uint64_t warm_up) {
        if (number >= warm_up) latencies.record(now - due);
        handled += 1;
        sum += number;
        last = std::max(last, now);
    }
    constexpr observed& operator+=(const observed& other) {
        latencies += other.latencies;
        handled += other.handled;
        sum += other.sum;
        last = std::max(last, other.last);
        return *this;
    }
};

/// Messages handled a second, from when the first was due until the last was handled; no more than were asked for.
constexpr double achieved(const arrivals& plan, const observed& all) {
    if (all.handled == 0) return 0;
    const double took = std::chrono::duration<double>(all.last - plan.first).count();
    const double least = static_cast<double>(all.handled) / static_cast<double>(plan.per_second);
    return static_cast<double>(all.handled) / std::max(took, least);
}

/// Whether that is the rate that was asked for. Below, a queue grew for as long as the run went on, and its latencies
/// tell how long that was.
constexpr bool reached(const arrivals& plan, double rate) {
    return rate >= 0.99 * static_cast<double>(plan.per_second);
}

}  // namespace benches::latency
