#pragma once

#include <pthread.h>

namespace drover {

/// Calls `Function` when a thread that has asked for it ends, after the destructors of its thread-locals, so that those
/// may still use what the function gives back. A thread that asks again from there is served again. Not called for the
/// main thread, whose end is the end of the process.
template <void (*Function)() noexcept>
class thread_exit {
public:
    /// Any number of times; without memory.
    static void request() noexcept {
        // Made at the first use and not as a static member: globals may use the pool before those are made.
        static const pthread_key_t key = make();
        ::pthread_setspecific(key, &key);
    }

private:
    static pthread_key_t make() noexcept {
        pthread_key_t fresh{};
        ::pthread_key_create(&fresh, [](void*) { Function(); });
        return fresh;
    }
};

}  // namespace drover
