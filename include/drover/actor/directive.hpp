#pragma once

#include <cstdint>
#include <string_view>

namespace drover {

/// What a failure of an actor sets off.
enum class directive : std::uint8_t {
    resume,    ///< the actor goes on with the state it has
    restart,   ///< its state is destroyed and built anew; ref, name, mailbox and place in the tree stay
    stop,      ///< the actor stops
    escalate,  ///< the actor stops, and its parent has failed; without a parent, its runtime decides
};

constexpr std::string_view to_string(directive value) noexcept {
    switch (value) {
        case directive::resume: return "resume";
        case directive::restart: return "restart";
        case directive::stop: return "stop";
        case directive::escalate: return "escalate";
    }
    return "unknown";
}

}  // namespace drover
