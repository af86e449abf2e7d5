#pragma once

#include <memory>
#include <utility>

#include "drover/base/thread_exit.hpp"
#include "drover/scheduling/core_record.hpp"
#include "drover/scheduling/lane.hpp"

namespace drover {

struct task_environment;

/// What drover knows of the calling thread. Plain data of default visibility: a program and its shared objects must
/// agree on whether a thread is a worker.
struct thread_state {
    lane* current = nullptr;  ///< the worker's own lane, or the lane used last
    /// The runtime of `current`, unless sends of this thread go through an outbox at the moment. One comparison with
    /// the cell's word tells a send that nothing stands between it and the list.
    core_record* direct = nullptr;
    void* outbox = nullptr;  ///< of the actor that runs here, if it has one
    void (*flush)(void* outbox) noexcept = nullptr;
    task_environment* task = nullptr;  ///< while a coroutine of an actor runs here, or there is a deadline
    lane* outside = nullptr;           ///< all lanes of this thread to runtimes whose worker it is not
    bool worker = false;               ///< a worker of some runtime, so it must not block
};

namespace detail {

[[gnu::visibility("default")]] inline constinit thread_local thread_state this_thread_state{};

inline void drop_lane(lane* gone) noexcept {
    core_record& core = gone->core;
    core.lanes().remove(*gone);
    delete gone;
    core.release();
}

inline void drop_lanes() noexcept {
    thread_state& thread = this_thread_state;
    thread.current = nullptr;
    thread.direct = nullptr;
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
                thread.direct = &core;
            }
            return *candidate;
        }
        if (candidate->core.has_ended() && candidate->sending.load(std::memory_order_relaxed) == 0) {
            *each = candidate->next_in_thread;
            if (thread.current == candidate) {
                thread.current = nullptr;
                thread.direct = nullptr;
            }
            drop_lane(candidate);
        } else {
            each = &candidate->next_in_thread;
        }
    }
    thread_exit<drop_lanes>::request();
    auto owned = std::make_unique<lane>(core, false);
    core.lanes().add(*owned);
    lane* const fresh = owned.release();
    core.retain();
    fresh->next_in_thread = std::exchange(thread.outside, fresh);
    if (!thread.worker) {
        thread.current = fresh;
        thread.direct = &core;
    }
    return *fresh;
}

}  // namespace detail

inline thread_state& this_thread() noexcept {
    return detail::this_thread_state;
}

/// What must not be overtaken by what comes now goes out.
inline void flush_outbox() noexcept {
    thread_state& thread = this_thread();
    if (thread.outbox != nullptr) [[unlikely]] {
        thread.flush(thread.outbox);
    }
}

/// The calling thread's lane to the runtime of `core`. A load and a compare; the first use by a thread allocates, and
/// may throw std::bad_alloc.
inline lane& lane_to(core_record& core) {
    lane* const current = this_thread().current;
    if (current != nullptr && &current->core == &core) [[likely]] {
        return *current;
    }
    return detail::find_lane(core);
}

}  // namespace drover
