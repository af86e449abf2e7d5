#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "drover/base/clock.hpp"
#include "drover/base/text.hpp"

namespace drover {

class histogram_block;

/// How often durations of each size were seen: 528 buckets, 16 to the octave, from 1 ns to 2^36 ns (68.7 s). The first
/// 32 are 1 ns wide, so they tell every value up to 32 ns apart; each later one is at most 1/16 of its lower bound
/// wide. A bucket holds the values in (lower_bound, upper_bound]: bounds count as inside, as Prometheus's do. What is
/// not above 0 counts as 0 and is in the first bucket; what is above the top is counted apart, as saturated.
///
/// A plain value of 4.2 KiB, the sum of what one or several `histogram_block` held when they were read. Not
/// synchronised. Nothing here blocks, or allocates but for the text of an exception. The layout is log-linear, as
/// HdrHistogram's (Tene).
class histogram {
public:
    static constexpr std::size_t buckets = 528;
    static constexpr unsigned top_power = 36;
    /// The largest value that has a bucket.
    static constexpr clock_duration top{std::int64_t{1} << top_power};

    // --- where a value belongs --------------------------------------------------------------------------------------

    /// The bucket of a value, or `buckets` if the value is above the top. A larger value never has a smaller bucket.
    static constexpr std::size_t bucket_of(clock_duration value) noexcept {
        // One below the value, so that a power of two is the last of its octave and not the first of the next. The five
        // highest bits are the number of the step; below 32 all bits are, which the | spares a branch for.
        const auto below = static_cast<std::uint64_t>(std::max<clock_duration::rep>(value.count(), 1) - 1);
        const auto shift = static_cast<unsigned>(std::bit_width(below | (2 * steps - 1))) - step_bits - 1;
        return std::min<std::size_t>(shift * steps + static_cast<std::size_t>(below >> shift), buckets);
    }

    /// The largest value in a bucket. `bucket` must be below `buckets`.
    static constexpr clock_duration upper_bound(std::size_t bucket) noexcept {
        return lower_bound(bucket) + width(bucket);
    }

    /// The largest value that is too small for a bucket. `bucket` must be below `buckets`.
    static constexpr clock_duration lower_bound(std::size_t bucket) noexcept {
        return clock_duration(static_cast<clock_duration::rep>(bucket - steps * shift_of(bucket)) << shift_of(bucket));
    }

    // --- filling ----------------------------------------------------------------------------------------------------

    constexpr void record(clock_duration value, std::uint64_t times = 1) noexcept {
        slots_[bucket_of(value)] += times;
        sum_ += static_cast<std::uint64_t>(std::max<clock_duration::rep>(value.count(), 0)) * times;
    }

    /// Adds what another one holds: as if all its values had been recorded here. Linear in the buckets.
    constexpr histogram& operator+=(const histogram& other) noexcept {
        for (std::size_t each = 0; each != slots_.size(); ++each) {
            slots_[each] += other.slots_[each];
        }
        sum_ += other.sum_;
        return *this;
    }
    constexpr void merge(const histogram& other) noexcept { *this += other; }
    friend constexpr histogram operator+(histogram one, const histogram& other) noexcept { return one += other; }

    /// What was recorded between two readings of the same blocks: `later - earlier`. Throws std::invalid_argument if
    /// `earlier` holds something that this one does not.
    histogram operator-(const histogram& earlier) const {
        histogram between;
        for (std::size_t each = 0; each != slots_.size(); ++each) {
            if (slots_[each] < earlier.slots_[each]) {
                throw std::invalid_argument(join_text(
                    {"drover: a histogram that holds ", std::to_string(slots_[each]), " in bucket ",
                     std::to_string(each), " cannot be later than one with ", std::to_string(earlier.slots_[each]),
                     " there; subtract the earlier reading of the same histogram from the later one"}));
            }
            between.slots_[each] = slots_[each] - earlier.slots_[each];
        }
        between.sum_ = sum_ - earlier.sum_;
        return between;
    }

    constexpr bool operator==(const histogram&) const noexcept = default;

