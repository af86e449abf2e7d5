#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/base/random.hpp"
#include "drover/health/check_option.hpp"
#include "drover/health/ejection.hpp"
#include "drover/health/part.hpp"

namespace drover {

/// Members that fail more than the others are not picked for some time (Envoy's outlier detection, gRPC's proposal
/// A50). Out is who fails so often in a row, at once; and after each interval who succeeds much less often than the
/// mean of all, or fails nearly always. The worst come first. How many may be out is looked at before each ejection, so
/// unlike gRPC's it never goes beyond; and when members leave, those come back early that are too many then. Only
/// ejections count for that: who is held, stuck or down is so for a reason of his own. A time out is counted from the
/// ejection; who comes back begins with no failures.
struct outlier_detection {
    struct options {
        std::uint32_t consecutive = 5;                       ///< failures in a row; 0: however many
        clock_duration interval = std::chrono::seconds(10);  ///< > 0
        double deviations = 1.9;                             ///< below the mean success rate; > 0
        std::uint32_t rate_members = 5;       ///< so many must have had their messages for a mean to be made; > 0
        std::uint64_t rate_messages = 100;    ///< of one member in the interval; > 0
        std::uint32_t failure_percent = 85;   ///< in the interval, or more; 1 … 101; 101: however many
        std::uint64_t failure_messages = 50;  ///< of one member in the interval; > 0
        ejection out{};
    };

    static constexpr health_signals needs = health_signals::outcomes;
    static void plan(const options& chosen, record_plan& plan) noexcept { plan.consecutive = chosen.consecutive; }

    class watcher;
};

/// Throws std::invalid_argument with one sentence if a number is out of its range.
inline void check(const outlier_detection::options& chosen) {
    constexpr std::uint64_t any = 1'000'000'000;
    detail::check_positive("outlier_detection::options::interval", chosen.interval);
    detail::check_range("outlier_detection::options::deviations", chosen.deviations, 0.001, 1000.0);
    detail::check_range("outlier_detection::options::rate_members", std::uint64_t{chosen.rate_members}, 1, any);
    detail::check_range("outlier_detection::options::rate_messages", chosen.rate_messages, 1, any);
    detail::check_range("outlier_detection::options::failure_percent", std::uint64_t{chosen.failure_percent}, 1, 101);
    detail::check_range("outlier_detection::options::failure_messages", chosen.failure_messages, 1, any);
    check(chosen.out);
}

/// O(n) at each look, and O(k log k) for k that would be ejected. Allocates when a member joins only.
class outlier_detection::watcher : public health_watcher {
public:
    watcher(const options& chosen, std::uint64_t seed) noexcept : options_(chosen), random_(seed) {}

    void joined(std::size_t index, const member_signals& signals, time_point now) {
        found_.reserve(members_.capacity() + 1);
        members_.insert(members_.begin() + static_cast<std::ptrdiff_t>(index), member{signals.outcomes});
        members_[index].before = signals.outcomes->read();
        if (members_.size() == 1) next_sweep_ = later_by(now, options_.interval);
    }

    void left(std::size_t index) noexcept {
        ejected_ -= members_[index].ejected ? 1 : 0;
        members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(index));
        while (ejected_ > ejection_cap(options_.out, members_.size())) {
            bring_back(*std::min_element(members_.begin(), members_.end(), [](const member& one, const member& other) {
                return std::pair(!one.ejected, one.until) < std::pair(!other.ejected, other.until);
            }));
        }
    }

