#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drover/actor/spawn.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/supervision/supervision.hpp"

namespace drover {

/// What becomes of messages that a member has in its mailbox when it stops.
enum class undelivered : std::uint8_t {
    dead_letters,
    pick_again,  ///< another member gets them, whose handlers do not mind that the first one may have begun the like
};

/// What may be said of a pool when it is made.
template <balancing_policy Policy>
struct pool_options {
    std::size_t members = 1;            ///< to begin with; 0: add() them
    std::vector<double> weights{};      ///< theirs, in their order; empty, or fewer than members: not known
    std::string name{};                 ///< for people; a member's is "name/3". Empty: by the worker's type
    typename Policy::options policy{};  ///< the policy's own
    std::optional<supervision> plan{};  ///< of each member. None: as its type says, else it is restarted. A
                                        ///< member beyond its limit is not picked, and tried again after
                                        ///< `backoff.most` each time, whatever `beyond` says
    spawn_options each{};               ///< of each member; its name is the pool's
    drover::undelivered undelivered = undelivered::dead_letters;
    std::uint64_t seed = 0;  ///< of all that is random; 0: the pool's own, from its runtime's ids
};

}  // namespace drover
