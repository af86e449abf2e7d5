// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <random>

namespace benches {

/// The random numbers of the workloads, the same on all sides: Lehmer's generator with the factor 48 271 (Park, Miller
/// and Stockmeyer 1993), which is std::minstd_rand. One step is exact in 64 bits, and in Erlang's small integers.
class random_numbers {
public:
    /// One sequence for each number, 0, 1, …
    explicit random_numbers(std::uint64_t number) : engine_(7919 * (number + 1)) {}

    std::uint64_t next() { return engine_(); }
    std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }

    /// Above 0 and below 1.
    double fraction() { return static_cast<double>(engine_()) / 2147483647.0; }

    /// Work: draws `count` numbers, at least one, and gives the last.
    std::uint64_t draw(std::uint64_t count) {
        for (std::uint64_t i = 1; i < count; ++i) engine_();
        return engine_();
    }

private:
    std::minstd_rand engine_;
};

}  // namespace benches
