// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

/// The sizes and the right answers of the workloads, in one place for drover and for the systems it is compared with.
namespace benches::shape {

inline constexpr std::size_t ring_actors = 100;
inline constexpr std::size_t fan_in_producers = 4;
inline constexpr std::size_t fork_join_actors = 60;
inline constexpr std::size_t pool_members = 8;
inline constexpr std::size_t pool_batch = 32;

/// Balls the player has seen who gets the last one: the two take turns, and both see half, the first one more if odd.
constexpr std::uint64_t last_players_balls(std::uint64_t messages) {
    return (messages + 1) / 2;
}

/// Place in the ring of the actor that gets the last of `messages` hops, when the first hop goes to place 0.
constexpr std::uint64_t last_place(std::uint64_t messages) {
    return (messages - 1) % ring_actors;
}

/// Sum at the sink when every producer has sent 0, 1, …, `each` - 1.
constexpr std::uint64_t fan_in_sum(std::uint64_t each) {
    return fan_in_producers * (each * (each - 1) / 2);
}

/// Messages that one of `senders` or receivers deals with; at least 1.
constexpr std::uint64_t share(std::uint64_t messages, std::size_t among) {
    return messages < among ? 1 : messages / among;
}

/// Numbers of one producer to a pool, so that all batches are whole and all members get the same count.
constexpr std::uint64_t pool_share(std::uint64_t messages) {
    return share(share(messages, fan_in_producers), pool_batch) * pool_batch;
}
static_assert(pool_batch % pool_members == 0);

}  // namespace benches::shape
