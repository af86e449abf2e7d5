// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "restart.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, restart, &restart)->Name("restart")->Apply(savina<100'000>);

}  // namespace benches
