#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "drover/base/detail/block_depot.hpp"
#include "drover/base/prefetch.hpp"
#include "drover/base/thread_exit.hpp"

namespace drover {

/// Memory for envelopes and cells: blocks of 64, 128, … 512 bytes, each aligned to a cache line, and of 32 for the
/// smallest messages, two to a line. One pool a process; it outlives every thread and every static.
///
/// A thread keeps two magazines of 128 blocks a class and takes from and gives to them without a lock (Bonwick and
/// Adams, "Magazines and Vmem", 2001). Whole magazines travel between threads through the depot, one lock for 128
/// blocks; a thread that ends hands its magazines over. Above a bound the depot returns blocks to their slab, and an
/// empty slab to the global allocator.
class block_pool {
public:
    static constexpr std::size_t granule = detail::block_granule;
    static constexpr std::uint8_t classes = detail::block_classes;
    static constexpr std::size_t largest = detail::bytes_of_class(classes - 1);

    /// The class for `bytes` of 1 … `largest`.
    static constexpr std::uint8_t class_of(std::size_t bytes) noexcept {
        return static_cast<std::uint8_t>(bytes <= bytes_of(0) ? 0 : (bytes + granule - 1) / granule);
    }
    static constexpr std::size_t bytes_of(std::uint8_t size_class) noexcept {
        return detail::bytes_of_class(size_class);
    }

    /// A block of `bytes_of(size_class)` bytes. Any thread; no lock but once in 128 calls. Throws std::bad_alloc,
    /// after which nothing has changed.
    [[gnu::always_inline]] static void* allocate(std::uint8_t size_class) {
        detail::block_magazine* magazine = cache().loaded[size_class];
        if (magazine->count != 0) [[likely]] {
            void* block = magazine->blocks[--magazine->count];
            // The blocks were last written by whichever core freed them: ask for one before it is needed.
            prefetch_to_write(magazine->blocks[magazine->count < ahead ? 0 : magazine->count - ahead]);
            unpoison(block, bytes_of(size_class));
            return block;
        }
        return refill(size_class);
    }

    /// Blocks of one class side by side in memory, to be taken one after the other, in the order in which the pool has
    /// them.
    struct run {
        std::byte* next = nullptr;
        std::int16_t step = 0;
        std::uint8_t left = 0;
        std::uint8_t size_class = 0;

        /// Not if none is left.
        void* take() noexcept {
            std::byte* const block = next;
            next += step;
            left -= 1;
            prefetch_to_write(next);
            return block;
        }
        void release() noexcept {
            while (left != 0) {
                block_pool::release(take(), size_class);
            }
        }
    };

    /// One to `most` blocks, as many as stand so where the pool would take the next one from. Otherwise as allocate().
    static run allocate_run(std::uint8_t size_class, std::uint8_t most) {
        const auto bytes = static_cast<std::int16_t>(bytes_of(size_class));
        run blocks{static_cast<std::byte*>(allocate(size_class)), 0, 1, size_class};
        detail::block_magazine* const magazine = cache().loaded[size_class];
        if (magazine->count != 0) {
            const auto* const second = static_cast<std::byte*>(magazine->blocks[magazine->count - 1]);
            blocks.step = second < blocks.next ? static_cast<std::int16_t>(-bytes) : bytes;
            const std::byte* wanted = blocks.next + blocks.step;
            while (blocks.left < most && magazine->count != 0 && magazine->blocks[magazine->count - 1] == wanted) {
                magazine->count -= 1;
                unpoison(wanted, bytes_of(size_class));
                blocks.left += 1;
                wanted += blocks.step;
            }
        }
        return blocks;
    }

    /// Any thread, also another than the one that allocated; never throws.
    [[gnu::always_inline]] static void release(void* block, std::uint8_t size_class) noexcept {
        poison(block, bytes_of(size_class));
        detail::block_magazine* magazine = cache().loaded[size_class];
        if (magazine->count != magazine->capacity) [[likely]] {
            magazine->blocks[magazine->count++] = block;
        } else {
            drain(block, size_class);
        }
    }

    /// The same for `count` blocks of one class, with one look at the magazine for all that fit.
    template <class Block>
    static void release_all(Block* const* blocks, std::size_t count, std::uint8_t size_class) noexcept {
        while (count != 0) {
            detail::block_magazine* const magazine = cache().loaded[size_class];
            const std::size_t fit = std::min<std::size_t>(count, magazine->capacity - magazine->count);
            void** const to = magazine->blocks.data() + magazine->count;
            for (std::size_t each = 0; each != fit; ++each) {
                poison(blocks[each], bytes_of(size_class));
                to[each] = blocks[each];
            }
            magazine->count += static_cast<std::uint32_t>(fit);
            blocks += fit;
            count -= fit;
            if (count != 0) {
                release(*blocks++, size_class);
                count -= 1;
            }
        }
    }

    /// Blocks that are neither in a slab, nor in the depot, nor in the calling thread's magazines: in use, or kept by
    /// another thread that is still running. Takes locks; for tests and reports.
    static std::size_t outstanding(std::uint8_t size_class) noexcept {
        const thread_cache& mine = cache();
        if (mine.refuses != nullptr) {
            return mine.refuses->lift([&] { return outstanding(size_class); });
        }
        return detail::block_depots[size_class].outstanding() - mine.loaded[size_class]->count -
               mine.spare[size_class]->count;
    }

    /// While one lives, the calling thread gets a block only if it is not refused: for tests of what happens without
    /// memory. It costs other threads nothing, and this one no more than that its magazines seem to be empty. One at a
    /// time in a thread.
    class refusal {
    public:
        /// True: the block is refused. Must not allocate from the pool.
        using ask_function = bool(void* context) noexcept;

