// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <drover/balancing.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "path.hpp"

namespace benches::paths {
namespace {

constexpr std::uint32_t members = 16;

/// Picks among 16 members that have some messages each, which nobody changes.
template <class P>
bool pick(std::uint64_t times) {
    std::unique_ptr<drover::member_load[]> const loads(new drover::member_load[members]);
    std::vector<drover::member_info> infos(members);
    for (std::uint32_t each = 0; each != members; ++each) {
        loads[each].sent(each % 5);
        infos[each].id = each * 7919 + 1;
        infos[each].weight = 1 + each % 3;
        infos[each].load = &loads[each];
        infos[each].slot = each;
    }
    typename P::state state(typename P::options{}, 1);
    typename P::local local(2);
    auto const table = P::build(infos, state);
    if (!table) return false;
    bool right = true;
    for (std::uint64_t each = 0; each != times; ++each) {
        drover::member_index const taken = P::pick(*table, state, local, {each % 1024});
        if constexpr (drover::counts_picks<P>) loads[taken].withdrawn();
        right &= taken < members;
        keep(taken);
    }
    return right;
}

constexpr std::array all{
    path{"pick/round_robin", &pick<drover::round_robin>},
    path{"pick/weighted_round_robin", &pick<drover::weighted_round_robin>},
    path{"pick/random", &pick<drover::random_pick>},
    path{"pick/weighted_random", &pick<drover::weighted_random>},
    path{"pick/power_of_two_choices", &pick<drover::power_of_two_choices>},
    path{"pick/least_loaded", &pick<drover::least_loaded>},
    path{"pick/rendezvous", &pick<drover::consistent_hash<drover::rendezvous>>},
    path{"pick/maglev", &pick<drover::consistent_hash<drover::maglev>>},
};

}  // namespace
}  // namespace benches::paths

int main(int argc, char** argv) {
    return benches::paths::main_of(benches::paths::all, argc, argv);
}
