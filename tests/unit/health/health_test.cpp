#include <drover/health/health.hpp>

#include <chrono>
#include <string>
#include <type_traits>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace drover;

static_assert(usual_health::needs == health_signals::outcomes);
static_assert(health<>::needs == health_signals::none);
static_assert(health<active_probes, stuck_detection>::needs == (health_signals::probes | health_signals::turns));
static_assert(std::is_same_v<as_health<slow_start>, health<slow_start>>);
static_assert(std::is_same_v<as_health<usual_health>, usual_health> && std::is_same_v<as_health<no_health>, no_health>);
static_assert(!health_policy<outlier_detection> && !health_part<usual_health> && !health_policy<int>);
static_assert(sizeof(usual_health::record) == 2 * cache_line);

TEST_CASE("nobody watched is always well") {
    no_health::record record{no_health::options{}};
    CHECK_FALSE(record.failed());
    no_health::monitor monitor({}, 1);
    monitor.joined(1, record.signals(), time_point{}, joining::later);
    monitor.held(1);
    monitor.reported(1, false, time_point{});
    monitor.probe_result(1, false, time_point{});
    monitor.restarted(1, time_point{});
    monitor.draining(1, time_point{});
    CHECK(monitor.sweep(time_point{1h}).changed.empty());
    CHECK(monitor.sweep(time_point{1h}).next_due == time_point::max());
    CHECK(*monitor.standing_of(1) == standing{});
    monitor.left(1);
}

TEST_CASE("records know the options of their policy") {
    health<outlier_detection>::record one(outlier_detection::options{.consecutive = 2});
    CHECK_FALSE(one.failed());
    CHECK(one.failed());
    health<circuit_breaker>::record other(circuit_breaker::options{.window = {.calls = 3, .least = 3}});
    CHECK_FALSE(other.failed());
    CHECK_FALSE(other.failed());
    CHECK(other.failed());
}

TEST_CASE("signals are put together and looked for, and states have names") {
    health_signals all = health_signals::outcomes;
    all = all | health_signals::probes;
    CHECK(includes(all, health_signals::probes));
    CHECK_FALSE(includes(all, health_signals::turns));
    std::string names;
    for (int each = 0; each != 9; ++each) names += std::string(to_string(static_cast<health_state>(each))) + ", ";
    CHECK(names == "healthy, half open, open, ejected, down, stuck, held, draining, unknown, ");
}
