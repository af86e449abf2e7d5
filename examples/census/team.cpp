#include "team.hpp"

#include "crew.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace census {
namespace {

template <drover::balancing_policy Policy>
team team_by(app::runtime& rt, const parser_needs& needs) {
    drover::pool_options<Policy> options{.members = rt.thread_count(), .name = "parser"};
    const auto parsers = drover::spawn_pool<parser, Policy>(rt, std::move(options), needs.results, needs.display,
                                                            needs.top, needs.halted);
    team made;
    made.all = parsers;
    if constexpr (drover::pulls<Policy>) {
        made.rooms.push_back(made.all);
    } else {
        for (const auto& one : parsers.members()) {
            made.rooms.push_back(one.actor);
        }
    }
    made.offer = [parsers](work& file) { return parsers.try_tell(file); };
    return made;
}

struct balance {
    std::string_view name;
    team (*make)(app::runtime&, const parser_needs&);
};

// A policy more is a line more.
constexpr std::array balances{
    balance{"round_robin", &team_by<drover::round_robin>},
    balance{"weighted_round_robin", &team_by<drover::weighted_round_robin>},
    balance{"random", &team_by<drover::random_pick>},
    balance{"weighted_random", &team_by<drover::weighted_random>},
    balance{"two_choices", &team_by<drover::power_of_two_choices>},
    balance{"least_loaded", &team_by<drover::least_loaded>},
    balance{"consistent_hash", &team_by<drover::consistent_hash<drover::maglev>>},
    balance{"bounded_load", &team_by<drover::bounded_load<drover::maglev>>},
    balance{"idle_queue", &team_by<drover::join_idle_queue<drover::power_of_two_choices>>},
    balance{"shared_queue", &team_by<drover::shared_queue>},
    balance{"peak_ewma", &team_by<drover::peak_ewma>},
    balance{"sticky", &team_by<drover::sticky<drover::power_of_two_choices>>},
};

}  // namespace

std::vector<std::string_view> balance_names() {
    std::vector<std::string_view> names;
    std::transform(balances.begin(), balances.end(), std::back_inserter(names),
                   [](const balance& one) { return one.name; });
    return names;
}

team make_team(app::runtime& rt, std::string_view name, const parser_needs& needs) {
    const auto found =
        std::find_if(balances.begin(), balances.end(), [&](const balance& one) { return one.name == name; });
    return found->make(rt, needs);
}

}  // namespace census
