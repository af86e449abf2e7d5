#include <drover/health/circuit_breaker.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/watched.hpp"

using namespace std::chrono_literals;
using namespace drover;

namespace {

using team = drover_test::watched<health<circuit_breaker>>;

// Its circuit is half open.
void open_half(team& one, std::uint64_t id) {
    one.fail(id, 100);
    one.sweep();
    one.pass(60s);
}

}  // namespace

TEST_CASE("a circuit opens when 50 of the last 100 failed, for 60 s") {
    team one;
    one.add(3);
    one.succeed(2, 1000);
    CHECK_FALSE(one.fail(2, 49));
    one.sweep();
    CHECK(one.state(2) == health_state::healthy);
    one.now += 7s;
    CHECK(one.fail(2));
    one.sweep();
    CHECK(one.of(2) ==
          standing{.pickable = false, .state = health_state::open, .since = time_point(7s), .until = time_point(67s)});
    CHECK_FALSE(one[2].claim(one.now));
    one.pass(60s - 1ns);
    CHECK(one.state(2) == health_state::open);
    CHECK(one.sweep().next_due == time_point(67s));
    one.sweep_after(1ns);
    CHECK(one.of(2) == standing{.by_trial = true, .state = health_state::half_open, .since = time_point(67s)});
    CHECK(one.sweep().next_due == time_point::max());
}

TEST_CASE("not before 100 calls, and 49 of them are not enough") {
    team one;
    one.add(3);
    one.fail(1, 99);
    one.succeed(2, 51);
    one.fail(2, 49);
    one.sweep();
    CHECK(one.count(health_state::healthy) == 3);
    CHECK(one.succeed(1));
    one.sweep();
    CHECK(one.state(1) == health_state::open);
}

TEST_CASE("a trial that succeeds closes the circuit, with nothing left of before") {
    team one;
    one.add(3);
    open_half(one, 2);
    CHECK(one[2].claim(one.now));
    CHECK_FALSE(one[2].claim(one.now));
    CHECK(one.succeed(2));
    one.sweep();
    CHECK(one.of(2) == standing{.since = time_point(60s)});
    CHECK(one[2].claim(one.now));
    CHECK(one[2].claim(one.now));
    CHECK_FALSE(one.fail(2, 99));
    one.sweep();
    CHECK(one.state(2) == health_state::healthy);
    CHECK(one.fail(2));
    one.sweep();
    CHECK(one.state(2) == health_state::open);
}

TEST_CASE("a trial that fails opens it for as long again") {
    team one;
    one.add(3);
    open_half(one, 2);
    CHECK(one[2].claim(one.now));
    one.now += 1s;
    CHECK(one.fail(2));
    one.sweep();
    CHECK(one.state(2) == health_state::open);
    CHECK(one.of(2).until == time_point(121s));
    CHECK_FALSE(one[2].claim(one.now));
    one.pass(60s);
    CHECK(one.state(2) == health_state::half_open);
    CHECK(one[2].claim(one.now));
    CHECK(one.succeed(2));
    one.sweep();
    CHECK(one.state(2) == health_state::healthy);
}

TEST_CASE("a lost trial, and one that could not be sent, let another try") {
    team one;
    one.add(3);
    open_half(one, 2);
    CHECK(one[2].claim(one.now));
    one.pass(10s - 8ns);
    CHECK_FALSE(one[2].claim(one.now));
    one.pass(8ns);
    CHECK(one.state(2) == health_state::half_open);
    const auto claimed = one[2].claim(one.now);
    CHECK(claimed);
    one[2].give_back(claimed.ticket);
    CHECK(one[2].claim(one.now));
    CHECK(one.succeed(2));
    one.sweep();
    CHECK(one.state(2) == health_state::healthy);
}

TEST_CASE("many senders, one trial: each half-open state lets one message through") {
    team one(health<circuit_breaker>::options{circuit_breaker::options{.window = {.calls = 1, .least = 1}}});
    one.add(1);
    for (int round = 0; round != 300; ++round) {
        one.fail(1);
        one.sweep();
        one.sweep_after(60s);
        REQUIRE(one.of(1).by_trial);
        std::atomic<int> through{0};
        std::atomic<int> ready{0};
        std::vector<std::thread> senders;
        for (int each = 0; each != 3; ++each) {
            senders.emplace_back([&, now = one.now] {
                ready += 1;
                while (ready != 3) std::this_thread::yield();
                for (int time = 0; time != 20; ++time) through += one[1].claim(now) ? 1 : 0;
            });
        }
        for (std::thread& each : senders) each.join();
        REQUIRE(through == 1);
        one.succeed(1);
        one.sweep();
        REQUIRE(one.state(1) == health_state::healthy);
    }
}

TEST_CASE("members are judged one by one, and leave one by one") {
    team one;
    one.add(4);
    one.fail(3, 100);
    one.sweep();
    one.monitor.left(1);
    one.sweep();
    CHECK(one.state(3) == health_state::open);
    CHECK(one.state(4) == health_state::healthy);
}
