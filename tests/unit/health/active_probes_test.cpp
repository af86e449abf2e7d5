#include <drover/health/active_probes.hpp>

#include <chrono>
#include <cstdint>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

#include "support/watched.hpp"

using namespace std::chrono_literals;
using namespace drover;

namespace {

using policy = health<active_probes>;
using team = drover_test::watched<policy>;

// Goes on to the next probe of the only one that is watched, and answers it after 1 ms.
void probe(team& one, bool healthy) {
    while (one.sweep().probe.empty()) one.now = one.sweep().next_due;
    one.now += 1ms;
    one.monitor.probe_result(1, healthy, one.now);
    one.sweep();
}

}  // namespace

TEST_CASE("three failed probes take a member down, and two good ones bring it back") {
    team one;
    one.add(1);
    probe(one, false);
    probe(one, false);
    probe(one, true);  // begins anew
    probe(one, false);
    probe(one, false);
    CHECK(one.state(1) == health_state::healthy);
    probe(one, false);
    CHECK(one.state(1) == health_state::down);
    CHECK(one.of(1).since == one.now);
    probe(one, true);
    probe(one, false);
    probe(one, true);
    CHECK(one.state(1) == health_state::down);
    probe(one, true);
    CHECK(one.state(1) == health_state::healthy);
    for (int each = 0; each != 3; ++each) {
        CHECK(one.state(1) == health_state::healthy);
        probe(one, false);
    }
    CHECK(one.state(1) == health_state::down);
}

TEST_CASE("a member is probed every 5 s, the first time at a random moment before") {
    std::set<time_point> firsts;
    for (std::uint64_t seed = 1; seed != 51; ++seed) {
        team one(policy::options{}, seed);
        one.add(1);
        while (one.sweep().probe.empty()) one.now = one.sweep().next_due;
        REQUIRE(one.now < time_point(5s));
        firsts.insert(one.now);
        one.monitor.probe_result(1, true, one.now);
        for (int each = 0; each != 3; ++each) {
            REQUIRE(one.sweep_after(5s - 1ns).probe.empty());
            REQUIRE(one.sweep_after(1ns).probe == std::vector<std::uint64_t>{1});
            REQUIRE(one.sweep().probe.empty());
            one.monitor.probe_result(1, true, one.now);
            REQUIRE(one.sweep().next_due == one.now + 5s);
        }
    }
    CHECK(firsts.size() > 45);
}

TEST_CASE("a lost probe has failed after its 1 s, and the next is sent, also to one that is down") {
    team one;
    one.add(1);
    while (one.sweep().probe.empty()) one.now = one.sweep().next_due;
    for (int lost = 1; lost != 10; ++lost) {
        CHECK(one.sweep().next_due == one.now + 1s);
        one.sweep_after(1s - 1ns);
        CHECK((one.state(1) == health_state::down) == (lost > 3));
        one.sweep_after(1ns);
        CHECK((one.state(1) == health_state::down) == (lost >= 3));
        one.monitor.probe_result(1, true, one.now);  // too late
        CHECK(one.sweep_after(4s - 1ns).probe.empty());
        CHECK(one.sweep_after(1ns).probe.size() == 1);
    }
    one.monitor.probe_result(1, true, one.now);
    probe(one, true);
    CHECK(one.state(1) == health_state::healthy);
}

TEST_CASE("an answer that comes when the probe is lost is no good one, seen or not") {
    team one;
    one.add(1);
    for (int lost = 1; lost != 4; ++lost) {
        while (one.sweep().probe.empty()) one.now = one.sweep().next_due;
        one.now += 1s;
        one.monitor.probe_result(1, true, one.now);  // before the sweep
    }
    one.sweep();
    CHECK(one.state(1) == health_state::down);
}

TEST_CASE("what a member reports counts as a probe, and leaves the one that is out") {
    team one;
    one.add(1);
    while (one.sweep().probe.empty()) one.now = one.sweep().next_due;
    one.monitor.reported(1, false, one.now);
    one.monitor.reported(1, false, one.now);
    one.monitor.probe_result(1, false, one.now);
    one.monitor.probe_result(1, true, one.now);  // there is none any more
    one.sweep();
    CHECK(one.state(1) == health_state::down);
    one.monitor.reported(1, true, one.now);
    one.monitor.reported(1, true, one.now);
    one.sweep();
    CHECK(one.state(1) == health_state::healthy);
}

TEST_CASE("who is held is not probed until it is back") {
    team one;
    one.add(1);
    while (one.sweep().probe.empty()) one.now = one.sweep().next_due;
    one.monitor.held(1);
    CHECK(one.sweep().next_due == time_point::max());
    CHECK(one.sweep_after(1h).probe.empty());
    one.monitor.restarted(1, one.now);
    one.monitor.restarted(1, one.now);
    CHECK(one.sweep().probe == std::vector<std::uint64_t>{1});
    CHECK(one.state(1) == health_state::healthy);
    one.add(2);
    one.monitor.left(1);
    CHECK(one.monitor.size() == 2);
    one.pass(10s);
    CHECK(one.monitor.standing_of(1) == nullptr);
}
