// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "../random_numbers.hpp"

namespace benches::shape {

inline constexpr std::uint64_t big_actors = 120;

/// Sum of the places, from 1, of all who were pinged, when each actor has pinged `each` times.
inline std::uint64_t big_expected(std::uint64_t each) {
    std::uint64_t sum = 0;
    for (std::uint64_t place = 0; place < big_actors; ++place) {
        random_numbers random(place);
        for (std::uint64_t i = 0; i < each; ++i) sum += random.below(big_actors) + 1;
    }
    return sum;
}

}  // namespace benches::shape
