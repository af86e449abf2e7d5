// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace benches::shape {

inline constexpr std::size_t series = 10;

inline double series_rate(std::size_t which) {
    return 3.46 + static_cast<double>(which) * 0.0025;
}
inline double first_term(std::size_t which) {
    return static_cast<double>(which) * 0.0025;
}
inline double next_term(double rate, double term) {
    return rate * term * (1 - term);
}

/// What is added up in the end: nine digits of a term, so that the sum does not depend on its order.
inline std::uint64_t whole_term(double term) {
    return static_cast<std::uint64_t>(term * 1e9);
}

inline std::uint64_t logistic_map_expected(std::uint64_t each) {
    std::uint64_t sum = 0;
    for (std::size_t which = 0; which < series; ++which) {
        double term = first_term(which);
        for (std::uint64_t i = 0; i < each; ++i) term = next_term(series_rate(which), term);
        sum += whole_term(term);
    }
    return sum;
}

}  // namespace benches::shape
