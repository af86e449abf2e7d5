#include <drover/health/stuck_detection.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

#include <catch2/catch.hpp>

#include "support/watched.hpp"

using namespace std::chrono_literals;
using namespace drover;

using team = drover_test::watched<health<stuck_detection>>;

TEST_CASE("who is 5 s in one handler is stuck until it comes out") {
    team one;
    one.add(4);
    one[2].entered();
    one.sweep();
    CHECK(one.sweep().next_due == time_point(1250ms));
    one.pass(5s - 1ns);
    CHECK(one.state(2) == health_state::healthy);
    one.sweep_after(1ns);
    CHECK(one.state(2) == health_state::stuck);
    CHECK_FALSE(one.of(2).pickable);
    one.pass(1h);
    CHECK(one.state(2) == health_state::stuck);
    CHECK(one[2].left());  // wakes who watches
    CHECK(one.sweep().changed == std::vector<std::uint64_t>{2});
    CHECK(one.state(2) == health_state::healthy);
    const clock_duration unseen = one.sweep().next_due - one.now;
    CHECK(unseen > 0s);
    one.now += 1ns;
    one[2].entered();
    one.now += unseen - 1ns;  // that it is in a handler is first seen by the next look
    one.pass(5s - 1ns);
    CHECK(one.state(2) == health_state::healthy);
    one.sweep_after(1ns);
    CHECK(one.state(2) == health_state::stuck);
    CHECK(one[2].left());
    one[2].entered();  // already in another
    one.sweep();
    CHECK(one.state(2) == health_state::healthy);
}

TEST_CASE("one handler after another is not one, and no handler is none") {
    team one;
    one.add(2);
    for (int each = 0; each != 20; ++each) {
        one[1].entered();
        one.pass(4s);
        CHECK_FALSE(one[1].left());
    }
    one.pass(1h);
    CHECK(one.count(health_state::healthy) == 2);
    one.monitor.left(1);
    one[2].entered();
    one.sweep();
    one.pass(5s);
    CHECK(one.state(2) == health_state::stuck);
    one.monitor.left(2);
    CHECK(one.sweep().next_due == time_point::max());
}
