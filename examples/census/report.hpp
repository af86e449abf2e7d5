// What a person or a program reads at the end.
#pragma once

#include "tally.hpp"

#include <optional>
#include <string>
#include <vector>

namespace census {

/// The same job done by the actors and by the plain loop.
struct comparison {
    double actor_seconds = 0;
    double loop_seconds = 0;
    bool same_counts = false;

    /// How many times as fast the actors were.
    [[nodiscard]] double ratio() const { return actor_seconds > 0 ? loop_seconds / actor_seconds : 0; }
};

struct report {
    std::vector<std::string> directories;
    findings found;
    std::optional<comparison> compared{};
    std::string balance;       // how the parsers shared the files
    bool tell_shares = false;  // in the text, that is: JSON has them always
};

/// One JSON object and a newline; valid UTF-8 whatever the files are called.
[[nodiscard]] std::string as_json(const report& what);

[[nodiscard]] std::string as_text(const report& what);

/// 12345678 as "12 345 678".
[[nodiscard]] std::string grouped(std::uint64_t value);

}  // namespace census
