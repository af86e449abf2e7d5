#pragma once

#include <cstdint>

namespace drover {

/// What a health policy wants to be measured or to be told. What no part of it needs is not kept.
enum class health_signals : std::uint8_t {
    none = 0,
    outcomes = 1,  ///< how many messages succeeded and failed
    calls = 2,     ///< which of the last ones did, in their order, and trial messages; with `outcomes` only
    turns = 4,     ///< when a handler begins and ends
    probes = 8,    ///< the members' `health()`
};

constexpr health_signals operator|(health_signals one, health_signals other) noexcept {
    return static_cast<health_signals>(static_cast<unsigned>(one) | static_cast<unsigned>(other));
}

/// Whether all of `wanted` are in `all`.
constexpr bool includes(health_signals all, health_signals wanted) noexcept {
    return (static_cast<unsigned>(all) & static_cast<unsigned>(wanted)) == static_cast<unsigned>(wanted);
}

}  // namespace drover
