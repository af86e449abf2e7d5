#pragma once

#include <functional>
#include <type_traits>

#include "drover/actor/routing_key.hpp"
#include "drover/balancing/policy.hpp"

namespace drover {

/// A policy that gets its key by `Projection`, a callable or a pointer to a member, in place of `routing_key(message)`:
/// `keyed_by<&order::account, consistent_hash<maglev>>`.
template <auto Projection, balancing_policy Policy>
struct keyed_by : Policy {
    static_assert(!has_projection<Policy>,
                  "drover: keyed_by around keyed_by: only the outer projection would be used; name one");

    static constexpr auto projection = Projection;
};

namespace detail {

template <class Policy, class M>
concept projects = has_projection<Policy> && requires(const M& message) {
    { std::invoke(Policy::projection, message) };
    requires key_like<std::remove_cvref_t<decltype(std::invoke(Policy::projection, message))>>;
};

}  // namespace detail

/// True, or one error of one fixed sentence: does the policy find a key in messages of type `M`, if it wants one?
template <class Policy, class M>
consteval bool check_key() {
    if constexpr (!includes(Policy::needs, signals::key)) {
        return true;
    } else {
        constexpr bool found = detail::projects<Policy, M> || (!has_projection<Policy> && detail::has_routing_key<M>);
        static_assert(
            found,
            "drover: no routing key: the pool's policy picks by key, so declare routing_key(const M&) beside the "
            "message's type, or name the policy keyed_by<projection, policy>; a key is a number, an enum, a "
            "string or something with a std::hash");
        return found;
    }
}

/// The key of a message: what the policy's projection says, else `routing_key(message)`, found beside the message's
/// type. A number or an enum is itself, a string is hashed, all else is hashed by std::hash. Throws what the user's
/// code throws.
template <class Policy, class M>
pick_key key_of(const M& message) {
    if constexpr (!includes(Policy::needs, signals::key)) {
        return {};
    } else if constexpr (has_projection<Policy>) {
        return detail::key_of_value<std::remove_cvref_t<decltype(std::invoke(Policy::projection, message))>>(
            std::invoke(Policy::projection, message));
    } else {
        return detail::declared_key<M>(message);
    }
}

}  // namespace drover
