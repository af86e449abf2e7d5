// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace benches {

/// What one run of a workload measured, and whether its answer was right. The same record serves the Google Benchmark
/// programs and the programs that are compared with other actor systems, so both report the same thing.
struct outcome {
    std::chrono::nanoseconds elapsed{};  ///< from before the first send until the answer was there; no start-up in it
    std::uint64_t messages = 0;  ///< what `elapsed` is divided by: messages, or actors where the workload makes them
    std::size_t workers = 0;     ///< worker threads the kernel listed while the runtime was up
    std::string wrong;           ///< empty if the answer was right, else one sentence
    std::uint64_t answer = 0;    ///< what was checked, where other systems must give the same; else 0

    [[nodiscard]] double ns_per_message() const {
        return static_cast<double>(elapsed.count()) / static_cast<double>(messages);
    }
};

/// Empty if `got` is `want`, else a sentence for `outcome::wrong`.
inline std::string expect_equal(std::string const& what, std::uint64_t got, std::uint64_t want) {
    if (got == want) return {};
    return "the answer is wrong: " + what + " is " + std::to_string(got) + ", and " + std::to_string(want) +
           " was expected.";
}

/// The record of a workload whose answer is also compared with the one that other systems give.
inline outcome checked(std::chrono::nanoseconds elapsed, std::uint64_t messages, std::size_t workers,
                       std::string const& what, std::uint64_t answer, std::uint64_t want) {
    return {elapsed, messages, workers, expect_equal(what, answer, want), answer};
}

/// Wall clock from construction. Every thread of a workload works towards one answer, so processor time would hide
/// waiting.
class stopwatch {
public:
    [[nodiscard]] std::chrono::nanoseconds elapsed() const {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start_);
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace benches
