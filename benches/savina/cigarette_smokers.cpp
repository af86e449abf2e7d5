// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "cigarette_smokers.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, cigarette_smokers, &cigarette_smokers)->Name("cigarette_smokers")->Apply(savina<100'000>);

}  // namespace benches
