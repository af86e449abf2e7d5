// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "../random_numbers.hpp"

namespace benches::shape {

inline constexpr std::size_t waiting_room = 1'000;
inline constexpr std::uint64_t barber_random = 0;
inline constexpr std::uint64_t street_random = 1;

/// A haircut, or the time until the next customer: 10 to 1009 random numbers are drawn; gives the last.
inline std::uint64_t pass_time(random_numbers& random) {
    return random.draw(random.below(1'000) + 10);
}

/// The last numbers that barber and street have drawn, and the haircuts.
inline std::uint64_t barber_expected(std::uint64_t haircuts) {
    std::uint64_t sum = haircuts;
    for (auto const number : {barber_random, street_random}) {
        random_numbers random(number);
        for (std::uint64_t i = 1; i < haircuts; ++i) pass_time(random);
        sum += pass_time(random);
    }
    return sum;
}

}  // namespace benches::shape
