#pragma once

#include <utility>

#include "drover/base/thread_exit.hpp"
#include "drover/scheduling/core_record.hpp"
#include "drover/scheduling/lane.hpp"

namespace drover {

/// What drover knows of the calling thread. Plain data of default visibility: a program and its shared objects must agree
/// on whether a thread is a worker.
struct thread_state {
    lane* current = nullptr;  ///< the worker's own lane, or the lane used last
    lane* outside = nullptr;  ///< all lanes of this thread to runtimes whose worker it is not
    bool worker = false;      ///< a worker of some runtime, so it must not block
};

namespace detail {

[[gnu::visibility("default")]] inline constinit thread_local thread_state this_thread_state{};

inline void drop_lane(lane* gone) noexcept {
    core_record& core = gone->core;
    core.remove_lane(*gone);
    delete gone;
    core.release();
}

inline void drop_lanes() noexcept {
    thread_state& thread = this_thread_state;
    thread.current = nullptr;
    while (thread.outside != nullptr) {
        drop_lane(std::exchange(thread.outside, thread.outside->next_in_thread));
    }
}

[[gnu::noinline]] inline lane& find_lane(core_record& core) {
    thread_state& thread = this_thread_state;
    for (lane** each = &thread.outside; *each != nullptr;) {
        lane* const candidate = *each;
        if (&candidate->core == &core) {
            if (!thread.worker) {
                thread.current = candidate;
            }
            return *candidate;
        }
        if (candidate->core.has_ended() && candidate->sending.load(std::memory_order_relaxed) == 0) {
            *each = candidate->next_in_thread;
            if (thread.current == candidate) {
                thread.current = nullptr;
            }
            drop_lane(candidate);
        } else {
            each = &candidate->next_in_thread;
        }
    }
    thread_exit<drop_lanes>::request();
    auto* const fresh = new lane(core, false);
    core.retain();
    core.add_lane(*fresh);
    fresh->next_in_thread = std::exchange(thread.outside, fresh);
    if (!thread.worker) {
        thread.current = fresh;
    }
    return *fresh;
}

}  // namespace detail

inline thread_state& this_thread() noexcept {
    return detail::this_thread_state;
}

/// The calling thread's lane to the runtime of `core`. A load and a compare; the first use by a thread allocates, and may
/// throw std::bad_alloc.
inline lane& lane_to(core_record& core) {
    lane* const current = this_thread().current;
    if (current != nullptr && &current->core == &core) [[likely]] {
        return *current;
    }
    return detail::find_lane(core);
}

}  // namespace drover
