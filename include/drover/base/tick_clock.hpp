#pragma once

#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

#include "drover/base/clock.hpp"

namespace drover {

namespace detail {

/// The processor's time-stamp counter, which costs half of what the steady clock does.
struct time_stamp_counter {
    double nanoseconds_per_tick = 1;
    bool usable = false;  ///< it is there, and runs at one rate

    static const time_stamp_counter& measured() noexcept {
        static const time_stamp_counter counter = measure();
        return counter;
    }

    static std::uint64_t read() noexcept {
#if defined(__x86_64__)
        return __rdtsc();
#else
        return 0;
#endif
    }

private:
    struct moment {
        std::chrono::steady_clock::time_point time{};
        std::uint64_t ticks = 0;
    };

    // The two clocks at one moment: of some attempts the quickest, as a thread may lose its processor between two
    // readings.
    static moment both() noexcept {
        moment best;
        std::uint64_t shortest = ~std::uint64_t{0};
        for (int left = 8; left != 0; --left) {
            const std::uint64_t before = read();
            const auto time = std::chrono::steady_clock::now();
            const std::uint64_t took = read() - before;
            if (took < shortest) {
                shortest = took;
                best = {time, before + took / 2};
            }
        }
        return best;
    }

    // Against the steady clock for 2 ms, once in a process.
    static time_stamp_counter measure() noexcept {
        time_stamp_counter found;
#if defined(__x86_64__)
        unsigned a = 0;
        unsigned b = 0;
        unsigned c = 0;
        unsigned d = 0;
        constexpr unsigned invariant = 1U << 8;
        if (__get_cpuid(0x8000'0007, &a, &b, &c, &d) == 0 || (d & invariant) == 0) {
            return found;
        }
        const moment begin = both();
        moment end = both();
        while (end.time - begin.time < std::chrono::milliseconds(2)) {
            end = both();
        }
        const auto ticks = static_cast<double>(end.ticks - begin.ticks);
        found.nanoseconds_per_tick =
            static_cast<double>(std::chrono::nanoseconds(end.time - begin.time).count()) / ticks;
        found.usable = true;
#endif
        return found;
    }
};

}  // namespace detail

/// A time that is cheap to read. Of a runtime on the steady clock: the processor's time-stamp counter if it runs at one
/// rate, else the steady clock; of a runtime on another clock, that one. Thread-safe, and a tick is never 0. The first
/// one in a process takes 2 ms to be made.
class tick_clock {
public:
    explicit tick_clock(const clock_source& clock) noexcept : clock_(&clock) {
        if (&clock == &steady_clock_source::instance()) {
            run_by(detail::time_stamp_counter::measured());
        }
    }
    /// On the steady clock, by a counter of which this is known.
    tick_clock(const steady_clock_source& clock, const detail::time_stamp_counter& counter) noexcept : clock_(&clock) {
        run_by(counter);
    }

    std::uint64_t now() const noexcept {
        if (kind_ == kind::counter) [[likely]] {
            return detail::time_stamp_counter::read() | 1U;
        }
        return ask_clock();
    }

    /// Does it go on by itself between two readings?
    bool runs() const noexcept { return kind_ != kind::given; }

    /// 0 if `later` is the earlier one: the counters of two processors agree only nearly.
    clock_duration between(std::uint64_t earlier, std::uint64_t later) const noexcept {
        const auto ticks = static_cast<std::int64_t>(later - earlier);
        if (ticks <= 0) {
            return clock_duration::zero();
        }
        return clock_duration(static_cast<clock_duration::rep>(static_cast<wide>(ticks) * per_tick_ >> fraction_bits));
    }

private:
    __extension__ using wide = unsigned __int128;
    enum class kind : std::uint8_t { counter, steady, given };

    static constexpr unsigned fraction_bits = 32;
    static constexpr std::uint64_t one = std::uint64_t{1} << fraction_bits;

    [[gnu::noinline]] std::uint64_t ask_clock() const noexcept {
        return tick_of(kind_ == kind::steady ? std::chrono::steady_clock::now() : clock_->now());
    }

    void run_by(const detail::time_stamp_counter& counter) noexcept {
        kind_ = counter.usable ? kind::counter : kind::steady;
        per_tick_ = static_cast<std::uint64_t>(counter.nanoseconds_per_tick * static_cast<double>(one));
    }

    // The highest bit makes it other than 0, and is gone in a difference.
    static std::uint64_t tick_of(time_point moment) noexcept {
        return static_cast<std::uint64_t>(moment.time_since_epoch().count()) | std::uint64_t{1} << 63U;
    }

    const clock_source* const clock_;
    kind kind_ = kind::given;
    std::uint64_t per_tick_ = one;  // nanoseconds, with so many bits behind the point
};

}  // namespace drover
