#pragma once

#include <cstddef>

#include "drover/routing/route_cache.hpp"

namespace drover {

/// Remembers nothing: every send looks its name up. For names that are used once, and to measure the others against.
class no_cache {
public:
    static constexpr std::size_t capacity() noexcept { return 0; }
    static constexpr route_entry* find(const name_view&) noexcept { return nullptr; }
    static void insert(route_entry& entry) noexcept { entry.release(); }
    static constexpr void clear() noexcept {}
};

static_assert(route_cache<no_cache>);

}  // namespace drover
