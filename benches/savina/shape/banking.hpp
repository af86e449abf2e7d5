// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "../random_numbers.hpp"

namespace benches::shape {

inline constexpr std::uint64_t accounts = 1'000;
inline constexpr std::uint64_t first_balance = 1'000'000'000;

struct transaction {
    std::uint64_t from;
    std::uint64_t to;
    std::uint64_t amount;
};

/// Money goes up only, so accounts that wait for each other never stand in a ring.
inline transaction next_transaction(random_numbers& random) {
    auto const from = random.below(accounts / 10 * 8);
    auto const to = from + std::max<std::uint64_t>(1, random.below(accounts - from));
    return {from, to, random.below(1'000) + 1};
}

/// What the account in this place adds to the sum.
inline std::uint64_t weighed_balance(std::uint64_t place, std::uint64_t balance) {
    return (place + 1) * balance;
}

inline std::uint64_t banking_expected(std::uint64_t transactions) {
    std::uint64_t sum = first_balance * (accounts * (accounts + 1) / 2);
    random_numbers random(0);
    for (std::uint64_t i = 0; i < transactions; ++i) {
        auto const next = next_transaction(random);
        sum += (next.to - next.from) * next.amount;
    }
    return sum;
}

}  // namespace benches::shape
