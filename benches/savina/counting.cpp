// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "counting.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, counting, &counting)->Name("counting")->Apply(savina<1'000'000>);

}  // namespace benches
