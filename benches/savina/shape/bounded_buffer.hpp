// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "../random_numbers.hpp"

namespace benches::shape {

inline constexpr std::size_t buffer_producers = 40;
inline constexpr std::size_t buffer_consumers = 40;
inline constexpr std::size_t buffer_size = 50;
inline constexpr std::size_t buffer_room = buffer_size - buffer_producers;  // one item of each may be under way
inline constexpr int item_cost = 25;

/// The work on an item, in its producer and again in its consumer: 100 random numbers and logarithms a unit of cost,
/// always the same ones.
inline double process_item(double item) {
    random_numbers random(item_cost);
    for (int i = 0; i < item_cost * 100; ++i) item += std::log(random.fraction() + 0.01);
    return item;
}

/// What a consumer adds up: no fractions, so that the sum does not depend on its order. Items are below 0.
inline std::uint64_t whole(double item) {
    return static_cast<std::uint64_t>(-item);
}

inline std::uint64_t buffer_expected(std::uint64_t each) {
    double item = 0;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < each; ++i) sum += whole(item = process_item(item));
    return sum * buffer_producers;
}

}  // namespace benches::shape
