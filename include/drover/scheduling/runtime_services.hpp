#pragma once

#include <cstdint>
#include <string_view>

#include "drover/message/dead_letter.hpp"
#include "drover/scheduling/runnable.hpp"

namespace drover {

struct own_worker;

/// How the core record reaches what a runtime chose when it was made: a table of functions, so that no choice appears
/// in the type of a ref. Reached on wake-up, failure and timer paths only.
struct runtime_services {
    void* self;
    void (*submit)(void* self, runnable* item) noexcept;  ///< from a thread that is no worker of this runtime
    void (*dead_letter_sink)(void* self, const dead_letter&) noexcept;
    void (*failure_sink)(void* self, const failure&) noexcept;
    void (*ring)(void* self) noexcept;                                 ///< what a drain waits for may have changed
    void (*escalated)(void* self, const failure&) noexcept = nullptr;  ///< of an actor without a parent, as it stops
    /// Of a simulation: does the next thing that there is to do, in the calling thread, which would block otherwise.
    /// False if nothing can happen any more. Null if actors run in threads of their own.
    bool (*drive)(void* self, std::uint64_t& done) = nullptr;
    void (*late_stop)(void* self, runnable* child) noexcept = nullptr;  ///< whose parent waits for it no longer
    /// A thread for the actor of this name; throws. Null if actors do not run in threads.
    own_worker& (*start_own)(void* self, std::string_view actor) = nullptr;
};

}  // namespace drover
