// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "counting_actor.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, counting_actor, &counting_actor)->Name("counting_actor")->Apply(savina<1'000'000>);

}  // namespace benches
