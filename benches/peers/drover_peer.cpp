// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <array>

#include "../actor/ask_coroutine.hpp"
#include "../actor/restart.hpp"
#include "../actor/timer_cancel.hpp"
#include "../actor/timer_fire.hpp"
#include "../actor/watch_stop.hpp"
#include "../pool/round_robin.hpp"
#include "../savina/banking.hpp"
#include "../savina/big.hpp"
#include "../savina/bounded_buffer.hpp"
#include "../savina/chameneos.hpp"
#include "../savina/cigarette_smokers.hpp"
#include "../savina/concurrent_dictionary.hpp"
#include "../savina/concurrent_sorted_list.hpp"
#include "../savina/counting.hpp"
#include "../savina/counting_actor.hpp"
#include "../savina/dining_philosophers.hpp"
#include "../savina/fan_in.hpp"
#include "../savina/fork_join_create.hpp"
#include "../savina/fork_join_throughput.hpp"
#include "../savina/fork_join_throughput_actor.hpp"
#include "../savina/logistic_map.hpp"
#include "../savina/ping_pong.hpp"
#include "../savina/sleeping_barber.hpp"
#include "../savina/thread_ring.hpp"
#include "peer.hpp"

namespace {

struct counted : drover::features {
    using metrics = drover::counter_metrics;
};

}  // namespace

/// One workload on drover, in a fresh process; run.py starts it. The bodies are those of the Google Benchmark programs.
int main(int argc, char** argv) {
    using namespace benches;
    static constexpr std::array<peer::entry, 26> workloads{{{"ping_pong", &ping_pong},
                                                            {"thread_ring", &thread_ring},
                                                            {"counting", &counting},
                                                            {"counting_actor", &counting_actor},
                                                            {"fan_in", &fan_in},
                                                            {"fork_join_throughput", &fork_join_throughput},
                                                            {"fork_join_throughput_actor", &fork_join_throughput_actor},
                                                            {"fork_join_create", &fork_join_create},
                                                            {"ask_coroutine", &ask_coroutine},
                                                            {"watch_stop", &watch_stop},
                                                            {"timer_cancel", &timer_cancel},
                                                            {"timer_fire", &timer_fire},
                                                            {"restart", &restart},
                                                            {"chameneos", &chameneos},
                                                            {"big", &big},
                                                            {"concurrent_dictionary", &concurrent_dictionary},
                                                            {"concurrent_sorted_list", &concurrent_sorted_list},
                                                            {"bounded_buffer", &bounded_buffer},
                                                            {"dining_philosophers", &dining_philosophers},
                                                            {"sleeping_barber", &sleeping_barber},
                                                            {"cigarette_smokers", &cigarette_smokers},
                                                            {"logistic_map", &logistic_map},
                                                            {"banking", &banking},
                                                            {"pool_round_robin", &pool_round_robin},
                                                            {"pool_round_robin_batch", &pool_round_robin_batch},
                                                            {"ping_pong_counters", &ping_pong_with<counted>}}};
    return peer::run_one("drover", workloads, argc, argv);
}
