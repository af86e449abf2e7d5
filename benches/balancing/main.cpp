// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string_view>

#include "../support/outcome.hpp"
#include "options.hpp"
#include "report.hpp"

namespace benches::balancing {
namespace {

int run(int count, char** arguments) {
    report all;
    if (const auto status = read_options(all.asked, count, arguments)) return *status;
    // A report of nothing, so that a name that is no good is complained of before the minutes and not after them.
    if (!all.asked.json.empty() && !write_json(all)) return 2;

    constexpr struct {
        std::string_view name;
        void (*run)(report&);
    } parts[] = {{"deviation", run_deviations}, {"keys", run_movements},   {"cap", run_caps},
                 {"pick", run_picks},           {"rebuild", run_rebuilds}, {"queueing", run_queueing},
                 {"pools", run_pools},          {"health", run_healths}};
    for (const auto& part : parts) {
        const stopwatch clock;
        part.run(all);
        all.seconds.emplace_back(part.name, std::chrono::duration<double>(clock.elapsed()).count());
    }
    if (all.deviations.empty() && all.movements.empty() && all.caps.empty() && all.queueing.empty() &&
        all.pools.empty() && all.healths.empty() && all.picks.empty() && all.rebuilds.empty()) {
        fmt::print(stderr, "balancing: no cell's name has a match of '{}'; --help tells what they are called\n",
                   all.asked.filter);
        return 2;
    }
    judge(all);
    print_text(all);
    if (!all.asked.json.empty() && !write_json(all)) return 2;
    return std::ranges::all_of(all.verdicts, [](const verdict& each) { return each.met || !each.promised; }) ? 0 : 1;
}

}  // namespace
}  // namespace benches::balancing

int main(int count, char** arguments) {
    try {
        return benches::balancing::run(count, arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "balancing: {}\n", error.what());
        return 1;
    }
}
