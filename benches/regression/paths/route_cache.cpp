// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/routing.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "path.hpp"

namespace benches::paths {
namespace {

drover::route_entry* entry_of(drover::address const& name) {
    void* const memory = std::malloc(sizeof(drover::route_entry) + name.text().size());
    if (memory == nullptr) throw std::bad_alloc();
    return new (memory) drover::route_entry(name, nullptr, nullptr, [](drover::route_entry* gone) noexcept {
        gone->~route_entry();
        std::free(gone);
    });
}

/// Looks for `Names` names in turn, which a cache of 1024 entries has (`Names` few), or often has not.
template <class Cache, std::size_t Names>
bool find(std::uint64_t times) {
    std::vector<drover::address> names;
    std::vector<drover::route_entry*> entries;
    for (std::size_t each = 0; each != Names; ++each) {
        names.emplace_back("orders/eu/" + std::to_string(100'000 + each));
        entries.push_back(entry_of(names.back()));
    }
    bool right = true;
    {
        Cache cache;
        for (std::uint64_t each = 0; each != times; ++each) {
            std::size_t const which = each % Names;
            if (drover::route_entry* const found = cache.find(names[which])) {
                right &= found == entries[which];
            } else {
                entries[which]->retain();
                cache.insert(*entries[which]);
            }
        }
    }
    for (drover::route_entry* const each : entries) each->release();
    return right;
}

using direct = drover::direct_mapped_cache<1024>;
using eight_ways = drover::set_associative_cache<1024, 8>;

constexpr std::array all{
    path{"route_cache/hit/direct_mapped", &find<direct, 16>},
    path{"route_cache/hit/8_ways", &find<eight_ways, 16>},
    path{"route_cache/miss/8_ways", &find<eight_ways, 4096>},
};

}  // namespace
}  // namespace benches::paths

int main(int argc, char** argv) {
    return benches::paths::main_of(benches::paths::all, argc, argv);
}
