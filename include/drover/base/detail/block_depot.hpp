#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

#include "drover/base/cache_line.hpp"
#include "drover/base/futex.hpp"
#include "drover/base/poison.hpp"

namespace drover::detail {

inline constexpr std::size_t block_granule = 64;
inline constexpr std::size_t block_classes = 9;
/// Of one block of a class: half a granule, then 1, 2, … granules.
constexpr std::size_t bytes_of_class(std::size_t size_class) noexcept {
    return size_class == 0 ? block_granule / 2 : size_class * block_granule;
}
inline constexpr std::size_t slab_bytes = std::size_t{2} * 1024 * 1024;
/// Bytes of empty slabs a depot keeps for the next flood before it gives slabs back to the global allocator.
inline constexpr std::size_t spare_bytes = std::size_t{64} * 1024 * 1024;
/// Bytes of free blocks a depot keeps in full magazines before it gives blocks back to their slabs.
inline constexpr std::size_t depot_bytes = std::size_t{4} * 1024 * 1024;

struct block_magazine {
    static constexpr std::uint32_t size = 128;
    std::uint32_t count = 0;
    std::uint32_t capacity = size;
    block_magazine* next = nullptr;
    std::array<void*, size> blocks;
};

/// Stands where a thread has no magazine yet: it is both empty and full, so that either use leaves the fast path.
inline constinit block_magazine no_magazine{0, 0, nullptr, {}};

/// 2 MiB cut into blocks of one class, aligned to its own size so that a block leads to its slab. Which blocks are free
/// stands in bits in the header and not in links in the blocks: those are poisoned, and cold in the cache. The lowest
/// free block is taken first, so that blocks stand side by side again in whatever order they came back, and memory that
/// was never needed is not touched.
class slab {
public:
    /// Null if there is no memory. `huge`: the kernel may give it as one page, at once, where it has such pages
    /// (`transparent_hugepage` is not `never`).
    static slab* create(std::size_t block_bytes, bool huge) noexcept {
        void* memory = ::operator new(slab_bytes, std::align_val_t{slab_bytes}, std::nothrow);
        if (memory == nullptr) {
            return nullptr;
        }
        if (huge) {
            static_cast<void>(::madvise(memory, slab_bytes, MADV_HUGEPAGE));  // a hint: small pages do as well
        }
        slab* fresh = new (memory) slab(block_bytes);
        poison(fresh->first_block(), slab_bytes - header_bytes());
        return fresh;
    }

    static void destroy(slab* dead) noexcept {
        unpoison(dead, slab_bytes);
        dead->~slab();
        ::operator delete(static_cast<void*>(dead), slab_bytes, std::align_val_t{slab_bytes});
    }

    static slab* of(void* block) noexcept {
        return reinterpret_cast<slab*>(reinterpret_cast<std::uintptr_t>(block) & ~(slab_bytes - 1));
    }

    bool full() const noexcept { return free_ == 0; }
    bool empty() const noexcept { return free_ == total_; }

    void* take() noexcept {  // not full
        std::size_t group = 0;
        while (words_[group] == 0) {
            group += 1;
        }
        const std::size_t word = group * 64 + lowest(words_[group]);
        const std::size_t index = word * 64 + lowest(bits_[word]);
        bits_[word] &= bits_[word] - 1;
        if (bits_[word] == 0) {
            words_[group] &= words_[group] - 1;
        }
        free_ -= 1;
        return first_block() + index * block_bytes_;
    }

    void give(void* block) noexcept {
        const auto offset = static_cast<std::size_t>(static_cast<std::byte*>(block) - first_block());
        mark_free(offset / block_bytes_);
        free_ += 1;
    }

    slab* next = nullptr;
    slab* previous = nullptr;

private:
    static constexpr std::size_t most_words = slab_bytes / bytes_of_class(0) / 64;

    explicit slab(std::size_t block_bytes) noexcept
        : block_bytes_(block_bytes), total_((slab_bytes - header_bytes()) / block_bytes), free_(total_) {
        for (std::size_t word = 0; word * 64 < total_; ++word) {
            const std::size_t rest = total_ - word * 64;
            bits_[word] = rest < 64 ? (std::uint64_t{1} << rest) - 1 : ~std::uint64_t{0};
            words_[word / 64] |= std::uint64_t{1} << (word % 64);
        }
    }

    static constexpr std::size_t header_bytes() noexcept {
        return (sizeof(slab) + block_granule - 1) / block_granule * block_granule;
    }

    static std::size_t lowest(std::uint64_t bits) noexcept { return static_cast<std::size_t>(std::countr_zero(bits)); }

    void mark_free(std::size_t index) noexcept {
        bits_[index / 64] |= std::uint64_t{1} << (index % 64);
        words_[index / 4096] |= std::uint64_t{1} << (index / 64 % 64);
    }

    std::byte* first_block() noexcept { return reinterpret_cast<std::byte*>(this) + header_bytes(); }

