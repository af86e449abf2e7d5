#include <drover/health/outlier_detection.hpp>

#include <chrono>
#include <cstdint>
#include <set>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/base/random.hpp>

#include "support/watched.hpp"

using namespace std::chrono_literals;
using namespace drover;

namespace {

using policy = health<outlier_detection>;
using team = drover_test::watched<policy>;

policy::options exact() {
    return {outlier_detection::options{.out = {.jitter = 0}}};
}

std::vector<std::uint64_t> ejected(const team& one) {
    std::vector<std::uint64_t> found;
    for (std::uint64_t id = 1; id <= one.last_id; ++id) {
        if (const standing* each = one.monitor.standing_of(id); each && each->state == health_state::ejected) {
            found.push_back(id);
        }
    }
    return found;
}

}  // namespace

TEST_CASE("five failures in a row eject at once, and four do not") {
    team one(exact());
    one.add(10);
    CHECK_FALSE(one.fail(3, 4));
    one.sweep_after(1s);
    CHECK(one.state(3) == health_state::healthy);
    CHECK(one.fail(3));
    const health_findings& found = one.sweep_after(1ms);  // woken, long before the interval's end
    CHECK(found.changed == std::vector<std::uint64_t>{3});
    CHECK(found.next_due == time_point(10s));
    CHECK(one.of(3) == standing{.pickable = false,
                                .state = health_state::ejected,
                                .since = time_point(1001ms),
                                .until = time_point(31001ms)});
}

TEST_CASE("a success between starts the failures in a row anew") {
    team one(exact());
    one.add(10);
    one.fail(3, 4);
    one.succeed(3);
    CHECK_FALSE(one.fail(3, 4));
    one.sweep();
    CHECK(one.state(3) == health_state::healthy);
}

TEST_CASE("timed-out asks, restarts and bad reports are failures; a throw and its restart are one") {
    team one(exact());
    one.add(20);
    static_cast<void>(one[1].timed_out());
    static_cast<void>(one[1].failed());
    static_cast<void>(one[1].restarted());
    one.monitor.restarted(1, one.now);
    static_cast<void>(one[1].restarted());
    one.monitor.restarted(1, one.now);
    one.monitor.reported(1, false, one.now);
    one.sweep();
    CHECK(one.state(1) == health_state::healthy);
    one.monitor.reported(1, true, one.now);  // ends the row of the reports
    one.monitor.reported(1, false, one.now);
    one.sweep();
    CHECK(one.state(1) == health_state::healthy);
    one.monitor.reported(1, false, one.now);
    one.sweep();
    CHECK(one.state(1) == health_state::ejected);
    one.sweep_after(30s);
    CHECK(one.state(1) == health_state::healthy);
    one.sweep();
    CHECK(one.state(1) == health_state::healthy);
}

TEST_CASE("an ejection ends at its moment, with no failures left, and the next is longer") {
    team one(exact());
    one.add(10);
    one.fail(3, 5);
    one.sweep();
    one.pass(30s - 1ns);
    CHECK(one.state(3) == health_state::ejected);
    CHECK(one.sweep().next_due == time_point(30s));
    one.sweep_after(1ns);
    CHECK(one.state(3) == health_state::healthy);
    CHECK(one.of(3).since == time_point(30s));
    one.sweep();
    CHECK(one.state(3) == health_state::healthy);
    one.fail(3, 4);
    one.sweep();
    CHECK(one.state(3) == health_state::healthy);
    one.fail(3);
    one.sweep();
    CHECK(one.of(3).until == one.now + 60s);
}

TEST_CASE("each interval in which it was never out takes one step back") {
    for (const int intervals : {0, 1, 2, 3}) {
        team one(exact());
        one.add(10);
        for (const auto time : {30s, 60s}) {
            one.fail(3, 5);
            one.sweep();
            CHECK(one.of(3).until == one.now + time);
            one.pass(time);
        }
        // It has come back at the end of an interval; the one that begins now is the first that counts.
        one.pass(10s * intervals);
        one.fail(3, 5);
        one.sweep();
        CHECK(one.of(3).until - one.now == std::max(30s, 90s - 30s * std::max(intervals, 0)));
    }
}

