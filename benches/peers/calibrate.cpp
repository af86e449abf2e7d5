// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iostream>

#include "../support/outcome.hpp"

/// Prints what one locked exchange costs on this machine when no other processor wants the cache line: the floor under
/// every queued send, and a yardstick for comparing runs on different machines. Lowest of 9 rounds, because a round is
/// only ever slowed down; each exchange is one step of a dependent chain, as it is in a mailbox.
int main() {
    constexpr int rounds = 9;
    constexpr std::uint64_t steps = 4'000'000;
    alignas(64) std::atomic<std::uint64_t> word{1};
    double best = 1e9;
    std::uint64_t carried = 2;
    for (int round = 0; round < rounds; ++round) {
        benches::stopwatch const clock;
        for (std::uint64_t i = 0; i < steps; ++i) carried = word.exchange(carried, std::memory_order_acq_rel);
        best = std::min(best, static_cast<double>(clock.elapsed().count()) / static_cast<double>(steps));
    }
    if (carried + word.load(std::memory_order_relaxed) != 3) {  // an even number of swaps of 1 and 2, in either order
        std::cerr << "calibrate: an exchange lost its value.\n";
        return 1;
    }
    std::cout << R"({"locked_exchange_ns": )" << best << "}\n";
}
