#pragma once

#include <cstdint>

namespace drover {

/// What a push found out about the receiver, from the very instruction that made the message visible.
enum class push_result : std::uint8_t {
    queued,  ///< somebody will see it
    woke,    ///< the receiver was idle, and this sender is the one who must schedule it
    closed,  ///< the receiver had stopped, and this sender is now the one who must drain it to the dead letters
};

}  // namespace drover
