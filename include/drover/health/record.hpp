#pragma once

#include <cstdint>

#include "drover/base/clock.hpp"
#include "drover/health/call_window.hpp"
#include "drover/health/member_outcomes.hpp"
#include "drover/health/signals.hpp"
#include "drover/health/trial.hpp"

namespace drover {

/// What the record of a member must know of the options of its policy's parts.
struct record_plan {
    std::uint32_t consecutive = 0;  ///< failures in a row at which who watches is woken; 0: never
    call_window_limits window{};
    clock_duration trial_timeout{};
};

/// What a record keeps, for who watches; null: it does not.
struct member_signals {
    member_outcomes* outcomes = nullptr;
    call_window* window = nullptr;
    drover::trial* trial = nullptr;
};

namespace detail {

template <bool Kept>
struct kept_outcomes {
    explicit kept_outcomes(const record_plan& plan) noexcept : consecutive(plan.consecutive) {}
    member_outcomes outcomes;
    const std::uint32_t consecutive;
};
template <>
struct kept_outcomes<false> {
    explicit kept_outcomes(const record_plan&) noexcept {}
};

template <bool Kept>
struct kept_calls {
    explicit kept_calls(const record_plan& plan) : window(plan.window), trial(plan.trial_timeout) {}
    call_window window;
    drover::trial trial;
};
template <>
struct kept_calls<false> {
    explicit kept_calls(const record_plan&) noexcept {}
};

}  // namespace detail

/// What a member of a pool writes down for its health policy, and what its senders ask: no more than `Needs` wants, and
/// so nothing for `none`. A function that returns `true` says: wake the one who watches, there is something to do at
/// once. No operation but the constructor allocates; none blocks. Threads as in member_outcomes and trial.
template <health_signals Needs>
class health_record
    : detail::kept_outcomes<includes(Needs, health_signals::outcomes) || includes(Needs, health_signals::turns)>,
      detail::kept_calls<includes(Needs, health_signals::calls)> {
    static constexpr bool counts = includes(Needs, health_signals::outcomes);
    static constexpr bool orders = includes(Needs, health_signals::calls);
    static constexpr bool turns = includes(Needs, health_signals::turns);
    static_assert(counts || !orders, "drover: who needs calls needs outcomes, too");

public:
    /// Throws std::bad_alloc if `Needs` has `calls`.
    explicit health_record(const record_plan& plan)
        : detail::kept_outcomes < counts
        || turns > (plan),
    detail::kept_calls<orders>(plan) {}

    /// A message has been handled. The consumer.
    [[nodiscard]] bool succeeded() noexcept {
        bool wake = false;
        if constexpr (counts) this->outcomes.succeeded();
        if constexpr (orders) {
            wake = this->trial.succeeded();
            wake = this->window.succeeded() || wake;
        }
        return wake;
    }

    /// An ask was answered in time, by another thread than the consumer. Any thread.
    [[nodiscard]] bool answered() noexcept {
        bool wake = false;
        if constexpr (counts) this->outcomes.answered();
        if constexpr (orders) {
            wake = this->trial.succeeded();
            wake = this->window.succeeded() || wake;
        }
        return wake;
    }

    /// A handler threw that had been counted as timed out. The consumer.
    void failed_late() noexcept {
        if constexpr (counts) this->outcomes.failed_late();
    }

    /// A handler threw. The consumer.
    [[nodiscard]] bool failed() noexcept {
        bool wake = false;
        if constexpr (counts) wake = this->outcomes.failed(this->consecutive);
        return failed_call() || wake;
    }

    /// An ask got no answer in time, or an exception by its promise. Any thread.
    [[nodiscard]] bool timed_out() noexcept {
        bool wake = false;
        if constexpr (counts) wake = this->outcomes.timed_out(this->consecutive);
        return failed_call() || wake;
    }

    /// The member begins anew. The consumer. After a throw it is counted already.
    [[nodiscard]] bool restarted() noexcept {
        if constexpr (counts) {
            if (this->outcomes.restart_counts()) return timed_out();
        }
        return false;
    }

    /// Around a handler. The consumer.
    void entered() noexcept {
        if constexpr (turns) this->outcomes.entered();
    }
    [[nodiscard]] bool left() noexcept {
        if constexpr (turns) return this->outcomes.left();
        return false;
    }

    /// A sender that has picked this member, whose standing says `by_trial`: may it send?
    [[nodiscard]] trial_claim claim(time_point now) noexcept {
        if constexpr (orders) return this->trial.claim(now);
        return static_cast<void>(now), trial_claim{.granted = true};
    }
    /// It could not: the claim of this ticket is given back. By who holds it alone.
    void give_back(std::uint32_t ticket) noexcept {
        if constexpr (orders) this->trial.give_back(ticket);
        static_cast<void>(ticket);
    }

    /// For the monitor.
    member_signals signals() noexcept {
        member_signals all;
        if constexpr (counts || turns) all.outcomes = &this->outcomes;
        if constexpr (orders) all.window = &this->window;
        if constexpr (orders) all.trial = &this->trial;
        return all;
    }

private:
    bool failed_call() noexcept {
        bool wake = false;
        if constexpr (orders) {
            wake = this->trial.failed();
            wake = this->window.failed() || wake;
        }
        return wake;
    }
};

}  // namespace drover
