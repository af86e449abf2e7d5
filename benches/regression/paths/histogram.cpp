// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/metrics/histogram.hpp>
#include <drover/metrics/histogram_block.hpp>

#include <array>
#include <chrono>
#include <cstdint>

#include "path.hpp"

namespace benches::paths {
namespace {

std::chrono::nanoseconds duration(std::uint64_t each) {
    return std::chrono::nanoseconds(100 + each * 7919 % 400'000);
}

bool record(std::uint64_t times) {
    drover::histogram_block block;
    for (std::uint64_t each = 0; each != times; ++each) {
        block.record(duration(each));
        keep(block);
    }
    return block.read().count() == times;
}

bool record_shared(std::uint64_t times) {
    drover::histogram_block block;
    for (std::uint64_t each = 0; each != times; ++each) {
        block.record_shared(duration(each));
        keep(block);
    }
    return block.read().count() == times;
}

constexpr std::array all{path{"histogram/record", &record}, path{"histogram/record_shared", &record_shared}};

}  // namespace
}  // namespace benches::paths

int main(int argc, char** argv) {
    return benches::paths::main_of(benches::paths::all, argc, argv);
}
