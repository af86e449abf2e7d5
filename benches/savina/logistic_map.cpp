// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "logistic_map.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, logistic_map, &logistic_map)->Name("logistic_map")->Apply(savina<250'000>);

}  // namespace benches
