#pragma once

#include <concepts>

#include "drover/base/clock.hpp"

namespace drover {

/// The default: a message has no deadline. No field in it, and no instruction.
struct no_deadlines {
    static constexpr bool carried = false;
    struct stamp {};
};

/// Each message carries a deadline, 8 bytes: who sends inside a deadline_scope, or in the handler of a message that has
/// one, gives it on, and a message whose turn comes too late is not handled (docs/guides/time.md). Named in a feature
/// bundle: `using deadlines = drover::message_deadlines;`. Costs a load and a compare for each message; the clock is
/// read only for those that have one.
struct message_deadlines {
    static constexpr bool carried = true;
    struct stamp {
        time_point at = time_point::max();  ///< on the clock of the receiver's runtime; max(): none
    };
};

template <class D>
concept deadline_policy = std::same_as<D, no_deadlines> || std::same_as<D, message_deadlines>;

/// A message that is handled however late it is, for its type says `static constexpr bool never_expires = true;`.
template <class M>
concept never_expires = requires { requires static_cast<bool>(M::never_expires); };

}  // namespace drover