    const std::size_t block_bytes_;
    const std::size_t total_;
    std::size_t free_;
    std::array<std::uint64_t, most_words / 64> words_{};  // which words of bits_ are not 0
    std::array<std::uint64_t, most_words> bits_{};        // which blocks are free
};

/// What all threads share of one size class: full magazines up to a bound, empty magazines, and the slabs.
class block_depot {
public:
    /// Takes an empty magazine, gives a non-empty one. Throws std::bad_alloc and leaves `empty` with the caller.
    block_magazine* exchange_empty(block_magazine* empty, std::uint8_t size_class) {
        std::unique_lock lock(mutex_);
        if (full_ != nullptr) {
            block_magazine* magazine = std::exchange(full_, full_->next);
            full_count_ -= 1;
            shelve(empty);
            return magazine;
        }
        block_magazine* magazine = empty->capacity != 0 ? empty : new_magazine();
        if (magazine == nullptr) {
            throw std::bad_alloc();
        }
        for (fill(*magazine); magazine->count != magazine->capacity; fill(*magazine)) {
            // A class that fills one slab is one of which there is much; the first is mostly for few.
            const bool huge = slabs_ != 0;
            lock.unlock();  // the kernel may have to clear 2 MiB now
            slab* const fresh = slab::create(bytes_of_class(size_class), huge);
            lock.lock();
            if (fresh == nullptr) {
                break;
            }
            block_bytes_ = bytes_of_class(size_class);
            link(fresh);
            slabs_ += 1;
        }
        if (magazine->count == 0) {
            if (magazine != empty) {
                shelve(magazine);
            }
            throw std::bad_alloc();
        }
        // Blocks are taken from the back: the lowest first, and on from one magazine to the next, as a receiver that
        // looks ahead guesses.
        std::reverse(magazine->blocks.begin(), magazine->blocks.begin() + magazine->count);
        return magazine;
    }

    /// Takes a full magazine, gives one with room; `no_magazine` when there is no memory for one.
    block_magazine* exchange_full(block_magazine* full) noexcept {
        const std::lock_guard lock(mutex_);
        if (full->capacity != 0 && full_count_ * block_magazine::size * block_bytes_ >= depot_bytes) {
            empty_into_slabs(full);
            return full;
        }
        block_magazine* fresh = new_magazine();
        if (fresh == nullptr && full->capacity != 0) {
            empty_into_slabs(full);
            return full;
        }
        if (full->capacity != 0) {
            full->next = std::exchange(full_, full);
            full_count_ += 1;
        }
        return fresh != nullptr ? fresh : &no_magazine;
    }

    /// The end of a thread: its magazine, however full.
    void retire(block_magazine* magazine) noexcept {
        const std::lock_guard lock(mutex_);
        empty_into_slabs(magazine);
        shelve(magazine);
    }

    void give_one(void* block) noexcept {
        const std::lock_guard lock(mutex_);
        give_to_slab(block);
    }

    std::size_t outstanding() noexcept {
        const std::lock_guard lock(mutex_);
        return taken_ - full_count_ * block_magazine::size;
    }

    std::size_t reserved_bytes() noexcept {
        const std::lock_guard lock(mutex_);
        return slabs_ * slab_bytes;
    }

private:
    block_magazine* new_magazine() noexcept {
        if (empty_ != nullptr) {
            return std::exchange(empty_, empty_->next);
        }
        return new (std::nothrow) block_magazine;
    }

    void shelve(block_magazine* magazine) noexcept {
        if (magazine->capacity != 0) {
            magazine->next = std::exchange(empty_, magazine);
        }
    }

    void empty_into_slabs(block_magazine* magazine) noexcept {
        while (magazine->count != 0) {
            give_to_slab(magazine->blocks[--magazine->count]);
        }
    }

    // With what the slabs have.
    void fill(block_magazine& magazine) noexcept {
        while (magazine.count != magazine.capacity && partial_ != nullptr) {
            magazine.blocks[magazine.count++] = take_from_slab();
        }
    }

    void* take_from_slab() noexcept {
        slab* from = partial_;
        if (from->empty()) {
            empties_ -= 1;
        }
        void* block = from->take();
        taken_ += 1;
        if (from->full()) {
            unlink(from);
        }
        return block;
    }

    void give_to_slab(void* block) noexcept {
        slab* home = slab::of(block);
        if (home->full()) {
            link(home);
        }
        home->give(block);
        taken_ -= 1;
        if (home->empty()) {
            if (empties_ * slab_bytes >= spare_bytes) {
                unlink(home);
                slab::destroy(home);
                slabs_ -= 1;
            } else {
                empties_ += 1;
            }
        }
    }

    void link(slab* fresh) noexcept {
        if (fresh->empty()) {
            empties_ += 1;
        }
        fresh->previous = nullptr;
        fresh->next = partial_;
        if (partial_ != nullptr) {
            partial_->previous = fresh;
        }
        partial_ = fresh;
    }

    void unlink(slab* gone) noexcept {
        (gone->previous != nullptr ? gone->previous->next : partial_) = gone->next;
        if (gone->next != nullptr) {
            gone->next->previous = gone->previous;
        }
    }

    futex_mutex mutex_;
    block_magazine* full_ = nullptr;
    block_magazine* empty_ = nullptr;
    slab* partial_ = nullptr;  // slabs with a free block; a full one is reached from its blocks
    std::size_t block_bytes_ = 0;
    std::size_t full_count_ = 0;
    std::size_t taken_ = 0;  // blocks out of slabs
    std::size_t slabs_ = 0;
    std::size_t empties_ = 0;
};

// One depot a class on cache lines of its own; constant-initialised and never destroyed, so that threads and statics
// may end in any order. Of default visibility, so that a program and its shared objects have one.
struct alignas(cache_line) aligned_depot : block_depot {};
[[gnu::visibility("default")]] inline constinit std::array<aligned_depot, block_classes> block_depots{};

}  // namespace drover::detail
