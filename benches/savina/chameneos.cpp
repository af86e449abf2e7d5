// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "chameneos.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, chameneos, &chameneos)->Name("chameneos")->Apply(savina<200'000>);

}  // namespace benches
