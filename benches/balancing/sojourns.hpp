// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace benches::balancing {

/// How long jobs were in the pool, from arrival to answer: mean, its 95 % interval by batch means, and quantiles from a
/// histogram whose buckets are 1/128 of a power of two wide, so that a quantile is off by 0.4 % at most.
class sojourns {
public:
    static constexpr std::size_t batches = 20;

    explicit sojourns(std::uint64_t jobs) : batch_(std::max<std::uint64_t>(1, jobs / batches)), counts_(buckets) {}

    /// `job` counts from 0. Those that failed are counted and nothing else: their time is nobody's gain.
    void add(std::uint64_t job, double time, bool failed) noexcept {
        offered_ += 1;
        if (failed) {
            failed_ += 1;
            return;
        }
        batch& now = sums_[std::min<std::uint64_t>(job / batch_, batches - 1)];
        now.sum += time;
        now.jobs += 1;
        longest_ = std::max(longest_, time);
        counts_[bucket_of(time)] += 1;
    }

    double failed() const noexcept { return static_cast<double>(failed_) / static_cast<double>(offered_); }

    double mean() const noexcept { return mean_of(0, batches); }

    double batch_mean(std::size_t which) const noexcept { return mean_of(which, which + 1); }

    /// Half of the mean's 95 % interval. Too small where batches are not independent; batch_correlation() tells.
    double half_width() const noexcept { return half_width_of(covariance(0)); }

    /// Half of the 95 % interval of `one`'s mean less `other`'s, by the differences of their batches: narrower than
    /// theirs if both have met the same jobs.
    friend double half_width_of_difference(const sojourns& one, const sojourns& other) noexcept {
        const double all = one.mean() - other.mean();
        double squares = 0;
        for (std::size_t each = 0; each != batches; ++each) {
            const double away = one.batch_mean(each) - other.batch_mean(each) - all;
            squares += away * away;
        }
        return half_width_of(squares);
    }

    /// Of a batch's mean with the next one's. Beyond about 0.4 they are not independent.
    double batch_correlation() const noexcept {
        const double variance = covariance(0);
        return variance > 0 ? covariance(1) / variance : 0;
    }

    /// The later half waits much longer than the earlier one: some member gets more than it can do.
    bool grows() const noexcept { return mean_of(batches / 2, batches) > 1.5 * mean_of(0, batches / 2); }

    double quantile(double share) const noexcept {
        std::uint64_t all = 0;
        for (const std::uint32_t each : counts_) {
            all += each;
        }
        const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all)));
        std::uint64_t seen = 0;
        for (std::size_t each = 0; each != buckets; ++each) {
            seen += counts_[each];
            if (seen >= wanted && seen != 0) return middle_of(each);
        }
        return longest_;
    }

    bool operator==(const sojourns&) const = default;

private:
    struct batch {
        double sum = 0;
        std::uint64_t jobs = 0;
        bool operator==(const batch&) const = default;
    };

    // A double's exponent and the upper 7 bits of its fraction; from 2^-20 to 2^30.
    static constexpr std::uint64_t lowest = (1023ULL - 20) << 7U;
    static constexpr std::size_t buckets = 50 << 7U;

    static double half_width_of(double squares) noexcept {
        constexpr double student_19 = 2.093;
        return student_19 * std::sqrt(squares / (batches * (batches - 1.0)));
    }

    static std::size_t bucket_of(double time) noexcept {
        const std::uint64_t bits = std::bit_cast<std::uint64_t>(time) >> 45U;
        return std::min<std::uint64_t>(bits - std::min(bits, lowest), buckets - 1);
    }
    static double middle_of(std::size_t bucket) noexcept {
        return std::bit_cast<double>((((lowest + bucket) << 1U) + 1) << 44U);
    }

    double mean_of(std::size_t from, std::size_t to) const noexcept {
        double sum = 0;
        std::uint64_t jobs = 0;
        for (std::size_t each = from; each != to; ++each) {
            sum += sums_[each].sum;
            jobs += sums_[each].jobs;
        }
        return jobs != 0 ? sum / static_cast<double>(jobs) : 0;
    }

    // Sum of the products of the deviations of batches that stand `apart`.
    double covariance(std::size_t apart) const noexcept {
        const double all = mean();
        double sum = 0;
        for (std::size_t each = apart; each != batches; ++each) {
            sum += (mean_of(each, each + 1) - all) * (mean_of(each - apart, each - apart + 1) - all);
        }
        return sum;
    }

    std::uint64_t batch_;
    std::uint64_t offered_ = 0;
    std::uint64_t failed_ = 0;
    double longest_ = 0;
    std::array<batch, batches> sums_{};
    std::vector<std::uint32_t> counts_;
};

}  // namespace benches::balancing
