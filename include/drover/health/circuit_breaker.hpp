#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/health/check_option.hpp"
#include "drover/health/part.hpp"

namespace drover {

/// A member of whose last calls too many failed gets none for some time, and then a single one: if that succeeds all is
/// as before, else it waits again (Resilience4j's circuit breaker, count-based; half open admits one call). Every
/// message then costs its member one atomic add, since the order of outcomes matters. As each member is judged alone,
/// all may be open at once; then the pool is in panic, and `panic_answer` says whether its members get messages all the
/// same.
struct circuit_breaker {
    struct options {
        call_window_limits window{};
        clock_duration open_for = std::chrono::seconds(60);   ///< > 0
        clock_duration trial_for = std::chrono::seconds(10);  ///< after that another message may try; > 0
    };

    static constexpr health_signals needs = health_signals::outcomes | health_signals::calls;
    static void plan(const options& chosen, record_plan& plan) noexcept {
        plan.window = chosen.window;
        plan.trial_timeout = chosen.trial_for;
    }

    class watcher;
};

/// Throws std::invalid_argument with one sentence if a number is out of its range.
inline void check(const circuit_breaker::options& chosen) {
    detail::check_range("circuit_breaker::options::window.calls", std::uint64_t{chosen.window.calls}, 1, 65'536);
    detail::check_range("circuit_breaker::options::window.least", std::uint64_t{chosen.window.least}, 1,
                        chosen.window.calls);
    detail::check_range("circuit_breaker::options::window.percent", std::uint64_t{chosen.window.percent}, 1, 100);
    detail::check_positive("circuit_breaker::options::open_for", chosen.open_for);
    detail::check_positive("circuit_breaker::options::trial_for", chosen.trial_for);
}

/// O(n) at each look. Allocates when a member joins only.
class circuit_breaker::watcher : public health_watcher {
public:
    watcher(const options& chosen, std::uint64_t) noexcept : options_(chosen) {}

    void joined(std::size_t index, const member_signals& signals, time_point) {
        members_.insert(members_.begin() + static_cast<std::ptrdiff_t>(index), member{signals.window, signals.trial});
    }

    void left(std::size_t index) noexcept { members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(index)); }

    void look(time_point now) noexcept {
        for (member& each : members_) {
            if (each.state == health_state::half_open) {
                const trial::phase found = each.admits->now();
                if (found == trial::phase::passed) {
                    each.calls->clear();
                    each.admits->close();
                    each.state = health_state::healthy;
                } else if (found == trial::phase::failed) {
                    open(each, now);
                }
            } else if (each.state == health_state::healthy && each.calls->tripped()) {
                open(each, now);
            } else if (each.state == health_state::open && now >= each.until) {
                each.state = health_state::half_open;
                each.until = time_point::max();
                each.admits->offer();
            }
        }
    }

    health_verdict verdict(std::size_t index) const noexcept { return {members_[index].state, members_[index].until}; }

    time_point next_due() const noexcept {
        time_point next = time_point::max();
        for (const member& each : members_) {
            next = std::min(next, each.until);
        }
        return next;
    }

private:
    struct member {
        call_window* calls;
        trial* admits;
        health_state state = health_state::healthy;
        time_point until = time_point::max();
    };

    void open(member& one, time_point now) const noexcept {
        one.state = health_state::open;
        one.until = later_by(now, options_.open_for);
        one.admits->open();
    }

    const options options_;
    std::vector<member> members_;
};

static_assert(health_part<circuit_breaker>);

}  // namespace drover
