#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "drover/base/cache_line.hpp"
#include "drover/base/clock.hpp"
#include "drover/base/text.hpp"

namespace drover {

struct latency_options {
    /// In that time the weight of what was measured before falls to 1/e. Finagle has 10 s, for requests over a network;
    /// a handler is a thousand times as fast, so that in a second as many messages are seen, and a member that was slow
    /// is tried again in seconds: after `decay` times the logarithm of how much slower it was.
    clock_duration decay = std::chrono::seconds(1);
    /// What a failed message is taken to have taken, at least; and what messages are taken to take at a member that has
    /// not finished its first.
    clock_duration penalty = std::chrono::seconds(1);

    /// Throws std::invalid_argument, with a sentence, unless both are above 0.
    void check() const {
        const auto refuse = [](const char* name, clock_duration value) {
            if (value > clock_duration::zero()) return;
            throw std::invalid_argument(join_text({"drover: latency_options::", name, " is ",
                                                   std::to_string(value.count()), " ns; give it a time above 0"}));
        };
        refuse("decay", decay);
        refuse("penalty", penalty);
    }
};

/// How long messages take at a member of a pool: an average that goes up at once to whatever took longer, and from
/// there falls exponentially to what messages take since ("Peak EWMA", from Twitter's Finagle). So a member that
/// becomes slow is seen at its first slow message. It stands on a cache line of its own; no operation blocks or
/// allocates.
struct alignas(cache_line) member_latency {
    member_latency() : member_latency(latency_options{}) {}
    /// Throws std::invalid_argument as latency_options::check() does.
    explicit member_latency(const latency_options& options) {
        options.check();
        rate_ = 1 / static_cast<double>(options.decay.count());
        penalty_ = static_cast<double>(options.penalty.count());
    }

    /// A message was in the handler for `took`, until `now`. The member's own thread, one at a time; before
    /// `member_load::finished`, so that who sees the member idle sees this, too. A message takes a nanosecond at least:
    /// under a clock that stands still all members are as fast.
    void record(clock_duration took, time_point now, bool failed) noexcept {
        const double time = std::max(static_cast<double>(took.count()), failed ? penalty_ : 1);
        const double average = average_.load(std::memory_order_relaxed);
        const clock_duration::rep moment = now.time_since_epoch().count();
        double next = time;
        if (time < average) {
            const double kept = std::exp(-since(moment));
            next = average * kept + time * (1 - kept);
        }
        // Two stores, and a pick may come between them: it then takes the member for as slow as it was, for one
        // message.
        last_.store(moment, std::memory_order_relaxed);
        average_.store(next, std::memory_order_relaxed);
    }

    /// When the last message was finished. Any thread.
    time_point last() const noexcept { return time_point(clock_duration(last_.load(std::memory_order_relaxed))); }

    /// What a message takes, in nanoseconds, as of the last; 0 if there was none. Any thread.
    double average() const noexcept { return average_.load(std::memory_order_relaxed); }

    /// What a message more is thought to take, in nanoseconds, if the member has `pending`. Any thread; read the load
    /// first. While it has some, that is the average; without an average, the penalty. While it has none, it counts for
    /// less as time goes by, so that it is tried again; and if it has never finished any, for nothing. But one message
    /// is a try: it counts in full from then on, and is not flooded before it has answered.
    double awaited(std::uint64_t pending, time_point now) const noexcept {
        const double known = average();
        if (pending != 0) return known != 0 ? known : penalty_;
        return known * std::exp(-since(now.time_since_epoch().count()));
    }

private:
    // In units of the decay.
    double since(clock_duration::rep moment) const noexcept {
        return std::max(static_cast<double>(moment - last_.load(std::memory_order_relaxed)) * rate_, 0.0);
    }

    std::atomic<double> average_{0};
    std::atomic<clock_duration::rep> last_{0};
    double rate_ = 0;
    double penalty_ = 0;
};

static_assert(sizeof(member_latency) == cache_line && alignof(member_latency) == cache_line);

}  // namespace drover
