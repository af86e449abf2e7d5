// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "sleeping_barber.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, sleeping_barber, &sleeping_barber)->Name("sleeping_barber")->Apply(savina<5'000>);

}  // namespace benches
