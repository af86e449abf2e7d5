#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace drover_test {

/// How much slower this build runs than a release build: 1, or what ctest says of a sanitizer or coverage build.
inline std::size_t slowdown() {
    static const std::size_t factor = [] {
        const char* text = std::getenv("DROVER_TEST_SLOWDOWN");
        const long value = text == nullptr ? 1 : std::strtol(text, nullptr, 10);
        return static_cast<std::size_t>(std::max(1L, value));
    }();
    return factor;
}

/// The number of rounds of a long test that takes `rounds` in a release build: fewer where each one takes longer, so
/// that a slow build shortens a test and never leaves one out. At least one.
inline std::size_t scaled(std::size_t rounds) {
    return std::max<std::size_t>(1, rounds / slowdown());
}

}  // namespace drover_test
