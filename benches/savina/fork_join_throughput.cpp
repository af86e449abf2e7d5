// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "fork_join_throughput.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, fork_join_throughput, &fork_join_throughput)
    ->Name("fork_join_throughput")
    ->Apply(savina<600'000>);

}  // namespace benches
