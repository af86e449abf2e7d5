#include <drover/health/member_outcomes.hpp>

#include <cstdint>
#include <thread>

#include <catch2/catch.hpp>

using drover::member_outcomes;

TEST_CASE("outcomes are counted, and a success ends the failures in a row") {
    member_outcomes one;
    one.succeeded();
    CHECK_FALSE(one.failed(3));
    CHECK_FALSE(one.timed_out(3));
    CHECK(one.read().run == 2);
    one.succeeded();
    CHECK(one.read().succeeded == 2);
    CHECK(one.read().failed == 2);
    CHECK(one.read().run == 0);
}

TEST_CASE("only the failure that makes them enough says so") {
    member_outcomes one;
    CHECK_FALSE(one.failed(3));
    CHECK_FALSE(one.timed_out(3));
    CHECK(one.failed(3));
    CHECK_FALSE(one.failed(3));
    one.forget_run();
    CHECK(one.read().run == 0);
    CHECK(one.read().failed == 4);
    CHECK_FALSE(one.timed_out(3));
    CHECK_FALSE(one.timed_out(3));
    CHECK(one.timed_out(3));
    CHECK_FALSE(one.timed_out(0));
}

TEST_CASE("a throw and its restart are one failure, and a restart without one is a failure") {
    member_outcomes one;
    one.failed(0);
    CHECK_FALSE(one.restarted(0));
    CHECK(one.read().failed == 1);
    CHECK(one.restarted(2));  // again, before any message
    CHECK(one.read().failed == 2);
    one.failed(0);
    one.succeeded();  // it went on, so the restart has another cause
    CHECK(one.restarted(1));
    CHECK(one.read().failed == 4);
    one.failed(0);
    one.forget_run();
    CHECK_FALSE(one.restarted(1));
    one.timed_out(0);  // another thread's count is no throw
    one.restarted(0);
    CHECK(one.read().failed == 7);
}

TEST_CASE("each handler has an odd turn of its own, and hears whether it was called stuck") {
    member_outcomes one;
    CHECK_FALSE(member_outcomes::in_handler(one.turn()));
    one.entered();
    const std::uint64_t first = one.turn();
    CHECK(member_outcomes::in_handler(first));
    CHECK_FALSE(one.left());
    CHECK_FALSE(member_outcomes::in_handler(one.turn()));
    one.entered();
    CHECK(one.turn() != first);
    one.notice(one.turn());
    CHECK(one.left());
    one.entered();
    CHECK_FALSE(one.left());
}

TEST_CASE("no failure is lost between the member and the timers") {
    member_outcomes one;
    constexpr int each = 50'000;
    std::uint64_t reached = 0;
    std::thread timers([&] {
        for (int round = 0; round != each; ++round) reached += one.timed_out(each) ? 1 : 0;
    });
    std::uint64_t reached_here = 0;
    for (int round = 0; round != each; ++round) reached_here += one.failed(each) ? 1 : 0;
    timers.join();
    CHECK(one.read().failed == 2 * each);
    CHECK(one.read().run == 2 * each);
    CHECK(reached + reached_here == 1);
    one.succeeded();
    CHECK(one.read().run == 0);
}
