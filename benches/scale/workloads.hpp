// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

/// What the sweeps measure. Each function runs once at a place and returns the figure; it blocks until it has the
/// answer, and throws std::runtime_error if that is wrong. With `quick` there are few messages.
namespace benches::scale {

/// The last two send in bursts, the next one when the last is handled; so memory is used again, and does not grow.
inline constexpr std::uint64_t members_burst = 256;
inline constexpr std::uint64_t payload_burst = 32;

/// The block that an actor's cell takes from the pool.
double cell_bytes();

/// `actors` idle actors with a state of 8 bytes, each of which has handled one message: bytes each by which the
/// resident memory has grown since the first one.
double bytes_of_actors(std::uint64_t actors, bool quick);

/// Up to 64 tokens go round a ring in which `actors` actors stand in random order; one worker, so that nothing but the
/// memory that the actors take is in play. ns of its processor time a hop.
double cost_of_hops(std::uint64_t actors, bool quick);

/// `senders` threads tell one actor a million numbers in all; one worker. ns a message by the wall clock, as threads
/// meet here, from the first send until the actor has had the last one.
double cost_from_senders(std::uint64_t senders, bool quick);

/// An actor tells a pool of `members` that take turns 256 messages at a time, and the next when all are handled; one
/// worker. ns of its processor time a message.
double cost_of_members(std::uint64_t members, bool quick);

/// An actor fills messages of `bytes` and tells them to another, who reads them, 32 at a time, and the next when it
/// hears of the last; one worker. ns of its processor time a message.
double cost_of_payload(std::uint64_t bytes, bool quick);

}  // namespace benches::scale
