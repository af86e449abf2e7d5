// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include "options.hpp"

#include <limits>

#include "../support/options.hpp"

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

}  // namespace

std::optional<int> read_options(options& asked, int count, char** arguments) {
    const option::taking names = expression_into(asked.names);
    const option known[] = {{"--seed", whole_into(asked.seed, "seed", 0, std::numeric_limits<std::uint64_t>::max())},
                            {"--quick", &asked.quick},
                            {"--filter",
                             [&](std::string_view value) {
                                 asked.filter = value;
                                 return names(value);
                             }},
                            {"--json", text_into(asked.json)}};
    return benches::read_options("balancing", usage, known, count, arguments);
}

}  // namespace benches::balancing
