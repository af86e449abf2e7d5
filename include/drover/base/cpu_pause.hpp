#pragma once

#include <sched.h>

namespace drover {

/// Tells the processor that this is a spin loop: it saves power and gives the other hardware thread of the core a turn.
inline void cpu_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Lets another thread have the processor: for waits that are short unless the thread waited for was descheduled.
inline void yield_thread() noexcept {
    ::sched_yield();
}

}  // namespace drover
