// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>

#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "counter.hpp"

namespace benches {

/// Counting, from outside: the main thread, which is no worker, sends `messages` increments to one actor in a loop,
/// then asks it for the count. Senders: 1, the main thread. Time: from the first increment until the main thread has
/// the count. Figure: ns per increment.
inline outcome counting(std::uint64_t messages, std::size_t threads) {
    drover::runtime rt({.threads = threads});
    auto const target = rt.spawn<counter>();

    stopwatch const clock;
    for (std::uint64_t i = 0; i < messages; ++i) target.tell(increment{});
    auto const count = target.ask(retrieve{}).get();
    auto const elapsed = clock.elapsed();

    return {elapsed, messages, usage_of_threads("drover/").threads, expect_equal("the count", count, messages)};
}

}  // namespace benches
