// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "options.hpp"

#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <system_error>

namespace benches::balancing {
namespace {

constexpr char usage[] = R"(usage: balancing [options]

Quality and cost of drover's balancing policies: prefix deviation, key movement, caps, queueing, picks, rebuilds.
Queueing is simulated in virtual time; what is simulated follows from the seed, to the last digit.

  --seed N      of everything random (1)
  --quick       fewer cells and jobs: a few seconds instead of minutes
  --filter RE   only cells whose name has a match of this regular expression (ECMAScript); names are
                  deviation/SET/POLICY                      keys/MEMBERS/POLICY
                  cap/MEMBERS/POLICY                        queueing/SERVICE/POOL/MEMBERS/LOAD/POLICY
                  pick/MEMBERS/THREADS/POLICY               rebuild/MEMBERS/POLICY
                  pools/SERVICE/POOL/MEMBERS/LOAD/POLICY    health/MEMBERS/HEALTH/POLICY
  --json FILE   also write everything to FILE
  --help        print this and end

Queueing cells: exponential, hyperexponential and bimodal service; pools equal, skewed (a quarter is 4 times as fast,
and has the weight), one_slow (one is 10 times slower, and the weights do not tell), one_failing (one answers at once
with a failure); 4, 16 and 128 members; 50, 70, 80, 90 and 95 % of what the healthy members can do; 1 000 000 jobs a
cell after 100 000 and 1000 a member that are not counted. And, at 70 % and exponential service, one slow of 8 beside
the healthy seven. With --quick six pools of exponential service, of 16 and of 8 members, and a tenth of the jobs, each
cell twice to see that it repeats. Five cells are repeated with the same jobs by actors in real pools, on a simulated
runtime: as many jobs, after a fifth more that are not counted. Health cells: one of 8 members of a real pool fails at
once for a minute, and the pool ejects it or does not.

Ends with status 1 if something is not as drover promises it, 2 if called wrongly. An aim that is missed is reported,
and is no failure.
)";

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

std::optional<options> read_options(int count, char** arguments, int& status) {
    options found;
    status = 2;
    for (int at = 1; at < count; ++at) {
        const std::string_view name = arguments[at];
        if (name == "--help" || name == "-h") {
            fmt::print("{}", usage);
            status = 0;
            return std::nullopt;
        }
        if (name == "--quick") {
            found.quick = true;
            continue;
        }
        if (name != "--seed" && name != "--json" && name != "--filter") {
            fmt::print(stderr, "balancing: there is no option '{}'; --help lists those there are\n", name);
            return std::nullopt;
        }
        if (at + 1 == count) {
            fmt::print(stderr, "balancing: {} wants a value after it; see --help\n", name);
            return std::nullopt;
        }
        const std::string_view value = arguments[++at];
        if (name == "--json") {
            found.json = value;
        } else if (name == "--seed") {
            const auto seed = number_of(value);
            if (!seed) {
                fmt::print(stderr, "balancing: the seed '{}' is no whole number from 0 to 2^64 - 1; give one\n", value);
                return std::nullopt;
            }
            found.seed = *seed;
        } else {
            try {
                found.filter = value;
                found.names = std::regex(found.filter, std::regex::optimize);
            } catch (const std::regex_error& error) {
                fmt::print(stderr, "balancing: the filter '{}' is no regular expression: {}\n", value, error.what());
                return std::nullopt;
            }
        }
    }
    return found;
}

}  // namespace benches::balancing
