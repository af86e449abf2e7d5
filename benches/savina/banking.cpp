// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "banking.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, banking, &banking)->Name("banking")->Apply(savina<50'000>);

}  // namespace benches
