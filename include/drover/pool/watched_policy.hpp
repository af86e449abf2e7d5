#pragma once

#include <type_traits>

#include "drover/balancing/policy.hpp"
#include "drover/health/health.hpp"

namespace drover {

namespace detail {

// A policy and the health of those it picks: what a pool is made of inside, as one type.
template <class Policy, class Health>
struct watched_policy : Policy {
    using health = Health;
};

template <class Policy, class Health>
struct pool_kind {
    using type = watched_policy<Policy, Health>;
};
template <class Policy>
struct pool_kind<Policy, no_health> {
    using type = Policy;
};

template <class Policy>
struct health_of_kind {
    using type = no_health;
};
template <class Policy>
    requires requires { typename Policy::health; }
struct health_of_kind<Policy> {
    using type = typename Policy::health;
};

}  // namespace detail

template <class Policy, class Health>
using pool_kind = typename detail::pool_kind<Policy, as_health<Health>>::type;

/// The health policy of a pool's kind.
template <class Policy>
using health_of = typename detail::health_of_kind<Policy>::type;

/// Does anybody watch?
template <class Policy>
inline constexpr bool watched = !std::is_same_v<health_of<Policy>, no_health>;

/// Does a pool of this kind want anything that its members' mailboxes must keep?
template <class Policy>
inline constexpr bool gauged = includes(Policy::needs, signals::depth) || includes(Policy::needs, signals::latency) ||
                               includes(Policy::needs, signals::idle) || keeps_time<Policy> ||
                               includes(health_of<Policy>::needs, health_signals::outcomes) ||
                               includes(health_of<Policy>::needs, health_signals::turns);

}  // namespace drover
