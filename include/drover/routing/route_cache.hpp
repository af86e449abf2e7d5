#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "drover/routing/address.hpp"
#include "drover/routing/route_entry.hpp"

namespace drover {

/// What a router remembers of the names it has looked up. Duties of a model `C`, which one thread at a time uses:
///
/// - `find(name)` gives an entry that was inserted, is named `name` by hash and bytes, and was current at a moment
///   during the call; null if it knows none. An entry that is not current any more is dropped, and its count given
///   back. The entry stays alive until the next call of a member that is not const.
/// - `insert(entry)` takes over one count on an entry whose name `find` did not know. It may drop another entry for it,
///   or refuse and drop this one, so the caller keeps a count of its own if it goes on.
/// - `invalidated()`, if it has that, is how many entries `find` has dropped because they were not current any more;
///   metrics hear of them.
/// - `clear()` and the destructor drop everything. `capacity()` is the most it keeps.
/// - Nothing throws, allocates or blocks after construction.
template <class C>
concept route_cache =
    std::default_initializable<C> && requires(C cache, const C& fixed, name_view name, route_entry& entry) {
        { cache.find(name) } noexcept -> std::same_as<route_entry*>;
        { cache.insert(entry) } noexcept;
        { cache.clear() } noexcept;
        { fixed.capacity() } noexcept -> std::same_as<std::size_t>;
    };

namespace detail {

/// True if the entry is to be used; false if it has been given back.
inline bool keep_current(route_entry* entry) noexcept {
    // Pairs with the registry's store after another entry has been published, or none.
    if (entry->current.load(std::memory_order_acquire)) [[likely]] {
        return true;
    }
    entry->release();
    return false;
}

template <std::size_t N>
consteval bool check_entries() {
    static_assert(std::has_single_bit(N),
                  "drover: wrong cache size: the number of entries is a power of two, such as 256 or 1024");
    return true;
}

}  // namespace detail

}  // namespace drover
