// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "../random_numbers.hpp"

namespace benches::shape {

inline constexpr std::uint64_t smokers = 200;

struct smoking_round {
    std::uint64_t smoker;
    std::uint64_t period;
};

inline smoking_round next_smoking_round(random_numbers& random) {
    auto const smoker = random.below(smokers);
    return {smoker, random.below(1'000) + 10};
}

/// Draws `period` random numbers, always the same ones for a period; gives the last.
inline std::uint64_t smoke(std::uint64_t period) {
    return random_numbers(period).draw(period);
}

inline std::uint64_t smokers_expected(std::uint64_t rounds) {
    random_numbers random(0);
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < rounds; ++i) sum += smoke(next_smoking_round(random).period);
    return sum;
}

}  // namespace benches::shape
