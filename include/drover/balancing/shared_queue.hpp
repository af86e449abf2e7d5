#pragma once

#include <cstdint>
#include <span>

#include "drover/balancing/join_idle_queue.hpp"
#include "drover/balancing/policy.hpp"

namespace drover {

namespace detail {

// Who gets a message when nobody is idle: nobody yet.
struct whoever_is_free {
    using options = no_options;
    using state = keeps_nothing;
    using local = keeps_nothing;
    struct table {};

    static constexpr signals needs = signals::none;

    static expected<table, build_error> build(std::span<const member_info>, state&) { return table{}; }
    static member_index pick(const table&, state&, local&, pick_key) noexcept { return no_member; }
};

}  // namespace detail

/// All messages wait in one queue, from which members take the next one when they have nothing to do. There is no
/// prediction that can be wrong: no message waits behind a slow one while a member is idle. So it has the best mean
/// that a policy can have which does not look at the work, and the price is a queue that all senders and all members
/// share (pool/shared_list.hpp).
///
/// Weights do not count, but that one of weight 0 takes nothing as long as others may. The order of a sender's messages
/// is the order in which they are begun. The queue is as the members' mailbox is: its capacity and what happens beyond
/// it, and its levels of priority, are the queue's.
///
/// Over a table: `pick` gives an idle member, as join_idle_queue does, or `no_member`: then the message is to wait.
struct shared_queue : join_idle_queue<detail::whoever_is_free> {
    static constexpr bool pulls = true;

    /// May anybody take messages at all?
    static bool anybody(const table& from) noexcept { return !from.eligible.empty(); }
};

/// Members of a pool with such a policy take messages from the pool's queue; a pick says only whom to wake.
template <class P>
inline constexpr bool pulls = requires { requires P::pulls; };

static_assert(balancing_policy<shared_queue> && claims_idle<shared_queue> && pulls<shared_queue>);

}  // namespace drover
