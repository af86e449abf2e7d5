#include <drover/metrics/metrics_snapshot.hpp>

#include <catch2/catch.hpp>

using drover::metrics_snapshot;

TEST_CASE("a type is found by its name") {
    metrics_snapshot now;
    CHECK(now.of("worker") == nullptr);
    now.actors.push_back({.type = "reader", .handled = 1});
    now.actors.push_back({.type = "worker", .handled = 2});
    REQUIRE(now.of("worker") != nullptr);
    CHECK(now.of("worker")->handled == 2);
    CHECK(now.of("work") == nullptr);
}

TEST_CASE("what waits and what runs is what has come and not gone") {
    metrics_snapshot::actor one;
    CHECK(one.waiting() == 0);
    one.enqueued = 10;
    one.dequeued = 3;
    one.left = 2;
    one.spawned = 4;
    one.stopped = 1;
    CHECK(one.waiting() == 5);
    CHECK(one.running() == 3);
}

TEST_CASE("a member is healthy if it has recovered from each ejection") {
    metrics_snapshot::member one;
    CHECK(one.healthy());
    one.ejections = 2;
    one.recoveries = 1;
    CHECK_FALSE(one.healthy());
    one.recoveries = 2;
    CHECK(one.healthy());
}

TEST_CASE("dead letters are told by their reason, and snapshots compared by all they hold") {
    metrics_snapshot now;
    now.dead_letters[static_cast<std::size_t>(drover::dead_letter_reason::failed)] = 3;
    CHECK(now.dead(drover::dead_letter_reason::failed) == 3);
    CHECK(now.dead(drover::dead_letter_reason::stopped) == 0);
    metrics_snapshot other = now;
    CHECK(other == now);
    other.workers.push_back({.index = 1});
    CHECK_FALSE(other == now);
    other = now;
    other.members.push_back({.pool = "crew"});
    CHECK_FALSE(other == now);
    other = now;
    other.cache_hits = 1;
    CHECK_FALSE(other == now);
}
