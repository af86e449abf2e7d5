#pragma once

#include <cstddef>
#include <type_traits>

#include "drover/batching/policies.hpp"
#include "drover/mailbox/bounded.hpp"
#include "drover/mailbox/concept.hpp"
#include "drover/mailbox/unbounded.hpp"

namespace drover {

namespace detail {

template <class A>
struct chosen_batching {
    using type = up_to<128>;
};
// A wrong choice is one error: what follows meets a right one.
template <class A>
    requires requires { typename A::batching; }
struct chosen_batching<A> {
    using type = std::conditional_t<batching_policy<typename A::batching>, typename A::batching, up_to<128>>;
    static_assert(
        batching_policy<typename A::batching>,
        "drover: not a batching policy: `batching` names one_at_a_time, up_to<N>, linger<N, Microseconds> or a "
        "type like them");
};

template <class A>
inline constexpr bool lingers = chosen_batching<A>::type::patience.count() > 0;

// Without a mailbox of its own, an actor that lingers has one that counts.
template <class A>
using default_mailbox =
    std::conditional_t<lingers<A>, bounded_mailbox<mailbox_limits::no_limit, reject_newest, water_marks<100, 0>>,
                       unbounded_mailbox>;

template <class A>
struct chosen_mailbox {
    using type = default_mailbox<A>;
};
template <class A>
    requires requires { typename A::mailbox; }
struct chosen_mailbox<A> {
    using type = std::conditional_t<mailbox_policy<typename A::mailbox>, typename A::mailbox, default_mailbox<A>>;
    static_assert(
        mailbox_policy<typename A::mailbox>,
        "drover: not a mailbox: `mailbox` names a model of drover::mailbox_policy, such as bounded_mailbox<100>");
    static_assert(type::limited || !lingers<A>,
                  "drover: an actor that lingers needs a mailbox that counts: a bounded one, or none of its own");
};

}  // namespace detail

/// What an actor type has chosen by its members `mailbox`, `batches`, `batching` and `outbox`; all have defaults.
template <class A>
using mailbox_of = typename detail::chosen_mailbox<A>::type;
template <class A>
using batching_of = typename detail::chosen_batching<A>::type;

/// Nothing stands between a send and the cell's list, unless spawn has decided otherwise.
template <class A>
inline constexpr bool has_plain_mailbox = std::is_same_v<mailbox_of<A>, unbounded_mailbox>;

template <class A, class M>
inline constexpr bool is_batched = false;
template <class A, class M>
    requires requires { typename A::batches; }
inline constexpr bool is_batched<A, M> = A::batches::template holds<M>;

/// Does the actor's type say that a message whose handler threw is delivered again (supervision::redeliver)?
template <class A>
inline constexpr bool redelivers = false;
template <class A>
    requires requires { requires(A::supervision.redeliver > 0); }
inline constexpr bool redelivers<A> = true;

template <class A>
concept chooses_outbox = requires { A::outbox::size; };

/// The priority of a message for an actor: what the actor says, else what the message's type says, else 0.
template <class A, class M>
concept prioritised = requires(const M& message) { static_cast<std::size_t>(A::priority(message)); } ||
                      requires { static_cast<std::size_t>(M::priority); };

template <class A, class M>
constexpr std::size_t priority_of([[maybe_unused]] const M& message) {
    if constexpr (requires { static_cast<std::size_t>(A::priority(message)); }) {
        return static_cast<std::size_t>(A::priority(message));
    } else if constexpr (requires { static_cast<std::size_t>(M::priority); }) {
        return static_cast<std::size_t>(M::priority);
    } else {
        return 0;
    }
}

}  // namespace drover
