#pragma once

#include <string_view>

#include "drover/base/clock.hpp"
#include "drover/base/ids.hpp"

namespace drover {

/// What the watchdog of a runtime tells: an actor's code has not come back for long, or has come back at last. The
/// views are valid during the call.
struct stuck_handler {
    std::string_view actor;
    actor_id id;
    std::string_view message;  ///< the type of the message; "its own code" in `started`, `stopped` or a continuation
    /// So long at least, on the runtime's clock: since the watchdog first saw it, a quarter of the limit late at most.
    clock_duration duration;
    bool returned;    ///< it has come back; seen at the next look, so `duration` is up to two quarters of the limit off
    bool own_thread;  ///< it keeps no worker
};

}  // namespace drover
