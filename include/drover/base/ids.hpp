#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace drover {

/// Names an actor of one runtime for its whole life and is never given out twice. 0 is nobody.
enum class actor_id : std::uint64_t { none = 0 };

constexpr std::uint64_t to_integer(actor_id id) noexcept {
    return static_cast<std::uint64_t>(id);
}

}  // namespace drover
