#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "drover/base/cache_line.hpp"
#include "drover/base/clock.hpp"
#include "drover/metrics/histogram.hpp"

namespace drover {

/// A histogram that is filled while others read it. Either one thread fills it, with `record`, or any number do, with
/// `record_shared`: never both, as a plain store forgets what was added meanwhile. So each worker has a block and all
/// other threads share one more; the reader adds them up. No operation blocks, allocates or throws.
///
/// What a reader sees: each number is one that was there at some moment during the read, and none is ever smaller in a
/// later read by the same thread, so two readings can be subtracted. The count is by construction the sum of the
/// buckets. The sum of the values may be ahead of it or behind it by what is being recorded at the time.
class alignas(2 * cache_line) histogram_block {
public:
    /// The one writer. Two loads and two stores, no locked instruction.
    void record(clock_duration value) noexcept {
        add(slots_[histogram::bucket_of(value)], 1);
        add(sum_, nanoseconds_of(value));
    }

    /// Any thread. Two atomic adds.
    void record_shared(clock_duration value) noexcept {
        slots_[histogram::bucket_of(value)].fetch_add(1, std::memory_order_relaxed);
        sum_.fetch_add(nanoseconds_of(value), std::memory_order_relaxed);
    }

    /// Adds what is here to `whole`. Any thread, at any time.
    void add_to(histogram& whole) const noexcept {
        for (std::size_t each = 0; each != slots_.size(); ++each) {
            whole.slots_[each] += slots_[each].load(std::memory_order_relaxed);
        }
        whole.sum_ += sum_.load(std::memory_order_relaxed);
    }

    /// What is here. Any thread, at any time.
    histogram read() const noexcept {
        histogram whole;
        add_to(whole);
        return whole;
    }

    /// The one writer: as if all that another one holds had been recorded here.
    void absorb(const histogram_block& gone) noexcept {
        for (std::size_t each = 0; each != slots_.size(); ++each) {
            add(slots_[each], gone.slots_[each].load(std::memory_order_relaxed));
        }
        add(sum_, gone.sum_.load(std::memory_order_relaxed));
    }

private:
    static std::uint64_t nanoseconds_of(clock_duration value) noexcept {
        return static_cast<std::uint64_t>(std::max<clock_duration::rep>(value.count(), 0));
    }

    // The counters stand for themselves: nothing else is read because of them, so all is relaxed.
    static void add(std::atomic<std::uint64_t>& counter, std::uint64_t more) noexcept {
        counter.store(counter.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    }

    std::atomic<std::uint64_t> sum_{0};
    std::array<std::atomic<std::uint64_t>, histogram::buckets + 1> slots_{};
};

static_assert(alignof(histogram_block) == 2 * cache_line && sizeof(histogram_block) == 34 * 2 * cache_line);

}  // namespace drover
