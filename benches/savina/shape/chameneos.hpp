// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace benches::shape {

inline constexpr std::uint64_t creatures = 100;
inline constexpr std::uint64_t colours = 3;

/// The colour of both after a meeting: their common one, or the one that neither has. The sum of all colours, modulo 3,
/// is the same after each meeting, so it can be checked in the end.
constexpr std::uint64_t complement(std::uint64_t one, std::uint64_t other) {
    return (2 * colours - one - other) % colours;
}
static_assert(complement(1, 1) == 1 && complement(0, 2) == 1 && complement(2, 1) == 0);

/// `met`: meetings seen by all creatures; `colour_sum`: of all their colours in the end.
constexpr std::uint64_t chameneos_answer(std::uint64_t met, std::uint64_t colour_sum) {
    return colours * met + colour_sum % colours;
}

constexpr std::uint64_t chameneos_expected(std::uint64_t meetings) {
    std::uint64_t sum = 0;
    for (std::uint64_t place = 0; place < creatures; ++place) sum += place % colours;
    return chameneos_answer(2 * meetings, sum);
}

}  // namespace benches::shape
