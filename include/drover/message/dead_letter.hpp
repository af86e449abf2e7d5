#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>

#include "drover/base/ids.hpp"
#include "drover/message/delivery.hpp"

namespace drover {

/// Why a message was not handled. Each dead letter has exactly one reason.
enum class dead_letter_reason : std::uint8_t {
    dropped,    ///< a full mailbox dropped it, or its receiver cleared its stash
    rejected,   ///< a full mailbox or stash refused it
    stopped,    ///< the actor, or its runtime, had stopped or stopped before its turn came
    failed,     ///< its handler threw
    expired,    ///< its deadline had passed before its turn came
    no_target,  ///< it was sent to a name that nobody holds
    unhandled,  ///< the behaviour that its actor had when its turn came has no handler for it
};

inline constexpr std::size_t dead_letter_reasons = 7;

/// Why a message that a send did not get in is a dead letter.
constexpr dead_letter_reason reason_of(delivery refused) noexcept {
    switch (refused) {
        case delivery::stopped: return dead_letter_reason::stopped;
        case delivery::dropped: return dead_letter_reason::dropped;
        case delivery::no_target: return dead_letter_reason::no_target;
        default: return dead_letter_reason::rejected;
    }
}

constexpr std::string_view to_string(dead_letter_reason value) noexcept {
    constexpr std::array<std::string_view, dead_letter_reasons> names{"dropped", "rejected",  "stopped",  "failed",
                                                                      "expired", "no_target", "unhandled"};
    const auto index = static_cast<std::size_t>(value);
    return index < names.size() ? names[index] : "unknown";
}

/// What the dead-letter sink is told. The views are valid during the call.
struct dead_letter {
    dead_letter_reason reason;
    std::string_view message;  ///< the message's type
    std::string_view actor;    ///< the name of the actor it was sent to, or for `no_target` the name that nobody holds
    actor_id id;
};

/// What the failure sink is told: an exception left a handler, a constructor of a restart, or a destructor.
/// The views are valid during the call.
struct failure {
    std::string_view actor;
    actor_id id;
    std::string_view message;  ///< the type of the message that was handled, or what else ran: "started", "stopped"
    std::exception_ptr exception;
};

}  // namespace drover
