#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>

#include "drover/base/clock.hpp"

namespace drover {

/// For how long a thread has slept in all, the present pause included: it says when one begins and ends, and anybody
/// reads. A later reading is never smaller: so who ends a pause, and who reads, looks at the clock, by `now()`, while
/// the other can see that. Nothing blocks; a reader tries again if a pause has just begun or ended (a sequence lock).
class parked_time {
public:
    void begin(time_point now) noexcept {
        change([&] { since_.store(now.time_since_epoch().count(), std::memory_order_release); });
    }

    template <std::invocable Now>
    void end(Now now) noexcept {
        change([&] {
            const std::int64_t since = since_.load(std::memory_order_relaxed);
            total_.store(total_.load(std::memory_order_relaxed) + now().time_since_epoch().count() - since,
                         std::memory_order_release);
            since_.store(awake, std::memory_order_release);
        });
    }

    /// Takes over what a thread that has ended had.
    void absorb(const parked_time& gone) noexcept {
        total_.fetch_add(gone.total_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    }

    template <std::invocable Now>
    clock_duration read(Now now) const noexcept {
        for (;;) {
            const std::uint64_t before = version_.load(std::memory_order_acquire);
            // Whoever sees what a change has written sees that it has begun.
            const std::int64_t since = since_.load(std::memory_order_acquire);
            const std::int64_t total = total_.load(std::memory_order_acquire);
            const std::int64_t moment = now().time_since_epoch().count();
            if (before % 2 == 0 && version_.load(std::memory_order_acquire) == before) {
                const std::int64_t present = since == awake ? 0 : moment - since;
                return clock_duration(total + (present > 0 ? present : 0));
            }
        }
    }

private:
    static constexpr std::int64_t awake = INT64_MIN;

    // An exchange, so that it is seen before the clock is looked at: a reader that does not see it has done so already.
    template <class Code>
    void change(Code code) noexcept {
        const std::uint64_t before = version_.load(std::memory_order_relaxed);
        static_cast<void>(version_.exchange(before + 1, std::memory_order_acq_rel));
        code();
        version_.store(before + 2, std::memory_order_release);
    }

    std::atomic<std::uint64_t> version_{0};
    std::atomic<std::int64_t> since_{awake};
    std::atomic<std::int64_t> total_{0};
};

}  // namespace drover
