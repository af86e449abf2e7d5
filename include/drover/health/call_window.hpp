#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "drover/balancing/divisor.hpp"
#include "drover/base/cache_line.hpp"

namespace drover {

/// When a window of calls trips: not before `least` of them are known, and then if `percent` of those in it failed.
struct call_window_limits {
    std::uint32_t calls = 100;  ///< 1 … 65536
    std::uint32_t least = 100;  ///< 1 … calls
    std::uint32_t percent = 50;
};

/// How the last calls of one member ended, one bit each, in a ring (Resilience4j's count-based sliding window). Totals
/// read now and then could not tell which of a thousand calls were the last hundred. Who counts draws a place by one
/// atomic add, and writes the bit only if it differs, so any number of threads may count at once; a bit that is drawn
/// and not written yet still shows the call of one round before. No operation but the constructor allocates; none
/// blocks.
class alignas(cache_line) call_window {
public:
    /// Throws std::bad_alloc.
    explicit call_window(const call_window_limits& limits)
        : bits_(std::make_unique<std::atomic<std::uint64_t>[]>(words(limits))), limits_(limits), ring_(limits.calls) {}

    /// Any thread. Whether the window has tripped by this call, which it does once until cleared: a success does so if
    /// it is the one that makes the calls enough.
    bool succeeded() noexcept {
        const std::uint64_t place = place_.fetch_add(1, std::memory_order_relaxed);
        const std::uint64_t slot = ring_.remainder(place);
        std::atomic<std::uint64_t>& word = bits_[slot / 64];
        const std::uint64_t bit = bit_of(slot);
        if ((word.load(std::memory_order_relaxed) & bit) != 0 &&
            (word.fetch_and(~bit, std::memory_order_relaxed) & bit) != 0) {
            failures_.fetch_sub(1, std::memory_order_relaxed);
        }
        return place + 1 - start_.load(std::memory_order_relaxed) == limits_.least && trips();
    }

    /// Any thread. Returns as succeeded() does.
    bool failed() noexcept {
        const std::uint64_t slot = ring_.remainder(place_.fetch_add(1, std::memory_order_relaxed));
        const std::uint64_t bit = bit_of(slot);
        if ((bits_[slot / 64].fetch_or(bit, std::memory_order_relaxed) & bit) == 0) {
            failures_.fetch_add(1, std::memory_order_relaxed);
        }
        return trips();
    }

    /// Any thread. Calls in the window, and how many of them failed.
    std::uint64_t calls() const noexcept {
        const std::uint64_t start = start_.load(std::memory_order_acquire);  // pairs with clear(): no place before it
        return std::min<std::uint64_t>(place_.load(std::memory_order_relaxed) - start, limits_.calls);
    }
    std::uint64_t failures() const noexcept { return failures_.load(std::memory_order_relaxed); }
    bool tripped() const noexcept { return tripped_.load(std::memory_order_relaxed); }

    /// All calls so far are forgotten. One thread at a time, beside those that count.
    void clear() noexcept {
        start_.store(place_.load(std::memory_order_relaxed), std::memory_order_release);  // pairs with calls()
        for (std::size_t each = 0; each != words(limits_); ++each) {
            const int set = std::popcount(bits_[each].exchange(0, std::memory_order_relaxed));
            failures_.fetch_sub(static_cast<std::uint64_t>(set), std::memory_order_relaxed);
        }
        tripped_.store(false, std::memory_order_relaxed);
    }

private:
    static constexpr std::size_t words(const call_window_limits& limits) noexcept { return (limits.calls + 63) / 64; }

    static constexpr std::uint64_t bit_of(std::uint64_t slot) noexcept { return std::uint64_t{1} << (slot % 64); }

    bool trips() noexcept {
        const std::uint64_t known = calls();
        return known >= limits_.least && failures() * 100 >= known * limits_.percent &&
               !tripped_.exchange(true, std::memory_order_relaxed);
    }

    std::atomic<std::uint64_t> place_{0};
    std::atomic<std::uint64_t> start_{0};     // the place of the first call since the window was cleared
    std::atomic<std::uint64_t> failures_{0};  // the bits that are set, at each moment when nobody is about to say so
    std::atomic<bool> tripped_{false};
    const std::unique_ptr<std::atomic<std::uint64_t>[]> bits_;
    const call_window_limits limits_;
    const divisor ring_;
};

static_assert(sizeof(call_window) == 2 * cache_line && alignof(call_window) == cache_line);

}  // namespace drover
