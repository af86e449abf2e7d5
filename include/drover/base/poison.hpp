#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define DROVER_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DROVER_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef DROVER_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace drover {

/// Under AddressSanitizer a touch of `[memory, memory + bytes)` is an error from now on; otherwise nothing.
inline void poison([[maybe_unused]] const void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef DROVER_ADDRESS_SANITIZER
    __asan_poison_memory_region(memory, bytes);
#endif
}

inline void unpoison([[maybe_unused]] const void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef DROVER_ADDRESS_SANITIZER
    __asan_unpoison_memory_region(memory, bytes);
#endif
}

}  // namespace drover
