#pragma once

#include <cstdint>
#include <type_traits>

#include "drover/base/clock.hpp"
#include "drover/health/active_probes.hpp"
#include "drover/health/circuit_breaker.hpp"
#include "drover/health/monitor.hpp"
#include "drover/health/options.hpp"
#include "drover/health/outlier_detection.hpp"
#include "drover/health/part.hpp"
#include "drover/health/policy.hpp"
#include "drover/health/record.hpp"
#include "drover/health/signals.hpp"
#include "drover/health/slow_start.hpp"
#include "drover/health/standing.hpp"
#include "drover/health/stuck_detection.hpp"

namespace drover {

/// A health policy of any set of parts, each of which judges for itself; the worst that one says of a member holds.
/// Without parts it still knows who is held or drains, and panics.
template <health_part... Parts>
struct health {
    static_assert(((detail::times_in<Parts, Parts...> == 1) && ...), "drover: a part of health is named once");

    using options = health_options<Parts...>;
    using monitor = health_monitor<Parts...>;
    static constexpr health_signals needs = (health_signals::none | ... | Parts::needs);

    struct record : health_record<needs> {
        /// Throws std::bad_alloc if there is a circuit breaker.
        explicit record(const options& chosen) : health_record<needs>(planned(chosen)) {}
    };

private:
    static record_plan planned(const options& chosen) noexcept {
        record_plan plan;
        (Parts::plan(chosen.template of<Parts>(), plan), ...);
        return plan;
    }
};

/// What most pools want: outliers are seen by messages alone, and come back slowly.
using usual_health = health<outlier_detection, slow_start>;

/// Nobody watches: nothing is kept, every member is as well as any.
struct no_health {
    struct options {};
    static constexpr health_signals needs = health_signals::none;

    struct record : health_record<health_signals::none> {
        explicit record(const options&) noexcept : health_record<health_signals::none>(record_plan{}) {}
    };

    struct monitor {
        monitor(const options&, std::uint64_t) noexcept {}
        void joined(std::uint64_t, const member_signals&, time_point, joining) noexcept {}
        void left(std::uint64_t) noexcept {}
        void draining(std::uint64_t, time_point) noexcept {}
        void restarted(std::uint64_t, time_point) noexcept {}
        void held(std::uint64_t) noexcept {}
        void probe_result(std::uint64_t, bool, time_point) noexcept {}
        void reported(std::uint64_t, bool, time_point) noexcept {}
        const health_findings& sweep(time_point) noexcept { return nothing; }
        const standing* standing_of(std::uint64_t) const noexcept { return &well; }

        static inline const health_findings nothing{};
        static constexpr standing well{};
    };
};
inline void check(const no_health::options&) noexcept {}

static_assert(health_policy<no_health> && std::is_empty_v<no_health::record> && std::is_empty_v<no_health::monitor>);
static_assert(health_policy<health<>> && std::is_empty_v<health<>::record>);
static_assert(health_policy<usual_health>);
static_assert(health_policy<health<circuit_breaker>> && health_policy<health<active_probes>> &&
              health_policy<health<slow_start>> && health_policy<health<stuck_detection>>);
static_assert(health_policy<health<outlier_detection, circuit_breaker, active_probes, slow_start, stuck_detection>>);

namespace detail {

template <class H>
struct as_health_type {
    using type = H;
};
template <health_part P>
struct as_health_type<P> {
    using type = health<P>;
};

}  // namespace detail

/// A part alone may be named where a policy is wanted.
template <class H>
    requires health_part<H> || health_policy<H>
using as_health = typename detail::as_health_type<H>::type;

}  // namespace drover
