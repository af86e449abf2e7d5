#pragma once

#include <type_traits>

#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "drover/balancing/policy.hpp"
#include "drover/balancing/shared_queue.hpp"
#include "drover/health/health.hpp"
#include "drover/pool/shared_list.hpp"

namespace drover {

namespace detail {

// A policy and the health of those it picks: what a pool is made of inside, as one type.
template <class Policy, class Health>
struct watched_policy : Policy {
    using health = Health;
};

template <class Policy, class Health>
struct kind_with_health {
    using type = watched_policy<Policy, Health>;
};
template <class Policy>
struct kind_with_health<Policy, no_health> {
    using type = Policy;
};

// A policy whose members take from a queue, which is as their mailbox is.
template <class Policy, class Mailbox>
struct pulling_policy : Policy {
    using queue = shared_list<Mailbox>;
};

template <class Policy, class Health, class Mailbox>
using pool_kind =
    typename kind_with_health<std::conditional_t<pulls<Policy>, pulling_policy<Policy, Mailbox>, Policy>, Health>::type;

struct no_queue : boost::intrusive_ref_counter<no_queue> {};

template <class Policy>
struct queue_of_kind {
    using type = no_queue;
};
template <class Policy>
    requires requires { typename Policy::queue; }
struct queue_of_kind<Policy> {
    using type = typename Policy::queue;
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

/// What a pool is made of inside, of members with such a mailbox.
template <class Policy, class Health, class Mailbox>
using pool_kind = detail::pool_kind<Policy, as_health<Health>, Mailbox>;

/// The queue of a pool whose members pull, a shared_list.
template <class Policy>
using queue_of = typename detail::queue_of_kind<Policy>::type;

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