    /// Reports make a row of their own, which a good one ends; together with that of the messages it must not get too
    /// long.
    void reported(std::size_t index, bool healthy, time_point) noexcept {
        std::uint32_t& reports = members_[index].reports;
        reports = healthy ? 0 : std::min(reports + 1, 1'000'000'000U);
    }

    void look(time_point now) noexcept {
        for (member& each : members_) {
            if (each.ejected && now >= each.until) bring_back(each);
        }
        found_.clear();
        for (std::size_t each = 0; each != members_.size() && options_.consecutive != 0; ++each) {
            const std::uint64_t run = members_[each].run();
            if (!members_[each].ejected && run >= options_.consecutive) {
                found_.push_back({-static_cast<double>(run), each});
            }
        }
        eject_found(now);
        if (now >= next_sweep_ && !members_.empty()) {
            judge_interval(now);
            next_sweep_ = later_by(now, options_.interval);
        }
    }

    health_verdict verdict(std::size_t index) const noexcept {
        const member& one = members_[index];
        return one.ejected ? health_verdict{health_state::ejected, one.until} : health_verdict{};
    }

    time_point next_due() const noexcept {
        time_point next = members_.empty() ? time_point::max() : next_sweep_;
        for (const member& each : members_) {
            if (each.ejected) next = std::min(next, each.until);
        }
        return next;
    }

private:
    struct member {
        member_outcomes* outcomes;
        outcome_counts before{};    // at the end of the last interval
        outcome_counts interval{};  // in the one that is judged
        std::uint32_t reports = 0;  // bad ones in a row
        std::uint32_t times = 0;    // ejected, less what has been forgiven
        bool ejected = false;
        bool lately = false;  // was ejected at some moment of this interval
        time_point until{};

        std::uint64_t run() const noexcept { return std::uint64_t{outcomes->read().run} + reports; }
        std::uint64_t messages() const noexcept { return interval.succeeded + interval.failed; }
        double rate() const noexcept {
            return static_cast<double>(interval.succeeded) / static_cast<double>(messages());
        }
    };
    struct finding {
        double goodness;
        std::size_t index;
    };

    static void begin_interval(member& one) noexcept {
        const outcome_counts now = one.outcomes->read();
        one.interval = {now.succeeded - one.before.succeeded, now.failed - one.before.failed, 0};
        one.before = now;
    }

    void bring_back(member& one) noexcept {
        one.ejected = false;
        one.reports = 0;
        one.outcomes->forget_run();
        begin_interval(one);
        ejected_ -= 1;
    }

    void judge_interval(time_point now) noexcept {
        for (member& each : members_) {
            begin_interval(each);
        }
        const double least = least_rate();
        found_.clear();
        for (std::size_t each = 0; each != members_.size(); ++each) {
            const member& one = members_[each];
            if (one.ejected) continue;
            const bool below = one.messages() >= options_.rate_messages && one.rate() < least;
            const bool failing = one.messages() >= options_.failure_messages &&
                                 one.interval.failed * 100 >= one.messages() * options_.failure_percent;
            if (below || failing) found_.push_back({one.rate(), each});
        }
        eject_found(now);
        for (member& each : members_) {
            if (each.ejected) continue;
            if (!each.lately && each.times != 0) each.times -= 1;
            each.lately = false;
        }
    }

    // The success rate below which one is an outlier; below 0 if too few have had enough messages.
    double least_rate() const noexcept {
        const auto counts = [this](const member& one) {
            return !one.ejected && one.messages() >= options_.rate_messages;
        };
        double sum = 0;
        std::size_t size = 0;
        for (const member& each : members_) {
            if (!counts(each)) continue;
            sum += each.rate();
            size += 1;
        }
        if (size < options_.rate_members) return -1;
        const double mean = sum / static_cast<double>(size);
        double squares = 0;
        for (const member& each : members_) {
            if (counts(each)) squares += (each.rate() - mean) * (each.rate() - mean);
        }
        // Where all do equally well the mean may be the last digit above each of them.
        constexpr double rounding = 1e-9;
        return mean - options_.deviations * std::sqrt(squares / static_cast<double>(size)) - rounding;
    }

    void eject_found(time_point now) noexcept {
        std::sort(found_.begin(), found_.end(), [](const finding& one, const finding& other) {
            return std::pair(one.goodness, one.index) < std::pair(other.goodness, other.index);
        });
        const std::size_t cap = ejection_cap(options_.out, members_.size());
        for (const finding& each : found_) {
            if (ejected_ >= cap) break;
            member& one = members_[each.index];
            one.times = std::min(one.times + 1, 1'000'000'000U);
            one.ejected = true;
            one.lately = true;
            one.until = later_by(now, ejection_time(options_.out, one.times, random_));
            ejected_ += 1;
        }
    }

    const options options_;
    random_source random_;
    std::vector<member> members_;
    std::vector<finding> found_;
    std::size_t ejected_ = 0;
    time_point next_sweep_{};
};

static_assert(health_part<outlier_detection>);

}  // namespace drover
