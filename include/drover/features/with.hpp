#pragma once

#include <cstddef>

#include "drover/balancing/policy.hpp"
#include "drover/balancing/weighted_round_robin.hpp"
#include "drover/features/features.hpp"
#include "drover/health/health.hpp"

namespace drover {

template <class F>
class basic_runtime;
template <class F>
class basic_simulated_runtime;
template <class F, class... Ms>
class basic_probe;
template <class A, class F>
class ref;
template <class Signature, class F>
class recipient;
template <class F>
class basic_handle;
template <class R, class F>
class answer;
template <class R, class F>
class basic_promise;
template <class A, std::size_t N, class F>
class stash;
template <class M, class F>
class basic_topic;
template <class F>
class basic_registry;
template <class Cache, class F>
class basic_router;
template <class F>
struct basic_name_registered;
template <class A, balancing_policy Policy, class Health, class F>
class pool;

/// An application's names for one feature bundle: `using app = drover::with<observed>;`, then `app::runtime`,
/// `app::ref<A>`.
template <class F>
struct with {
    static_assert(check_bundle<F>());

    using runtime = basic_runtime<F>;
    using simulated_runtime = basic_simulated_runtime<F>;  ///< and probe: of drover/testing.hpp
    template <class... Ms>
    using probe = basic_probe<F, Ms...>;
    using context = basic_context<F>;
    using handle = basic_handle<F>;
    using registry = basic_registry<F>;
    template <class Cache>
    using router = basic_router<Cache, F>;
    using name_registered = basic_name_registered<F>;
    template <class A>
    using ref = drover::ref<A, F>;
    template <class Signature>
    using recipient = drover::recipient<Signature, F>;
    template <class R>
    using answer = drover::answer<R, F>;
    template <class R>
    using promise = drover::basic_promise<R, F>;
    template <class A, std::size_t N>
    using stash = drover::stash<A, N, F>;
    template <class M>
    using topic = drover::basic_topic<M, F>;
    template <class A, balancing_policy Policy = weighted_round_robin, class Health = no_health>
    using pool = drover::pool<A, Policy, Health, F>;
};

}  // namespace drover
