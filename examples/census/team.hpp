// The parsers as a pool, and the policies that may share the files among them.
#pragma once

#include "app.hpp"
#include "messages.hpp"
#include "parser.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace census {

/// A pool of parsers, whatever its policy is. The type of a pool says its policy; the walker need not know it.
struct team {
    std::function<drover::delivery(work&)> offer;  ///< pool::try_tell()
    std::vector<app::handle> rooms;  ///< where files wait: the parsers, or the pool whose queue they share
    app::ref<parser> all;            ///< the pool as an actor
};

/// What every parser is built from.
struct parser_needs {
    app::ref<collector> results;
    app::ref<screen> display;
    std::size_t top;
    const std::atomic<bool>* halted;
};

/// As many parsers as there are threads, who share the files by the policy of that name, one of balance_names().
[[nodiscard]] team make_team(app::runtime& rt, std::string_view balance, const parser_needs& needs);

}  // namespace census
