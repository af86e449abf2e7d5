#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/health/check_option.hpp"
#include "drover/health/part.hpp"

namespace drover {

/// A member that has been in one handler for long is not picked until it comes out. As the watchdog does, it looks four
/// times in the limit whether the handler is still the one of the look before, so that no clock is read for a message;
/// the time begins with the first look that sees it, a quarter of the limit late at most.
struct stuck_detection {
    struct options {
        clock_duration after = std::chrono::seconds(5);  ///< 4 ns or more
    };

    static constexpr health_signals needs = health_signals::turns;
    static void plan(const options&, record_plan&) noexcept {}

    class watcher;
};

/// Throws std::invalid_argument with one sentence if the time is out of its range.
inline void check(const stuck_detection::options& chosen) {
    if (chosen.after.count() < 4) {
        detail::refuse_option({"stuck_detection::options::after is ", std::to_string(chosen.after.count()),
                               " ns; use 4 or more, as it looks four times meanwhile"});
    }
}

/// O(n) at each look. Allocates when a member joins only.
class stuck_detection::watcher : public health_watcher {
public:
    watcher(const options& chosen, std::uint64_t) noexcept : options_(chosen) {}

    void joined(std::size_t index, const member_signals& signals, time_point now) {
        if (members_.empty()) next_look_ = later_by(now, options_.after / 4);
        members_.insert(members_.begin() + static_cast<std::ptrdiff_t>(index), member{signals.outcomes, 0, now});
    }

    void left(std::size_t index) noexcept { members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(index)); }

    void look(time_point now) noexcept {
        for (member& each : members_) {
            const std::uint64_t turn = each.outcomes->turn();
            if (turn != each.turn) {
                each = {each.outcomes, turn, now};
            } else if (!each.stuck && member_outcomes::in_handler(turn) && now - each.since >= options_.after) {
                each.outcomes->notice(turn);
                each.stuck = true;
            }
        }
        if (now >= next_look_) next_look_ = later_by(now, options_.after / 4);
    }

    health_verdict verdict(std::size_t index) const noexcept {
        return {members_[index].stuck ? health_state::stuck : health_state::healthy};
    }

    time_point next_due() const noexcept { return members_.empty() ? time_point::max() : next_look_; }

private:
    struct member {
        member_outcomes* outcomes;
        std::uint64_t turn;
        time_point since;  // it was first seen in this turn
        bool stuck = false;
    };

    const options options_;
    std::vector<member> members_;
    time_point next_look_{};
};

static_assert(health_part<stuck_detection>);

}  // namespace drover
