// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "concurrent_sorted_list.hpp"

#include "../support/google.hpp"

namespace benches {

BENCHMARK_CAPTURE(measure, concurrent_sorted_list, &concurrent_sorted_list)
    ->Name("concurrent_sorted_list")
    ->Apply(savina<160'000>);

}  // namespace benches
