#include <drover/health/slow_start.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#include <catch2/catch.hpp>
#include <drover/base/random.hpp>

#include "support/watched.hpp"

using namespace std::chrono_literals;
using namespace drover;

namespace {

using policy = health<slow_start>;
using team = drover_test::watched<policy>;

}  // namespace

TEST_CASE("who joins a running pool begins with a tenth and has its weight after 30 s in ten steps") {
    team one;
    one.add(3);
    CHECK(one.sweep().next_due == time_point::max());
    CHECK(one.of(1).factor == 1);
    one.add(1, joining::later);
    one.sweep();
    CHECK(one.of(4).factor == 0.1);
    CHECK(one.of(4).pickable);
    CHECK(one.of(1).factor == 1);
    for (int step = 1; step <= 10; ++step) {
        CHECK(one.sweep().next_due == time_point(3s * step));
        const double before = one.of(4).factor;
        CHECK(one.sweep_after(3s - 1ns).changed.empty());
        CHECK(one.of(4).factor == before);
        one.sweep_after(1ns);
        CHECK(one.of(4).factor == Approx(0.1 * step));
    }
    CHECK(one.of(4).factor == 1);
    CHECK(one.sweep().next_due == time_point::max());
}

TEST_CASE("aggression bends the ramp") {
    team one(policy::options{slow_start::options{.aggression = 2}});
    one.add(1, joining::later);
    one.pass(15s);
    CHECK(one.of(1).factor == Approx(std::sqrt(0.5)));
    team other(policy::options{slow_start::options{.least = 0.3, .aggression = 0.5}});
    other.add(1, joining::later);
    other.pass(15s);
    CHECK(other.of(1).factor == 0.3);  // (1/2)^2 is less
    other.pass(3s);
    CHECK(other.of(1).factor == Approx(0.36));
}

TEST_CASE("a restart begins a ramp anew, and so does the end of being held") {
    team one;
    one.add(2);
    one.monitor.restarted(1, one.now);
    one.pass(12s);
    CHECK(one.of(1).factor == Approx(0.4));
    one.monitor.restarted(1, one.now);
    one.sweep();
    CHECK(one.of(1).factor == 0.1);
    one.pass(30s);
    CHECK(one.of(1).factor == 1);
    one.monitor.held(2);
    one.sweep();
    CHECK(one.of(2).state == health_state::held);
    one.pass(1h);
    one.monitor.restarted(2, one.now);
    one.sweep();
    CHECK(one.of(2).state == health_state::healthy);
    CHECK(one.of(2).factor == 0.1);
}

TEST_CASE("each kind of recovery goes through the ramp") {
    using all = health<outlier_detection, circuit_breaker, active_probes, stuck_detection, slow_start>;
    drover_test::watched<all> one(all::options{outlier_detection::options{.consecutive = 5, .out = {.jitter = 0}},
                                               circuit_breaker::options{.window = {.calls = 10, .least = 10}},
                                               active_probes::options{.interval = 1h, .timeout = 1h}});
    one.add(20);
    one.fail(1, 5);  // an outlier
    for (int each = 0; each != 5; ++each) {
        one.fail(2);
        one.succeed(2);
    }  // a circuit
    for (int each = 0; each != 3; ++each) one.monitor.reported(3, false, one.now);
    one[4].entered();
    one.sweep();
    one.pass(5s);
    CHECK(one.state(1) == health_state::ejected);
    CHECK(one.state(2) == health_state::open);
    CHECK(one.state(3) == health_state::down);
    CHECK(one.state(4) == health_state::stuck);
    const auto comes_back = [&](std::uint64_t id) {
        CHECK(one.state(id) == health_state::healthy);
        CHECK(one.of(id).factor == 0.1);
    };
    for (int each = 0; each != 2; ++each) one.monitor.reported(3, true, one.now);
    CHECK(one[4].left());
    one.sweep();
    comes_back(3);
    comes_back(4);
    one.pass(25s);
    comes_back(1);
    one.pass(30s);
    CHECK(one.state(2) == health_state::half_open);
    CHECK(one[2].claim(one.now));
    one.succeed(2);
    one.sweep();
    comes_back(2);
    CHECK(one.of(5).factor == 1);
}

TEST_CASE("a ramp only grows, is never 0 or above its formula, and moves with all others") {
    for (std::uint64_t seed = 1; seed != 301; ++seed) {
        random_source random(seed);
        const slow_start::options chosen{.over = 1s * (1 + random.below(100)),
                                         .least = 0.01 + random.below(90) / 100.0,
                                         .aggression = 0.1 + random.below(50) / 10.0,
                                         .steps = 1 + random.below(20)};
        team one{policy::options(chosen)};
        std::vector<time_point> since;
        std::vector<double> factors;
        const time_point end = later_by(one.now, 3 * chosen.over);
        std::uint32_t steps = 0;
        while (one.now < end) {
            if (random.below(4) == 0 && since.size() != 10) {
                one.add(1, joining::later);
                since.push_back(one.now);
                factors.push_back(chosen.least);
                one.sweep();
                REQUIRE(one.of(one.last_id).factor == chosen.least);
            }
            const time_point due = one.sweep().next_due;
            const clock_duration wait = chosen.over * random.below(100) / 1000;
            one.now = random.below(2) == 0 ? std::min(due, one.now + wait + 1ns) : one.now + wait;
            steps += one.sweep().changed.empty() ? 0 : 1;
            for (std::size_t each = 0; each != since.size(); ++each) {
                const double factor = one.of(each + 1).factor;
                const double part =
                    static_cast<double>((one.now - since[each]).count()) / static_cast<double>(chosen.over.count());
                const double most =
                    std::max(chosen.least, std::min(1.0, std::pow(std::min(part, 1.0), 1 / chosen.aggression)));
                REQUIRE(factor >= factors[each]);
                REQUIRE(factor <= most);
                factors[each] = factor;
            }
        }
        REQUIRE(steps <= 3 * chosen.steps + 1);
        one.pass(2 * chosen.over);
        for (std::uint64_t id = 1; id <= one.last_id; ++id) REQUIRE(one.of(id).factor == 1);
        REQUIRE(one.sweep().next_due == time_point::max());
    }
}

TEST_CASE("a member may leave while it ramps") {
    team one;
    one.add(1);
    one.add(2, joining::later);
    one.sweep_after(1s);
    one.monitor.left(2);
    one.pass(2s);
    CHECK(one.of(3).factor == 0.1);
    CHECK(one.sweep().next_due == time_point(6s));
    one.monitor.left(3);
    CHECK(one.sweep().next_due == time_point::max());
}
