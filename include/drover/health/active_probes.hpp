#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/base/random.hpp"
#include "drover/health/check_option.hpp"
#include "drover/health/part.hpp"

namespace drover {

/// Members are asked for their `health()` now and then: who fails so often in a row is down, and up again when it has
/// been well so often (HAProxy's rise and fall). A member has one probe at a time, also when it is down, and one that
/// is not answered in time has failed, so a lost one wedges nothing (Linkerd's probation). The first comes at a random
/// moment of the first interval, so that members that joined together are not probed together. Who is held is not
/// probed.
struct active_probes {
    struct options {
        clock_duration interval = std::chrono::seconds(5);  ///< > 0
        clock_duration timeout = std::chrono::seconds(1);   ///< > 0, at most the interval
        std::uint32_t rise = 2;                             ///< > 0
        std::uint32_t fall = 3;                             ///< > 0
    };

    static constexpr health_signals needs = health_signals::probes;
    static void plan(const options&, record_plan&) noexcept {}

    class watcher;
};

/// Throws std::invalid_argument with one sentence if a number is out of its range.
inline void check(const active_probes::options& chosen) {
    detail::check_positive("active_probes::options::interval", chosen.interval);
    detail::check_positive("active_probes::options::timeout", chosen.timeout);
    if (chosen.timeout > chosen.interval) {
        detail::refuse_option({"active_probes::options::timeout is ", std::to_string(chosen.timeout.count()),
                               " ns; use no more than the interval, ", std::to_string(chosen.interval.count()),
                               " ns, as one probe is out at a time"});
    }
    detail::check_range("active_probes::options::rise", std::uint64_t{chosen.rise}, 1, 1'000'000);
    detail::check_range("active_probes::options::fall", std::uint64_t{chosen.fall}, 1, 1'000'000);
}

/// O(n) at each look. Allocates when a member joins only.
class active_probes::watcher : public health_watcher {
public:
    watcher(const options& chosen, std::uint64_t seed) noexcept : options_(chosen), random_(seed) {}

    void joined(std::size_t index, const member_signals&, time_point now) {
        const double share = static_cast<double>(random_.below(1U << 20U)) / static_cast<double>(1U << 20U);
        const double wait = share * static_cast<double>(options_.interval.count());
        const time_point first = later_by(now, clock_duration(static_cast<clock_duration::rep>(wait)));
        members_.insert(members_.begin() + static_cast<std::ptrdiff_t>(index), member{.next = first});
    }

    void left(std::size_t index) noexcept { members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(index)); }

    void held(std::size_t index) noexcept {
        members_[index].held = true;
        members_[index].out = false;
    }

    void restarted(std::size_t index, time_point now) noexcept {
        if (members_[index].held) members_[index].next = std::max(members_[index].next, now);
        members_[index].held = false;
    }

    /// What a member says unasked counts as the result of a probe.
    void reported(std::size_t index, bool healthy, time_point) noexcept {
        member& one = members_[index];
        one.good = healthy ? std::min(one.good + 1, options_.rise) : 0;
        one.bad = healthy ? 0 : std::min(one.bad + 1, options_.fall);
        one.down = one.down ? one.good < options_.rise : one.bad >= options_.fall;
    }

    /// One that comes when no probe is out is too late, and has been counted.
    void probed(std::size_t index, bool healthy, time_point now) noexcept {
        member& one = members_[index];
        if (!one.out) return;
        one.out = false;
        reported(index, healthy && now < one.lost, now);
    }

    void look(time_point now) noexcept {
        for (std::size_t each = 0; each != members_.size(); ++each) {
            if (members_[each].out && now >= members_[each].lost) {
                members_[each].out = false;
                reported(each, false, now);
            }
        }
    }

    bool wants_probe(std::size_t index, time_point now) noexcept {
        member& one = members_[index];
        if (one.held || one.out || now < one.next) return false;
        one.out = true;
        one.lost = later_by(now, options_.timeout);
        one.next = later_by(now, options_.interval);
        return true;
    }

    health_verdict verdict(std::size_t index) const noexcept {
        return {members_[index].down ? health_state::down : health_state::healthy};
    }

    time_point next_due() const noexcept {
        time_point next = time_point::max();
        for (const member& each : members_) {
            if (each.held) continue;
            next = std::min(next, each.out ? each.lost : each.next);
        }
        return next;
    }

private:
    struct member {
        std::uint32_t good = 0;  // in a row
        std::uint32_t bad = 0;
        bool down = false;
        bool held = false;
        bool out = false;  // a probe is
        time_point lost{};
        time_point next{};
    };

    const options options_;
    random_source random_;
    std::vector<member> members_;
};

static_assert(health_part<active_probes>);

}  // namespace drover
