#pragma once

#include <coroutine>

namespace drover {

/// Somebody who waits inside a coroutine: what is waited for calls it once, in a turn of the actor.
struct resumption {
    /// What runs now: the coroutine that waited, or none (std::noop_coroutine) if it waits for more.
    std::coroutine_handle<> (*next)(resumption*) noexcept;
};

}  // namespace drover
