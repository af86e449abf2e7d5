// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "big.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, big, &big)->Name("big")->Apply(savina<2'400'000>);

}  // namespace benches
