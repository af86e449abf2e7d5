#include <drover/health/monitor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/failing_new.hpp"
#include "support/watched.hpp"

using namespace std::chrono_literals;
using namespace drover;

using ids = std::vector<std::uint64_t>;
using all = health<outlier_detection, circuit_breaker, active_probes, slow_start, stuck_detection>;

TEST_CASE("a member is told of when it joins, drains and comes back, and then no more") {
    drover_test::watched<health<>> one;
    one.add(3);
    CHECK(one.sweep().changed == ids{1, 2, 3});
    CHECK(one.sweep().changed.empty());
    CHECK(one.sweep().next_due == time_point::max());
    one.monitor.held(2);
    one.now += 1s;
    CHECK(one.sweep().changed == ids{2});
    CHECK(one.of(2) == standing{.pickable = false, .state = health_state::held, .since = time_point(1s)});
    one.monitor.draining(3, one.now);
    CHECK(one.of(3) == standing{.pickable = false, .state = health_state::draining, .since = time_point(1s)});
    CHECK(one.sweep().changed == ids{3});
    CHECK(one.monitor.size() == 2);
    one.monitor.restarted(2, one.now);
    CHECK(one.sweep().changed == ids{2});
    CHECK(one.sweep().changed.empty());
    one.monitor.left(3);
    CHECK(one.monitor.standing_of(3) == nullptr);
    CHECK(one.sweep().changed.empty());
}

TEST_CASE("news of who is not there any more change nothing") {
    drover_test::watched<all> one;
    one.add(2);
    one.sweep();
    for (const std::uint64_t id : ids{0, 3, 99}) {
        one.monitor.left(id);
        one.monitor.draining(id, one.now);
        one.monitor.restarted(id, one.now);
        one.monitor.held(id);
        one.monitor.probe_result(id, false, one.now);
        one.monitor.reported(id, false, one.now);
        CHECK(one.monitor.standing_of(id) == nullptr);
    }
    CHECK(one.sweep().changed.empty());
    CHECK(one.monitor.size() == 2);
}

TEST_CASE("an id is had once, also while its member drains") {
    drover_test::watched<health<>> one;
    one.add(2);
    one.monitor.draining(2, one.now);
    for (const std::uint64_t id : ids{1, 2}) {
        CHECK_THROWS_WITH(one.monitor.joined(id, {}, one.now, joining::later),
                          "drover: a pool has a member " + std::to_string(id) + " already; give each an id of its own");
    }
    one.monitor.left(2);
    CHECK_NOTHROW(one.monitor.joined(2, {}, one.now, joining::later));
}

TEST_CASE("ids may come in any order") {
    drover_test::watched<all> one(all::options{outlier_detection::options{.out = {.percent = 100}}});
    all::record seven(one.options);
    all::record three(one.options);
    all::record five(one.options);
    one.monitor.joined(7, seven.signals(), one.now, joining::at_start);
    for (int each = 0; each != 5; ++each) static_cast<void>(seven.failed());
    one.sweep();
    one.monitor.joined(3, three.signals(), one.now, joining::at_start);
    one.monitor.joined(5, five.signals(), one.now, joining::later);
    CHECK(one.sweep().changed == ids{3, 5, 7});
    CHECK(one.state(7) == health_state::ejected);
    CHECK(one.state(3) == health_state::healthy);
    CHECK(one.of(3).factor == 1);
    CHECK(one.of(5).factor == 0.1);
    one.monitor.left(3);
    one.sweep();
    CHECK(one.state(7) == health_state::ejected);
    CHECK(one.of(5).factor == 0.1);
}

TEST_CASE("of two states the graver one holds, and the other after it") {
    drover_test::watched<all> one(
        all::options{outlier_detection::options{.out = {.jitter = 0}}, active_probes::options{.interval = 1h}});
    one.add(10);
    one.fail(1, 100);  // ejected and open
    one[1].entered();
    one.sweep();
    CHECK(one.state(1) == health_state::ejected);
    CHECK(one.of(1).until == time_point(30s));
    one.monitor.held(1);
    one.pass(10s);
    CHECK(one.state(1) == health_state::held);
    CHECK(one.of(1).until == time_point::max());
    one.monitor.restarted(1, one.now);
    one.sweep();
    CHECK(one.state(1) == health_state::stuck);
    static_cast<void>(one[1].left());
    one.sweep();
    CHECK(one.state(1) == health_state::ejected);
    one.pass(20s);
    CHECK(one.state(1) == health_state::open);
    CHECK(one.of(1).until == time_point(60s));
    one.pass(30s);
    CHECK(one.of(1).by_trial);
    CHECK(one.of(1).pickable);
}

TEST_CASE("a pool whose members fail over and over holds them and goes on") {
    drover_test::watched<usual_health> one;
    one.add(3);
    for (std::uint64_t id = 1; id != 4; ++id) {
        one.fail(id, 5);
        one.monitor.held(id);
    }
    CHECK(one.sweep().panic);
    CHECK(one.count(health_state::held) == 3);
    CHECK(one.of(1).pickable);  // all are as bad
    for (std::uint64_t id = 1; id != 4; ++id) one.monitor.restarted(id, one.now);
    one.pass(1min);
    one.pass(1min);
    CHECK(one.count(health_state::healthy) >= 2);
}

TEST_CASE("in panic one that hangs stays out as long as others do not") {
    drover_test::watched<all> one(all::options{active_probes::options{.interval = 1h}});
    one.add(3);
    one[1].entered();
    one.pass(10s);
    CHECK(one.state(1) == health_state::stuck);
    CHECK_FALSE(one.of(1).pickable);
    one.fail(2, 100);
    CHECK(one.sweep().panic);
    CHECK_FALSE(one.of(1).pickable);
    CHECK(one.of(2).pickable);
    CHECK(one.of(3).pickable);
    // Nor do those that are held count as others.
    one.monitor.held(2);
    one[3].entered();
    one.pass(10s);
    CHECK(one.state(3) == health_state::stuck);
    CHECK(one.of(1).pickable);
    CHECK(one.of(3).pickable);
    static_cast<void>(one[3].left());
    one.sweep();
    CHECK_FALSE(one.of(1).pickable);
    CHECK(one.of(3).pickable);
}

TEST_CASE("a member that finds no memory has not joined") {
    for (std::size_t left = 0; left != 12; ++left) {
        drover_test::watched<all> one;
        one.add(1);
        all::record record(one.options);
        bool joined = false;
        {
            const drover_test::failing_new failing(left);
            try {
                one.monitor.joined(9, record.signals(), one.now, joining::later);
                joined = true;
            } catch (const std::bad_alloc&) {}
        }
        CHECK(one.monitor.size() == (joined ? 2 : 1));
        one.pass(20s);
        CHECK((one.monitor.standing_of(9) != nullptr) == joined);
        if (!joined) one.monitor.joined(9, record.signals(), one.now, joining::later);
        one.pass(20s);
        one.monitor.left(1);
        one.pass(20s);
        CHECK(one.monitor.size() == 1);
    }
}

TEST_CASE("a part's watcher need not say anything") {
    drover::health_watcher nothing;
    nothing.left(0);
    nothing.look(drover::time_point{});
    CHECK(nothing.verdict(0).state == drover::health_state::healthy);
    CHECK(nothing.factor(0) == 1);
    CHECK_FALSE(nothing.wants_probe(0, drover::time_point{}));
    CHECK(nothing.next_due() == drover::time_point::max());
}
