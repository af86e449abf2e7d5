#include <drover/metrics/counter_metrics.hpp>

#include <cstdint>
#include <memory>

#include <catch2/catch.hpp>

#include "support/failing_new.hpp"

using drover::counter_metrics;
using drover::counter_part;
using drover::dead_letter_reason;

TEST_CASE("each hook counts what it is called for, of its own type, and nothing else") {
    const auto held = std::make_unique<counter_part>();
    counter_part& part = *held;
    constexpr drover::hook_subject who{drover::actor_id{1}, 5};
    counter_metrics::stamp none;
    counter_metrics::on_spawn(part, who);
    counter_metrics::on_start(part, who);
    counter_metrics::on_stop(part, who);
    counter_metrics::on_restart(part, who);
    counter_metrics::on_failure(part, who);
    counter_metrics::on_enqueue(part, who, 6);
    counter_metrics::on_stamp(part, who, 0, none);
    counter_metrics::on_dequeue(part, who, none);
    counter_metrics::on_leave(part, who);
    counter_metrics::on_handled(part, who, 3);
    counter_metrics::on_batch(part, who, 4);
    counter_metrics::on_batch(part, who, 5);
    counter_metrics::on_rejected(part, who);
    counter_metrics::on_dropped(part, who);
    counter_metrics::on_dead_letter(part, who, dead_letter_reason::expired);
    counter_metrics::on_timer(part, who);
    counter_metrics::on_other(part);
    counter_metrics::on_ask_sent(part, who);
    counter_metrics::on_ask_answered(part, who);
    counter_metrics::on_ask_timed_out(part, who);
    const drover::actor_counters& its = part.actors[5];
    CHECK(its.spawned.read() == 1);
    CHECK(its.stopped.read() == 1);
    CHECK(its.restarts.read() == 1);
    CHECK(its.failures.read() == 1);
    CHECK(its.enqueued.read() == 6);
    CHECK(its.dequeued.read() == 1);
    CHECK(its.left.read() == 1);
    CHECK(its.handled.read() == 3);
    CHECK(its.batches.read() == 2);
    CHECK(its.batched.read() == 9);
    CHECK(its.rejected.read() == 1);
    CHECK(its.dropped.read() == 1);
    CHECK(its.timers.read() == 1);
    CHECK(its.asks_sent.read() == 1);
    CHECK(its.asks_answered.read() == 1);
    CHECK(its.asks_timed_out.read() == 1);
    CHECK(part.dead_letters[static_cast<std::size_t>(dead_letter_reason::expired)].read() == 1);
    CHECK(part.dead_letters[0].read() == 0);
    drover::actor_counters::each_pair(part.actors[0], part.actors[0],
                                      [](const auto& one, const auto&) { CHECK(one.read() == 0); });
}

TEST_CASE("hooks of pools, routers and workers count in their places") {
    const auto held = std::make_unique<counter_part>();
    counter_part& part = *held;
    constexpr drover::hook_member which{9};
    counter_metrics::on_cache_hit(part);
    counter_metrics::on_cache_hit(part);
    counter_metrics::on_cache_miss(part);
    counter_metrics::on_cache_invalidation(part);
    CHECK(part.members.load() == nullptr);
    counter_metrics::on_pick(part, which);
    counter_metrics::on_pick(part, which);
    counter_metrics::on_pick(part, which);
    counter_metrics::on_ejection(part, which);
    counter_metrics::on_ejection(part, which);
    counter_metrics::on_recovery(part, which);
    counter_metrics::on_steal(part, 3);
    counter_metrics::on_steal(part, 4);
    counter_metrics::on_idle(part);
    counter_metrics::on_park(part);
    counter_metrics::on_wake(part);
    CHECK(part.cache_hits.read() == 2);
    CHECK(part.cache_misses.read() == 1);
    CHECK(part.cache_invalidations.read() == 1);
    CHECK(part.member(9)->picks.read() == 3);
    CHECK(part.member(9)->ejections.read() == 2);
    CHECK(part.member(9)->recoveries.read() == 1);
    CHECK(part.member(0)->picks.read() == 0);
    CHECK(part.steals.read() == 2);
    CHECK(part.stolen.read() == 7);
    CHECK(part.parks.read() == 1);
    CHECK(part.wakes.read() == 1);
    const auto slept = part.parked.read(&std::chrono::steady_clock::now);
    CHECK(part.parked.read(&std::chrono::steady_clock::now) == slept);  // it is awake
}

TEST_CASE("a pick that finds no memory is not counted") {
    const auto part = std::make_unique<counter_part>();
    {
        const drover_test::failing_new none;
        counter_metrics::on_pick(*part, {1});
    }
    CHECK(part->members.load() == nullptr);
}
