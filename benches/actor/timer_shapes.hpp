// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

/// The moments of the workloads with timers, in one place for drover and for the systems it is compared with.
namespace benches::timer_shape {

inline constexpr std::uint64_t crowd = 1'000'000;

/// A number below a million, without order, which every language works out in the same way.
constexpr std::uint64_t spread(std::uint64_t i) {
    return i * 7'919 % 1'000'003 % 1'000'000;
}

}  // namespace benches::timer_shape
