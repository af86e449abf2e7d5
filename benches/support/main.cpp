// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <benchmark/benchmark.h>

#include "google.hpp"

/// Google Benchmark's own main, except that a benchmark with a wrong answer makes the program end with status 1.
int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return benches::any_failed ? 1 : 0;
}
