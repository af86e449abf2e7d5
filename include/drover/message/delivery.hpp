#pragma once

#include <cstdint>
#include <string_view>

namespace drover {

/// What a send says of its message at once. Which of them can occur depends on the mailbox; an unbounded one gives
/// `accepted`, `stopped`, through an empty ref `no_target`, and `deferred` if the sender is an actor with an outbox.
enum class delivery : std::uint8_t {
    accepted,  ///< in the mailbox; it is handled unless the actor stops first, which makes it a dead letter
    accepted_above_high_water,  ///< in the mailbox, which is fuller than its owner likes: slow down
    deferred,                   ///< in the sender's outbox; delivered at the latest when the sender's present run ends
    rejected_full,              ///< the mailbox was full and its policy refuses the newest
    dropped,                    ///< the mailbox was full and its policy drops the newest
    timed_out,                  ///< no room became free before the deadline of a blocking mailbox
    would_deadlock,             ///< waiting for room was refused, because a worker may not block
    no_target,                  ///< an empty ref or recipient, or a name that nobody holds
    stopped,                    ///< the actor has stopped, or its runtime takes no more messages
};

constexpr std::string_view to_string(delivery value) noexcept {
    switch (value) {
        case delivery::accepted: return "accepted";
        case delivery::accepted_above_high_water: return "accepted_above_high_water";
        case delivery::deferred: return "deferred";
        case delivery::rejected_full: return "rejected_full";
        case delivery::dropped: return "dropped";
        case delivery::timed_out: return "timed_out";
        case delivery::would_deadlock: return "would_deadlock";
        case delivery::no_target: return "no_target";
        case delivery::stopped: return "stopped";
    }
    return "unknown";
}

/// True if the message is on its way, so that the sender has no more to do for it.
constexpr bool is_accepted(delivery value) noexcept {
    return value == delivery::accepted || value == delivery::accepted_above_high_water || value == delivery::deferred;
}

}  // namespace drover