    // --- reading ----------------------------------------------------------------------------------------------------

    /// How many values there are, those above the top included: the sum over the buckets, so that the two always
    /// agree. Linear in the buckets.
    constexpr std::uint64_t count() const noexcept {
        std::uint64_t all = 0;
        for (const std::uint64_t each : slots_) {
            all += each;
        }
        return all;
    }

    /// How many values are in a bucket. `bucket` must be below `buckets`.
    constexpr std::uint64_t count_in(std::size_t bucket) const noexcept { return slots_[bucket]; }

    /// How many values were above the top.
    constexpr std::uint64_t saturated() const noexcept { return slots_[buckets]; }

    /// The sum of all values in nanoseconds, exact, those above the top included. It begins again at 0 after 2^64 ns,
    /// which are 584 years, and the difference of two histograms is right all the same.
    constexpr std::uint64_t sum_nanoseconds() const noexcept { return sum_; }

    /// Nothing if there are no values.
    constexpr std::optional<clock_duration> mean() const noexcept {
        const std::uint64_t all = count();
        return all == 0 ? std::nullopt : std::optional(clock_duration(static_cast<clock_duration::rep>(sum_ / all)));
    }

    /// The value that `percent` of all values do not exceed, by nearest rank: 50 is the median, 0 the smallest, 100 the
    /// largest. The middle of its bucket, so exact up to 32 ns and at most 1/32 (3.1 %) off above.
    /// clock_duration::max() if that value is above the top; nothing if there are no values. Throws
    /// std::invalid_argument unless `percent` is from 0 to 100. Linear in the buckets.
    std::optional<clock_duration> percentile(double percent) const {
        if (!(percent >= 0 && percent <= 100)) {
            throw std::invalid_argument(join_text({"drover: histogram::percentile got ", std::to_string(percent),
                                                   "; pass a number from 0 to 100, such as 99.9"}));
        }
        const std::uint64_t all = count();
        if (all == 0) {
            return std::nullopt;
        }
        const double wanted = std::ceil(percent * static_cast<double>(all) / 100);
        // As a double the count may have been rounded up, and beyond the largest integer.
        const std::uint64_t rank =
            wanted >= static_cast<double>(all) ? all : std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
        std::uint64_t seen = 0;
        for (std::size_t each = 0; each != buckets; ++each) {
            seen += slots_[each];
            if (seen >= rank) {
                return upper_bound(each) - width(each) / 2;
            }
        }
        return clock_duration::max();
    }

    /// How many values are at most 2^k ns, for k from 0 to 36: exact, as each power of two is the bound of a bucket.
    /// These are Prometheus's buckets; the one without a bound is count().
    constexpr std::array<std::uint64_t, top_power + 1> up_to_powers_of_two() const noexcept {
        std::array<std::uint64_t, top_power + 1> found{};
        std::uint64_t seen = 0;
        std::size_t next = 0;
        for (std::size_t power = 0; power != found.size(); ++power) {
            for (const std::size_t last = bucket_of(clock_duration(std::int64_t{1} << power)); next <= last; ++next) {
                seen += slots_[next];
            }
            found[power] = seen;
        }
        return found;
    }

private:
    friend class histogram_block;

    static constexpr unsigned step_bits = 4;
    static constexpr std::size_t steps = std::size_t{1} << step_bits;

    // The buckets of an octave are 2^shift wide.
    static constexpr std::size_t shift_of(std::size_t bucket) noexcept {
        return bucket < 2 * steps ? 0 : bucket / steps - 1;
    }
    static constexpr clock_duration width(std::size_t bucket) noexcept {
        return clock_duration(clock_duration::rep{1} << shift_of(bucket));
    }

    std::array<std::uint64_t, buckets + 1> slots_{};  // the last is what is above the top
    std::uint64_t sum_ = 0;
};

static_assert(histogram::bucket_of(histogram::top) == histogram::buckets - 1);
static_assert(histogram::upper_bound(histogram::buckets - 1) == histogram::top);
static_assert(sizeof(histogram) == 530 * 8);

}  // namespace drover
