#pragma once

#include <cstddef>

namespace drover {

/// Bytes that travel between cores as one. `std::hardware_destructive_interference_size` is not used: GCC warns that it
/// may differ between translation units, and it would be part of the layout of every cell.
inline constexpr std::size_t cache_line = 64;

}  // namespace drover
