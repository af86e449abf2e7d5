#include <drover/scheduling/lane.hpp>

#include <catch2/catch.hpp>

#include "support/test_core.hpp"

TEST_CASE("an owned counter adds up") {
    drover::owned_counter counter;
    CHECK(counter.read() == 0);
    counter.add(3);
    counter.add(4);
    CHECK(counter.read() == 7);
}

TEST_CASE("a bracket counts the depth of sends, because sends nest") {
    drover_test::test_core core;
    drover::lane lane(core, false);
    CHECK(lane.sending.load() == 0);
    {
        const drover::send_bracket outer(lane);
        CHECK(lane.sending.load() == 1);
        {
            const drover::send_bracket inner(lane);
            CHECK(lane.sending.load() == 2);
        }
        CHECK(lane.sending.load() == 1);
    }
    CHECK(lane.sending.load() == 0);
}

TEST_CASE("a worker's bracket costs nothing") {
    drover_test::test_core core;
    drover::lane lane(core, true);
    const drover::send_bracket bracket(lane);
    CHECK(lane.sending.load() == 0);
}
