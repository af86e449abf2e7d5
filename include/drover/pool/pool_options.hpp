#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drover/actor/spawn.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/base/clock.hpp"
#include "drover/health/health.hpp"
#include "drover/supervision/supervision.hpp"

namespace drover {

/// What becomes of messages that a member has in its mailbox when it stops.
enum class undelivered : std::uint8_t {
    dead_letters,
    /// Another member gets them, whose handlers do not mind that the first one may have begun the like. If the policy
    /// finds only members that have stopped they wait until the pool has a table without those, in their order among
    /// themselves; what is sent meanwhile may overtake them. Dead letters only if no member is left, or those left have
    /// no room. A message that is sent to a member which has just stopped goes the same way, unless that one's mailbox
    /// was full: then it is refused.
    pick_again,
};

/// What a function that gives weights may look at.
struct member_figures {
    std::uint64_t id;  ///< within the pool, from 0 in the order of their making
    std::string_view name;
    std::optional<double> weight;           ///< the present one
    std::uint64_t load;                     ///< as pool_member_view::load
    std::optional<clock_duration> latency;  ///< as pool_member_view::latency
};

/// What may be said of a pool when it is made.
template <balancing_policy Policy, class Health = no_health>
struct pool_options {
    std::size_t members = 1;                       ///< to begin with; 0: add() them
    std::vector<double> weights{};                 ///< theirs, in their order; empty, or fewer than members: not known
    std::string name{};                            ///< for people; a member's is "name/3". Empty: by the worker's type
    typename Policy::options policy{};             ///< the policy's own
    typename as_health<Health>::options health{};  ///< and those of the health policy
    std::optional<supervision> plan{};             ///< of each member. None: as its type says, else it is restarted. A
                                                   ///< member beyond its limit is not picked, and tried again after
                                                   ///< `backoff.most` each time, whatever `beyond` says
    spawn_options each{};                          ///< of each member; its name is the pool's
    /// Gives each member's weight, by its load and latency if the policy reads them or is `measured`, every
    /// `weigh_every` on the runtime's clock, if there is one; on the pool's parent, so it is never called by two
    /// threads at once. What throws, or is no finite number of 0 or more, is told the failure sink, and the member
    /// keeps its weight.
    std::function<double(const member_figures&)> weigh{};
    clock_duration weigh_every = std::chrono::seconds(1);  ///< > 0
    drover::undelivered undelivered = undelivered::dead_letters;
    std::uint64_t seed = 0;  ///< of all that is random; 0: the pool's own, from its runtime's ids
};

}  // namespace drover
