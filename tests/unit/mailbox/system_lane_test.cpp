#include <drover/mailbox/system_lane.hpp>

#include <catch2/catch.hpp>

using drover::signal_node;
using drover::system_lane;
using post_result = system_lane::post_result;

TEST_CASE("signals come out in the order they went in, all at once") {
    system_lane lane;
    signal_node nodes[3];
    CHECK(lane.quiet());
    for (signal_node& each : nodes) {
        CHECK(lane.post(&each) == post_result::posted);
    }
    CHECK_FALSE(lane.quiet());
    const system_lane::taken taken = lane.take();
    CHECK_FALSE(taken.stop);
    CHECK(taken.first == &nodes[0]);
    CHECK(nodes[0].next == &nodes[1]);
    CHECK(nodes[1].next == &nodes[2]);
    CHECK(nodes[2].next == nullptr);
    CHECK(lane.quiet());
    CHECK(lane.take().first == nullptr);
}

TEST_CASE("a stop is a mark: said twice is said once, beside whatever signals wait") {
    system_lane lane;
    signal_node nodes[2];
    CHECK(lane.post(&nodes[0]) == post_result::posted);
    CHECK(lane.post_stop() == post_result::posted);
    CHECK(lane.post_stop() == post_result::posted);
    CHECK(lane.post(&nodes[1]) == post_result::posted);
    CHECK_FALSE(lane.quiet());
    const system_lane::taken taken = lane.take();
    CHECK(taken.stop);
    CHECK(taken.first == &nodes[0]);
    CHECK(nodes[0].next == &nodes[1]);
    CHECK(nodes[1].next == nullptr);
    CHECK_FALSE(lane.take().stop);
}

TEST_CASE("a lane is held only while nothing waits in it") {
    system_lane lane;
    signal_node node;
    CHECK_FALSE(lane.is_held());
    CHECK(lane.try_hold());
    CHECK(lane.is_held());
    CHECK_FALSE(lane.try_hold());
    CHECK_FALSE(lane.quiet());
    CHECK(lane.post(&node) == post_result::removed_held);
    CHECK_FALSE(lane.is_held());
    CHECK_FALSE(lane.try_hold());
    CHECK(lane.take().first == &node);
    CHECK(lane.try_hold());
    CHECK(lane.post_stop() == post_result::removed_held);
    CHECK_FALSE(lane.try_hold());
    CHECK(lane.take().stop);
}

TEST_CASE("a closed lane gives what waited, refuses everything, and stays closed") {
    system_lane lane;
    signal_node nodes[3];
    lane.post(&nodes[0]);
    lane.post_stop();
    CHECK_FALSE(lane.is_closed());
    const system_lane::taken taken = lane.close();
    CHECK(taken.first == &nodes[0]);
    CHECK(taken.stop);
    CHECK(lane.is_closed());
    CHECK(lane.post(&nodes[1]) == post_result::refused);
    CHECK(nodes[1].next == nullptr);
    CHECK(lane.post_stop() == post_result::refused);
    CHECK_FALSE(lane.try_hold());
    CHECK(lane.is_closed());
}
