// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "concurrent_dictionary.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, concurrent_dictionary, &concurrent_dictionary)
    ->Name("concurrent_dictionary")
    ->Apply(savina<200'000>);

}  // namespace benches
