// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "sweeps.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "workloads.hpp"

namespace benches::scale {
namespace {

double one(double, const machine&) {
    return 1;
}

/// Free bytes at the end of its memory that glibc's malloc gives back to the kernel at once, which has to clear them
/// when they are wanted again: its default M_TRIM_THRESHOLD. With MALLOC_TRIM_THRESHOLD_=1000000000 this step is gone.
constexpr double trim_threshold = 128.0 * 1024;

/// Bytes whose addresses a processor has at hand: 2048 pages of 4 KiB, as recent ones have. The system does not tell.
constexpr double address_cache = 2048.0 * 4096;

/// The share of actors that a cache of this size does not hold.
double missing(double actors, double cache) {
    return std::max(0.0, 1 - cache / (actors * cell_bytes()));
}

/// Of the messages, those whose predecessor in the mailbox was sent by another processor.
double by_others(double senders, const machine& here) {
    return 1 - 1 / std::min(senders, static_cast<double>(here.processors));
}

}  // namespace

std::vector<sweep> all_sweeps() {
    const std::vector<std::uint64_t> decades{10,     30,     100,     300,     1'000,    3'000,
                                             10'000, 30'000, 100'000, 300'000, 1'000'000};
    return {
        {"bytes",
         "bytes an idle actor",
         "actors",
         "bytes",
         decades,
         {10, 1'000, 10'000},
         {{"the block of a cell, by sizeof", &one, cell_bytes()},
          {"once, shared by all actors", [](double n, const machine&) { return 1 / n; }}},
         false,
         &bytes_of_actors},
        {"actors",
         "a hop among actors in random order",
         "actors",
         "ns",
         decades,
         {10, 1'000, 10'000},
         {{"a hop in cache", &one},
          {"miss of level 1", [](double n, const machine& here) { return missing(n, here.first_cache); }},
          {"miss of level 2", [](double n, const machine& here) { return missing(n, here.second_cache); }},
          {"miss of the address cache (8 MiB)", [](double n, const machine&) { return missing(n, address_cache); }}},
         false,
         &cost_of_hops},
        {"senders",
         "threads that tell one actor",
         "senders",
         "ns",
         {1, 2, 3, 4, 5, 6, 7, 8},
         {1, 2, 8},
         {{"a message", &one}, {"share whose predecessor came from another processor", &by_others}},
         true,
         &cost_from_senders},
        {"members",
         "a pool whose members take turns",
         "members",
         "ns",
         {1, 2, 4, 8, 16, 32, 64, 128, 256, 512},
         {1, 16, 256},
         {{"a message", &one},
          {"an actor's turn, shared by the messages in it",
           [](double n, const machine&) { return std::min(1.0, n / static_cast<double>(members_burst)); }}},
         true,
         &cost_of_members},
        {"payloads",
         "messages that are filled, sent and read",
         "bytes",
         "ns",
         {8, 32, 128, 512, 2'048, 8'192, 32'768},
         {8, 512, 32'768},
         {{"a message", &one},
          {"a block of the global allocator", [](double bytes, const machine&) { return bytes > 240 ? 1.0 : 0.0; }},
          {"a byte", [](double bytes, const machine&) { return bytes; }},
          {"more for a byte of bursts above 128 KiB",
           [](double bytes, const machine&) {
               return bytes * static_cast<double>(payload_burst) > trim_threshold ? bytes : 0.0;
           }}},
         false,
         &cost_of_payload},
    };
}

}  // namespace benches::scale
