#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "drover/message/dead_letter.hpp"

namespace drover {

/// Where every message sent to a runtime has gone. At any moment offered = handled + all dead letters + returned +
/// pending.
struct accounting {
    std::uint64_t offered;   ///< messages given to tell, try_tell, tell_batch and ask
    std::uint64_t handled;   ///< their handlers returned
    std::uint64_t returned;  ///< left with the caller by try_tell
    std::uint64_t pending;   ///< in a mailbox, in a handler, or on the way
    std::array<std::uint64_t, dead_letter_reasons> dead_letters;  ///< by dead_letter_reason
    std::uint64_t late_replies;                                   ///< replies to asks that had timed out; not messages
    std::uint64_t failures;  ///< exceptions that left an actor's code; not messages

    std::uint64_t dead(dead_letter_reason reason) const noexcept {
        return dead_letters[static_cast<std::size_t>(reason)];
    }
    std::uint64_t dead() const noexcept {
        std::uint64_t sum = 0;
        for (const std::uint64_t each : dead_letters) {
            sum += each;
        }
        return sum;
    }
};

}  // namespace drover
