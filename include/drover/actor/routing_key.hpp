#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <string_view>
#include <type_traits>

#include "drover/balancing/member.hpp"
#include "drover/base/name_hash.hpp"
#include "drover/message/node.hpp"

namespace drover::detail {

template <class K>
concept key_like =
    std::integral<K> || std::is_enum_v<K> || std::convertible_to<const K&, std::string_view> || requires(const K& key) {
        { std::hash<K>{}(key) } -> std::convertible_to<std::uint64_t>;
    };

// A number or an enum is itself, a string is hashed, all else is hashed by std::hash: policies mix the bits.
template <class K>
pick_key key_of_value(const K& key) {
    if constexpr (std::integral<K> || std::is_enum_v<K>) {
        return {static_cast<std::uint64_t>(key)};
    } else if constexpr (std::convertible_to<const K&, std::string_view>) {
        return {hash_name(std::string_view(key))};
    } else {
        return {static_cast<std::uint64_t>(std::hash<K>{}(key))};
    }
}

/// The author of `M` has declared, beside it, by what its messages belong together: `auto routing_key(const M&)`.
template <class M>
concept has_routing_key = requires(const M& message) {
    { routing_key(message) };
    requires key_like<std::remove_cvref_t<decltype(routing_key(message))>>;
};

template <class M>
pick_key declared_key(const M& message) {
    return key_of_value<std::remove_cvref_t<decltype(routing_key(message))>>(routing_key(message));
}

// How a pool finds the key of a message whose type it does not see; null if none is declared.
template <class Envelope, class M>
consteval auto key_function() noexcept -> std::uint64_t (*)(const message_node*) {
    if constexpr (has_routing_key<M>) {
        return [](const message_node* node) {
            const auto& payload = static_cast<const Envelope*>(node)->payload();
            if constexpr (std::is_same_v<std::remove_cvref_t<decltype(payload)>, M>) {
                return declared_key<M>(payload).bits;
            } else {
                return declared_key<M>(payload.message).bits;
            }
        };
    } else {
        return nullptr;
    }
}

}  // namespace drover::detail
