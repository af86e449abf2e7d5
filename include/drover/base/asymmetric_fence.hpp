#pragma once

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace drover {

/// A store-load fence whose price falls on one side: the common side pays a compiler barrier, the rare side a system
/// call that runs a full fence on every core this process is on (membarrier(2), private expedited;
/// benches/base/fences.cpp measures both). Where the kernel lacks it the common side uses a sequentially consistent
/// exchange instead.
///
/// Duty of the two sides, for words a and b: common `light_store(a, x)`, then loads b; rare stores b, `heavy_fence()`,
/// then loads a. At least one of them sees the other's store.
namespace asymmetric_fence {

namespace detail {

inline bool registered() noexcept {
    return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

// Registered before main and never changed afterwards: every thread of the process reads a constant.
inline const bool available = registered();

}  // namespace detail

inline bool available() noexcept {
    return detail::available;
}

template <class T>
[[gnu::always_inline]] inline void light_store(std::atomic<T>& word, T value) noexcept {
    if (detail::available) [[likely]] {
        word.store(value, std::memory_order_release);
        std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
        word.store(value, std::memory_order_seq_cst);
    }
}

inline void heavy_fence() noexcept {
    if (detail::available) [[likely]] {
        ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    } else {
        __sync_synchronize();  // the rare side's own store may be a plain one
    }
}

}  // namespace asymmetric_fence

}  // namespace drover