        refusal(ask_function* ask, void* context) noexcept : ask_(ask), context_(context) {
            thread_cache& mine = cache();
            aside_ = mine.loaded;
            mine.loaded.fill(&detail::no_magazine);
            mine.refuses = this;
        }
        ~refusal() {
            thread_cache& mine = cache();
            mine.loaded = aside_;
            mine.refuses = nullptr;
        }
        refusal(const refusal&) = delete;
        refusal& operator=(const refusal&) = delete;

    private:
        friend block_pool;

        // The pool as it is without the refusal.
        template <class Use>
        std::invoke_result_t<Use> lift(Use use) {
            thread_cache& mine = cache();
            mine.refuses = nullptr;
            std::swap(mine.loaded, aside_);
            const struct scope {
                thread_cache& mine;
                refusal& self;
                ~scope() {
                    std::swap(mine.loaded, self.aside_);
                    mine.refuses = &self;
                }
            } until_used{mine, *this};
            return use();
        }

        ask_function* ask_;
        void* context_;
        std::array<detail::block_magazine*, detail::block_classes> aside_;
    };

    /// Before memory for one of drover's objects is taken from elsewhere, as it is too large for a block.
    static void ask_refusal() {
        const refusal* const by = cache().refuses;
        if (by != nullptr && by->ask_(by->context_)) [[unlikely]] {
            throw std::bad_alloc();
        }
    }

    /// Bytes of all slabs at hand, in use or not.
    static std::size_t reserved_bytes() noexcept {
        std::size_t bytes = 0;
        for (detail::aligned_depot& each : detail::block_depots) {
            bytes += each.reserved_bytes();
        }
        return bytes;
    }

private:
    static constexpr std::uint32_t ahead = 6;

    // Plain data, so that the fast path needs no guard.
    struct thread_cache {
        std::array<detail::block_magazine*, detail::block_classes> loaded;
        std::array<detail::block_magazine*, detail::block_classes> spare;
        refusal* refuses;
    };

    static void hand_over() noexcept {
        thread_cache& mine = cache();
        for (std::size_t each = 0; each != detail::block_classes; ++each) {
            detail::block_depots[each].retire(std::exchange(mine.loaded[each], &detail::no_magazine));
            detail::block_depots[each].retire(std::exchange(mine.spare[each], &detail::no_magazine));
        }
    }

    static consteval thread_cache empty_cache() noexcept {
        thread_cache fresh{};
        fresh.loaded.fill(&detail::no_magazine);
        fresh.spare.fill(&detail::no_magazine);
        return fresh;
    }

    [[gnu::visibility("default")]] static thread_cache& cache() noexcept {
        static constinit thread_local thread_cache mine = empty_cache();
        return mine;
    }

    [[gnu::noinline]] static void* refill(std::uint8_t size_class) {
        thread_cache& mine = cache();
        if (mine.refuses != nullptr) [[unlikely]] {
            ask_refusal();
            return mine.refuses->lift([&] { return allocate(size_class); });
        }
        thread_exit<hand_over>::request();
        if (mine.spare[size_class]->count != 0) {
            std::swap(mine.loaded[size_class], mine.spare[size_class]);
        } else {
            // Both are empty: one goes to the depot for a full one, the other stays for what will be released.
            detail::block_magazine* const full =
                detail::block_depots[size_class].exchange_empty(mine.spare[size_class], size_class);
            mine.spare[size_class] = std::exchange(mine.loaded[size_class], full);
        }
        detail::block_magazine* const magazine = mine.loaded[size_class];
        void* const block = magazine->blocks[--magazine->count];
        unpoison(block, bytes_of(size_class));
        return block;
    }

    [[gnu::noinline]] static void drain(void* block, std::uint8_t size_class) noexcept {
        thread_cache& mine = cache();
        if (mine.refuses != nullptr) [[unlikely]] {
            mine.refuses->lift([&] { release(block, size_class); });
            return;
        }
        thread_exit<hand_over>::request();
        if (mine.spare[size_class]->count != mine.spare[size_class]->capacity) {
            std::swap(mine.loaded[size_class], mine.spare[size_class]);
        } else {
            detail::block_magazine* const room = detail::block_depots[size_class].exchange_full(mine.spare[size_class]);
            if (room->capacity == 0) {  // no memory for a magazine
                mine.spare[size_class] = room;
                detail::block_depots[size_class].give_one(block);
                return;
            }
            mine.spare[size_class] = std::exchange(mine.loaded[size_class], room);
        }
        detail::block_magazine* const magazine = mine.loaded[size_class];
        magazine->blocks[magazine->count++] = block;
    }
};

/// Memory for one `T`: from the pool if it fits, else from the global allocator.
template <class T>
struct pooled_memory {
    static consteval bool pooled() noexcept {
        return sizeof(T) <= block_pool::largest && alignof(T) <= block_pool::granule;
    }

    static void* allocate() {
        if constexpr (pooled()) {
            return block_pool::allocate(block_pool::class_of(sizeof(T)));
        } else {
            block_pool::ask_refusal();
            return ::operator new(sizeof(T), std::align_val_t{alignof(T)});
        }
    }

    static void deallocate(void* memory) noexcept {
        if constexpr (pooled()) {
            block_pool::release(memory, block_pool::class_of(sizeof(T)));
        } else {
            ::operator delete(memory, sizeof(T), std::align_val_t{alignof(T)});
        }
    }
};

}  // namespace drover
