// One line that says how far a run has come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace census {

struct progress {
    double seconds = 0;       // since the beginning
    std::uint64_t files = 0;  // read or skipped
    std::uint64_t bytes = 0;
    std::uint64_t total_files = 0;  // found by the survey so far
    std::uint64_t total_bytes = 0;
    bool surveyed = false;    // the totals are final
    std::size_t waiting = 0;  // files handed to the parsers and not read yet

    [[nodiscard]] double share() const;

    /// Seconds left at the rate so far; negative as long as nobody knows.
    [[nodiscard]] double seconds_left() const;
};

/// At most `width` columns, without escape codes: the bar takes what the figures leave.
[[nodiscard]] std::string progress_line(const progress& now, std::size_t width);

}  // namespace census
