// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "dining_philosophers.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, dining_philosophers, &dining_philosophers)
    ->Name("dining_philosophers")
    ->Apply(savina<200'000>);

}  // namespace benches
