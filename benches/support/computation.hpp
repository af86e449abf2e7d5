// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

namespace benches {

inline constexpr double savina_theta = 37.2;

/// The little work that the Savina suite does for each message of its fork-join workloads: one sine, squared.
/// Returns whether the result is plausible, so that a caller can count the work it has done.
inline bool perform_computation(double theta) {
    double volatile angle = theta;  // else the compiler works it out beforehand, and the workload is another one
    double const sine = std::sin(angle);
    return sine * sine > 0.0;
}

}  // namespace benches
