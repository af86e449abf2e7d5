#pragma once

#include <cstdint>

#include "drover/balancing/alias_table.hpp"
#include "drover/base/random.hpp"

namespace drover {

/// Two different places of a list.
struct two_places {
    std::uint32_t one;
    std::uint32_t other;
};

/// Of `size` places, 2 or more, the first as `first` draws it and the second any of the others, each as likely. Two
/// random numbers.
inline two_places draw_two(const alias_table& first, std::uint32_t size, random_source& random) noexcept {
    const std::uint32_t place = first.draw(random.next());
    const std::uint32_t other = random.below(size - 1);
    return {place, other + (other >= place ? 1 : 0)};
}

}  // namespace drover
