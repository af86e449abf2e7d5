// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "ping_pong.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, ping_pong, &ping_pong)->Name("ping_pong")->Apply(savina<2'000'000>);

}  // namespace benches
