// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "fork_join_create.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, fork_join_create, &fork_join_create)->Name("fork_join_create")->Apply(savina<200'000>);

}  // namespace benches
