// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "fan_in.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, fan_in, &fan_in)->Name("fan_in")->Apply(savina<1'000'000>);

}  // namespace benches
