#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "drover/base/cache_line.hpp"
#include "drover/base/random.hpp"
#include "drover/scheduling/lane.hpp"

namespace drover {

/// One `Local`, constructed from a seed, for each thread that uses a pool, found by the place of its lane. No two
/// threads have one place at a time; a thread that takes over the place of one that has ended takes over its local, so
/// a pool keeps as many as there have ever been threads at once. O(1); the first use of a place may allocate. A type
/// without members takes no memory and is made where it is needed.
template <class Local>
class locals_by_thread {
public:
    explicit locals_by_thread(std::uint64_t seed) noexcept : seed_(seed) {}
    locals_by_thread(const locals_by_thread&) = delete;
    locals_by_thread& operator=(const locals_by_thread&) = delete;
    ~locals_by_thread() {
        for (std::size_t each = 0; each != most_groups; ++each) {
            free(groups_[each].load(std::memory_order_relaxed), first_group << each);
        }
    }

    /// Of the calling thread. Throws std::bad_alloc.
    Local& of(const lane& mine) {
        const std::uint32_t shifted = mine.place + first_group;
        const auto group = static_cast<std::size_t>(std::bit_width(shifted) - first_bits);
        // Pairs with the exchange in make(): another thread may have made the group.
        slot* const found = groups_[group].load(std::memory_order_acquire);
        const std::uint32_t size = first_group << group;
        return (found != nullptr ? found : make(group, size))[shifted - size].local;
    }

private:
    static constexpr std::uint32_t first_group = 8;  // group g holds the next 8 << g places
    static constexpr int first_bits = std::bit_width(first_group);
    static constexpr std::size_t most_groups = 29;

    struct alignas(cache_line) slot {
        explicit slot(std::uint64_t seed) noexcept : local(seed) {}
        Local local;
    };

    [[gnu::noinline]] slot* make(std::size_t group, std::uint32_t size) {
        slot* const fresh = std::allocator<slot>().allocate(size);
        random_source seeds(seed_ + group);
        for (std::uint32_t each = 0; each != size; ++each) {
            std::construct_at(fresh + each, seeds.next());
        }
        slot* present = nullptr;
        if (groups_[group].compare_exchange_strong(present, fresh, std::memory_order_acq_rel)) {
            return fresh;
        }
        free(fresh, size);
        return present;
    }

    static void free(slot* gone, std::uint32_t size) noexcept {
        if (gone != nullptr) {
            std::destroy_n(gone, size);
            std::allocator<slot>().deallocate(gone, size);
        }
    }

    const std::uint64_t seed_;
    std::array<std::atomic<slot*>, most_groups> groups_{};
};

template <class Local>
    requires std::is_empty_v<Local>
class locals_by_thread<Local> {
public:
    explicit locals_by_thread(std::uint64_t) noexcept {}

    Local& of(const lane&) noexcept { return none_; }

private:
    [[no_unique_address]] Local none_{0};
};

}  // namespace drover
