// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "thread_ring.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, thread_ring, &thread_ring)->Name("thread_ring")->Apply(savina<2'000'000>);

}  // namespace benches
