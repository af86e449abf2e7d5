// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "bounded_buffer.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, bounded_buffer, &bounded_buffer)->Name("bounded_buffer")->Apply(savina<40'000>);

}  // namespace benches
