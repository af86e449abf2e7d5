#pragma once

#include <cstddef>
#include <new>

#include "drover/base/block_pool.hpp"

namespace drover {

/// Where the frames of coroutines stand: in the block pool if they fit, else in memory of the global allocator. A base
/// of their promises. Any thread, also another than the one that allocated.
struct frame_memory {
    /// Throws std::bad_alloc, out of the call that would have made the coroutine.
    static void* operator new(std::size_t bytes) {
        if (bytes <= block_pool::largest) {
            return block_pool::allocate(block_pool::class_of(bytes));
        }
        block_pool::ask_refusal();
        return ::operator new(bytes);
    }

    static void operator delete(void* frame, std::size_t bytes) noexcept {
        if (bytes <= block_pool::largest) {
            block_pool::release(frame, block_pool::class_of(bytes));
        } else {
            give_back(frame, bytes);
        }
    }

private:
    // Out of line: g++ 12 sees the delete without the branch, takes it for the wrong one, and warns the program of it.
    [[gnu::noinline]] static void give_back(void* frame, std::size_t bytes) noexcept {
        ::operator delete(frame, bytes);
    }
};

}  // namespace drover
