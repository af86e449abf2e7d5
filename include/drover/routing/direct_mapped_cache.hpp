#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "drover/routing/route_cache.hpp"

namespace drover {

/// `N` entries; a name's hash chooses the one place where it can be, and the name used last has it. The least work for
/// a hit, 8 bytes an entry. `x` names for each entry, used at random, hit (1 - e^-x) / x of the time.
template <std::size_t N>
class direct_mapped_cache {
    static_assert(detail::check_entries<N>());

public:
    direct_mapped_cache() : places_(new route_entry*[N]()) {}
    ~direct_mapped_cache() { clear(); }
    direct_mapped_cache(const direct_mapped_cache&) = delete;
    direct_mapped_cache& operator=(const direct_mapped_cache&) = delete;

    static constexpr std::size_t capacity() noexcept { return N; }
    std::uint64_t invalidated() const noexcept { return invalidated_; }

    route_entry* find(const name_view& name) noexcept {
        route_entry*& place = place_of(name.hash());
        if (place == nullptr || !place->is_named(name)) {
            return nullptr;
        }
        if (!detail::keep_current(place)) [[unlikely]] {
            place = nullptr;
            invalidated_ += 1;
        }
        return place;
    }

    void insert(route_entry& entry) noexcept {
        if (route_entry* const old = std::exchange(place_of(entry.hash), &entry)) {
            old->release();
        }
    }

    void clear() noexcept {
        for (std::size_t each = 0; each != N; ++each) {
            if (route_entry* const old = std::exchange(places_[each], nullptr)) {
                old->release();
            }
        }
    }

private:
    route_entry*& place_of(std::uint64_t hash) const noexcept { return places_[hash & (N - 1)]; }

    const std::unique_ptr<route_entry*[]> places_;
    std::uint64_t invalidated_ = 0;
};

static_assert(route_cache<direct_mapped_cache<256>>);

}  // namespace drover
