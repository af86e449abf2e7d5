// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/balancing/bounded_load.hpp>
#include <drover/balancing/consistent_hash.hpp>
#include <drover/balancing/join_idle_queue.hpp>
#include <drover/balancing/least_loaded.hpp>
#include <drover/balancing/maglev.hpp>
#include <drover/balancing/peak_ewma.hpp>
#include <drover/balancing/policy.hpp>
#include <drover/balancing/power_of_two_choices.hpp>
#include <drover/balancing/random_pick.hpp>
#include <drover/balancing/rendezvous.hpp>
#include <drover/balancing/round_robin.hpp>
#include <drover/balancing/sticky.hpp>
#include <drover/balancing/weighted_random.hpp>
#include <drover/balancing/weighted_round_robin.hpp>

#include <cstddef>
#include <string_view>

#include "references/deadline_weighted_round_robin.hpp"
#include "references/interleaved_weighted_round_robin.hpp"
#include "references/modulo_hash.hpp"
#include "references/shared_queue.hpp"
#include "references/shortest_queue.hpp"
#include "references/smooth_weighted_round_robin.hpp"
#include "references/static_stride.hpp"
#include "references/stride_weighted_round_robin.hpp"

namespace benches::balancing {

template <std::size_t Length>
struct fixed_text {
    consteval fixed_text(const char (&given)[Length]) {  // NOLINT: implicit, so that a string literal will do
        for (std::size_t each = 0; each != Length; ++each) {
            text[each] = given[each];
        }
    }
    char text[Length];
};

/// In which queueing cells a policy runs.
enum class shown { always, where_weights_differ };

/// A policy, and how tables call it.
template <fixed_text Name, class P, shown Where = shown::always>
struct named {
    using policy = P;
    static constexpr std::string_view name = Name.text;
    static constexpr bool only_where_weights_differ = Where == shown::where_weights_differ;
};

/// for_each([](auto entry) { using policy = typename decltype(entry)::policy; ... });
template <class... Named>
struct policy_list {
    template <class F>
    static void for_each(F&& each) {
        (each(Named{}), ...);
    }
};

/// A policy that picks idle members, for a pool in which there are none: what a pick costs until it falls back.
template <drover::balancing_policy P>
struct nobody_idle : P {};

// One line for each row of a table. Where all weights are equal, weighted_round_robin is round_robin, and
// weighted_random is random_pick.
// clang-format off
using queueing_policies = policy_list<
    named<"random_pick", drover::random_pick>,
    named<"weighted_random", drover::weighted_random, shown::where_weights_differ>,
    named<"round_robin", drover::round_robin>,
    named<"weighted_round_robin", drover::weighted_round_robin, shown::where_weights_differ>,
    named<"power_of_two_choices", drover::power_of_two_choices>,
    named<"peak_ewma", drover::peak_ewma>,
    named<"join_idle_queue", drover::join_idle_queue<>>,
    named<"join_idle_queue<random_pick>", drover::join_idle_queue<drover::random_pick>>,
    named<"least_loaded", drover::least_loaded>,
    named<"shortest_queue", shortest_queue>,
    named<"shared_queue", shared_queue>>;

using weighted_turns = policy_list<
    named<"weighted_round_robin", drover::weighted_round_robin>,
    named<"smooth_weighted_round_robin", smooth_weighted_round_robin>,
    named<"deadline_weighted_round_robin", deadline_weighted_round_robin>,
    named<"stride_weighted_round_robin", stride_weighted_round_robin>,
    named<"static_stride", static_stride>,
    named<"interleaved_weighted_round_robin", interleaved_weighted_round_robin>>;

using hash_policies = policy_list<
    named<"maglev", drover::consistent_hash<drover::maglev>>,
    named<"rendezvous", drover::consistent_hash<drover::rendezvous>>,
    named<"modulo_hash", drover::consistent_hash<modulo_hash>>>;

using capped_policies = policy_list<
    named<"bounded_load<maglev>", drover::bounded_load<drover::maglev>>,
    named<"bounded_load<rendezvous>", drover::bounded_load<drover::rendezvous>>,
    named<"maglev", drover::consistent_hash<drover::maglev>>,
    named<"rendezvous", drover::consistent_hash<drover::rendezvous>>>;

// Whose pick and whose build is timed.
using timed_policies = policy_list<
    named<"round_robin", drover::round_robin>,
    named<"weighted_round_robin", drover::weighted_round_robin>,
    named<"random_pick", drover::random_pick>,
    named<"weighted_random", drover::weighted_random>,
    named<"power_of_two_choices", drover::power_of_two_choices>,
    named<"peak_ewma", drover::peak_ewma>,
    named<"join_idle_queue", drover::join_idle_queue<>>,
    named<"join_idle_queue, none idle", nobody_idle<drover::join_idle_queue<>>>,
    named<"least_loaded", drover::least_loaded>,
    named<"maglev", drover::consistent_hash<drover::maglev>>,
    named<"rendezvous", drover::consistent_hash<drover::rendezvous>>,
    named<"bounded_load<maglev>", drover::bounded_load<drover::maglev>>,
    named<"sticky<power_of_two_choices>", drover::sticky<drover::power_of_two_choices>>,
    named<"smooth_weighted_round_robin", smooth_weighted_round_robin>,
    named<"deadline_weighted_round_robin", deadline_weighted_round_robin>,
    named<"stride_weighted_round_robin", stride_weighted_round_robin>,
    named<"static_stride", static_stride>,
    named<"interleaved_weighted_round_robin", interleaved_weighted_round_robin>>;
// clang-format on

}  // namespace benches::balancing
