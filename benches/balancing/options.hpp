// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

namespace benches::balancing {

struct options {
    std::uint64_t seed = 1;
    bool quick = false;
    std::string json{};  ///< empty: none is written
    std::string filter = ".*";
    std::regex names{".*", std::regex::optimize};

    /// Whether the cell of this name is to be run.
    [[nodiscard]] bool wants(std::string_view cell) const { return std::regex_search(cell.begin(), cell.end(), names); }
};

/// As benches::read_options.
std::optional<int> read_options(options& asked, int count, char** arguments);

}  // namespace benches::balancing