TEST_CASE("a success rate below mean less 1.9 deviations ejects at the interval's end") {
    // One of ten that is worse than nine equal ones is 3 deviations below their mean, by however little it is worse.
    team one(exact());
    one.add(10);
    for (std::uint64_t id = 1; id != 10; ++id) one.succeed(id, 100);
    for (int each = 0; each != 100; ++each) each % 10 == 9 ? one.fail(10) : one.succeed(10);
    one.sweep_after(10s - 1ns);
    CHECK(ejected(one).empty());
    one.sweep_after(1ns);
    CHECK(ejected(one) == std::vector<std::uint64_t>{10});
}

TEST_CASE("a mean wants five members of 100 messages each") {
    struct row {
        int members;
        int messages;
        bool out;
    };
    for (const row each : {row{5, 100, true}, row{4, 100, false}, row{5, 99, false}}) {
        // 1.5 deviations, since of five members none can be more than 1.79 below the mean.
        team one(policy::options{outlier_detection::options{.deviations = 1.5}});
        one.add(5);
        for (int id = 1; id != each.members; ++id) one.succeed(static_cast<std::uint64_t>(id), each.messages);
        for (int message = 0; message != each.messages; ++message) message % 4 == 3 ? one.fail(5) : one.succeed(5);
        one.sweep_after(10s);
        CHECK(one.count(health_state::ejected) == (each.out ? 1 : 0));
    }
}

TEST_CASE("the deviations are counted as they are") {
    // Six with rates of 1 and one of 0.5 in 7: the latter is sqrt(6) = 2.449 deviations below.
    for (const double deviations : {2.44, 2.46}) {
        team one(policy::options{outlier_detection::options{.deviations = deviations}});
        one.add(7);
        for (std::uint64_t id = 1; id != 7; ++id) one.succeed(id, 200);
        for (int each = 0; each != 100; ++each) {
            one.fail(7);
            one.succeed(7);
        }
        one.sweep_after(10s);
        CHECK(one.count(health_state::ejected) == (deviations < 2.449 ? 1 : 0));
    }
}

TEST_CASE("who does as well as all others is no outlier, however the mean is rounded") {
    for (int failures = 0; failures != 30; ++failures) {
        team one(policy::options{outlier_detection::options{.consecutive = 0, .deviations = 0.1}});
        one.add(static_cast<std::uint64_t>(5 + failures));
        for (std::uint64_t id = 1; id <= one.last_id; ++id) {
            for (int each = 0; each != failures; ++each) {
                one.fail(id);
                one.succeed(id);
            }
            one.succeed(id, 77 + failures);
        }
        one.sweep_after(10s);
        CHECK(ejected(one).empty());
    }
}

TEST_CASE("85 of 100 failures eject, and 50 messages are enough") {
    struct row {
        int failures;
        int successes;
        bool out;
    };
    for (const row each : {row{85, 15, true}, row{84, 16, false}, row{50, 0, true}, row{49, 0, false}}) {
        team one(policy::options{outlier_detection::options{.consecutive = 0}});
        one.add(2);
        one.fail(2, each.failures);
        one.succeed(2, each.successes);
        one.sweep_after(10s);
        CHECK(one.count(health_state::ejected) == (each.out ? 1 : 0));
        CHECK((one.state(2) == health_state::ejected) == each.out);
    }
}

TEST_CASE("failures of an interval before, or of a time out, do not count") {
    team one(policy::options{outlier_detection::options{.consecutive = 0, .out = {.jitter = 0}}});
    one.add(2);
    one.fail(2, 49);
    one.sweep_after(10s);
    one.fail(2, 49);
    one.sweep_after(10s);
    CHECK(ejected(one).empty());
    one.fail(2, 50);
    one.sweep_after(10s);
    CHECK(ejected(one) == std::vector<std::uint64_t>{2});
    one.fail(2, 100);  // what it had in its mailbox
    one.sweep_after(30s);
    CHECK(ejected(one).empty());
    one.sweep_after(10s);
    CHECK(ejected(one).empty());
}

