#pragma once

namespace drover {

/// Asks for the cache line of `address` to be brought here, to be read soon. Any address; never faults.
inline void prefetch_to_read(const void* address) noexcept {
    __builtin_prefetch(address, 0);
}

/// The same, to be written: it is taken away from other cores now and not at the write. The compiler's own builtin
/// gives a reading prefetch on plain x86-64, where the instruction is a hint that every 64-bit processor accepts.
inline void prefetch_to_write(const void* address) noexcept {
#if defined(__x86_64__)
    asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(address)));
#else
    __builtin_prefetch(address, 1);
#endif
}

}  // namespace drover
