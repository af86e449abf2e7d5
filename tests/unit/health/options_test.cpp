#include <drover/health/options.hpp>

#include <chrono>
#include <cmath>

#include <catch2/catch.hpp>
#include <drover/health/health.hpp>

using namespace std::chrono_literals;
using namespace drover;

using all = health<outlier_detection, circuit_breaker, active_probes, slow_start, stuck_detection>;

TEST_CASE("options are given in any order, and the others are the usual ones") {
    const usual_health::options chosen{slow_start::options{.steps = 3}, panic_options{.below = 20},
                                       outlier_detection::options{.consecutive = 2}};
    CHECK(chosen.of<outlier_detection>().consecutive == 2);
    CHECK(chosen.of<slow_start>().steps == 3);
    CHECK(chosen.panic().below == 20);
    const usual_health::options usual;
    CHECK(usual.of<outlier_detection>().consecutive == 5);
    CHECK(usual.of<outlier_detection>().interval == 10s);
    CHECK(usual.of<outlier_detection>().deviations == 1.9);
    CHECK(usual.of<outlier_detection>().failure_percent == 85);
    CHECK(usual.panic().below == 50);
    CHECK(usual.panic().ends_at == 60);
    CHECK_NOTHROW(check(all::options{}));
    CHECK_NOTHROW(check(no_health::options{}));
}

TEST_CASE("a bad option is told with its value and what to do, by the monitor") {
    const auto refused = [](const all::options& chosen, const std::string& sentence) {
        CHECK_THROWS_WITH(all::monitor(chosen, 1), "drover: " + sentence);
        CHECK_THROWS_AS(check(chosen), std::invalid_argument);
    };
    using outlier = outlier_detection::options;
    using breaker = circuit_breaker::options;
    using probes = active_probes::options;
    using slow = slow_start::options;
    refused({panic_options{.below = 101}}, "panic_options::below is 101; use 0 to 100");
    refused({panic_options{.below = 61}}, "panic_options::ends_at is 60; use 61 to 100");
    refused({panic_options{.ends_at = 101}}, "panic_options::ends_at is 101; use 50 to 100");
    refused({outlier{.interval = 0s}}, "outlier_detection::options::interval is 0 ns; use more than 0");
    refused({outlier{.deviations = 0}}, "outlier_detection::options::deviations is 0; use 0.001 to 1000");
    refused({outlier{.deviations = std::nan("")}},
            "outlier_detection::options::deviations is not a number; use 0.001 to 1000");
    refused({outlier{.rate_members = 0}}, "outlier_detection::options::rate_members is 0; use 1 to 1000000000");
    refused({outlier{.rate_messages = 0}}, "outlier_detection::options::rate_messages is 0; use 1 to 1000000000");
    refused({outlier{.failure_percent = 102}}, "outlier_detection::options::failure_percent is 102; use 1 to 101");
    refused({outlier{.failure_messages = 0}}, "outlier_detection::options::failure_messages is 0; use 1 to 1000000000");
    refused({outlier{.out = {.first = -1ns}}}, "ejection::first is -1 ns; use more than 0");
    refused({outlier{.out = {.most = 29s}}},
            "ejection::most is 29000000000 ns; use no less than first, 30000000000 ns");
    refused({outlier{.out = {.jitter = 1.5}}}, "ejection::jitter is 1.5; use 0 to 1");
    refused({outlier{.out = {.percent = 101}}}, "ejection::percent is 101; use 0 to 100");
    refused({breaker{.window = {.calls = 0}}}, "circuit_breaker::options::window.calls is 0; use 1 to 65536");
    refused({breaker{.window = {.least = 101}}}, "circuit_breaker::options::window.least is 101; use 1 to 100");
    refused({breaker{.window = {.percent = 0}}}, "circuit_breaker::options::window.percent is 0; use 1 to 100");
    refused({breaker{.open_for = 0s}}, "circuit_breaker::options::open_for is 0 ns; use more than 0");
    refused({breaker{.trial_for = 0s}}, "circuit_breaker::options::trial_for is 0 ns; use more than 0");
    refused({probes{.interval = 0s}}, "active_probes::options::interval is 0 ns; use more than 0");
    refused({probes{.timeout = 0s}}, "active_probes::options::timeout is 0 ns; use more than 0");
    refused({probes{.interval = 10ns, .timeout = 11ns}},
            "active_probes::options::timeout is 11 ns; use no more than the interval, 10 ns, as one probe is out at a "
            "time");
    refused({probes{.rise = 0}}, "active_probes::options::rise is 0; use 1 to 1000000");
    refused({probes{.fall = 0}}, "active_probes::options::fall is 0; use 1 to 1000000");
    refused({slow{.least = 0}}, "slow_start::options::least is 0; use 1e-06 to 1");
    refused({slow{.aggression = 0}}, "slow_start::options::aggression is 0; use 0.01 to 100");
    refused({slow{.steps = 0}}, "slow_start::options::steps is 0; use 1 to 1000");
    refused({slow{.over = 9ns}}, "slow_start::options::over is 9 ns; use at least 1 ns for each of its 10 steps");
    refused({stuck_detection::options{.after = 3ns}},
            "stuck_detection::options::after is 3 ns; use 4 or more, as it looks four times meanwhile");
}