TEST_CASE("where gRPC ejects a second of fifteen, it stays at one") {
    // A50 looks whether less than 10 % are out, one of 15 is 6.7 %, and so takes another: 13.3 %.
    team one;
    one.add(15);
    for (std::uint64_t id = 1; id != 16; ++id) one.fail(id, 5);
    one.sweep();
    CHECK(ejected(one).size() == 1);
    one.sweep_after(10s);
    CHECK(ejected(one).size() == 1);
}

TEST_CASE("the worst go first, and the next when there is room") {
    team one(exact());
    one.add(10);
    one.fail(2, 5);
    one.fail(8, 7);
    one.sweep();
    CHECK(ejected(one) == std::vector<std::uint64_t>{8});
    one.pass(30s);
    CHECK(ejected(one) == std::vector<std::uint64_t>{2});

    team rates(policy::options{outlier_detection::options{.consecutive = 0}});
    rates.add(10);
    rates.fail(2, 90);
    rates.succeed(2, 10);
    rates.fail(8, 95);
    rates.succeed(8, 5);
    rates.sweep_after(10s);
    CHECK(ejected(rates) == std::vector<std::uint64_t>{8});
}

TEST_CASE("the only member is never ejected, and those that become too many come back early") {
    team one(exact());
    one.add(1);
    one.fail(1, 500);
    one.sweep_after(10s);
    CHECK(ejected(one).empty());
    one.succeed(1);

    one.add(19);
    one.fail(4, 5);
    one.sweep_after(1s);
    one.fail(5, 5);
    one.sweep_after(1s);
    CHECK(ejected(one) == std::vector<std::uint64_t>{4, 5});
    one.monitor.left(1);
    one.sweep();
    CHECK(ejected(one) == std::vector<std::uint64_t>{5});  // 4 was due first
    for (std::uint64_t id = 6; id != 21; ++id) one.monitor.draining(id, one.now);
    one.monitor.left(2);
    one.monitor.left(4);
    one.sweep();
    CHECK(ejected(one) == std::vector<std::uint64_t>{5});
    one.monitor.left(3);
    one.sweep();
    CHECK(ejected(one).empty());
    CHECK(one.monitor.size() == 1);
}

TEST_CASE("the cap holds in thousands of random runs, and the seed repeats them") {
    for (std::uint64_t seed = 1; seed != 3001; ++seed) {
        random_source random(seed);
        const std::uint32_t percent = random.below(101);
        const policy::options chosen{outlier_detection::options{.interval = 1s, .out = {.percent = percent}}};
        team one(chosen, seed);
        team same(chosen, seed);
        one.add(1 + random.below(30));
        same.add(one.last_id);
        for (int step = 0; step != 20; ++step) {
            for (std::uint64_t id = 1; id <= one.last_id; ++id) {
                if (one.monitor.standing_of(id) == nullptr) continue;
                const int failures = static_cast<int>(random.below(4) == 0 ? random.below(60) : 0);
                for (team* each : {&one, &same}) {
                    if (failures == 0) each->succeed(id);
                    each->fail(id, failures);
                    if (failures == 59) each->monitor.left(id);
                    if (failures == 58) each->monitor.draining(id, one.now);
                }
            }
            if (random.below(8) == 0) {
                one.add(1, joining::later);
                same.add(1, joining::later);
            }
            const clock_duration time = 1ms * random.below(20'000);
            const time_point due = one.sweep_after(time).next_due;
            REQUIRE(same.sweep_after(time).next_due == due);
            REQUIRE(ejected(one).size() <= ejection_cap({.percent = percent}, one.monitor.size()));
            REQUIRE(ejected(one) == ejected(same));
            REQUIRE((one.monitor.size() == 0 || due > one.now));
        }
    }
}
