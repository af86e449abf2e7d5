#include <drover/supervision/restart_window.hpp>

#include <chrono>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using drover::restart_window;
using drover::time_point;

TEST_CASE("the default is five restarts in sixty seconds") {
    const drover::restart_limit limit;
    CHECK(limit.count == 5);
    CHECK(limit.within == 60s);
}

TEST_CASE("a window admits its count, and one more when the oldest has left it") {
    restart_window window({.count = 3, .within = 10s});
    const time_point start(5s);
    CHECK(window.admit(start));
    CHECK(window.admit(start + 1s));
    CHECK(window.admit(start + 2s));
    CHECK_FALSE(window.admit(start + 2s));
    CHECK_FALSE(window.admit(start + 10s - 1ns));
    CHECK(window.admit(start + 10s));  // slides: the one at the start is out
    CHECK_FALSE(window.admit(start + 10s));
    CHECK(window.admit(start + 11s));
    CHECK(window.admit(start + 100s));
    CHECK(window.admit(start + 100s));
    CHECK(window.admit(start + 100s));
    CHECK_FALSE(window.admit(start + 109s));
}

TEST_CASE("what is refused is not counted, and a count of none admits none") {
    restart_window window({.count = 1, .within = 10s});
    CHECK(window.admit(time_point(0s)));
    for (int each = 1; each != 10; ++each) {
        CHECK_FALSE(window.admit(time_point(std::chrono::seconds(each))));
    }
    CHECK(window.admit(time_point(10s)));
    restart_window none({.count = 0, .within = 1ns});
    CHECK_FALSE(none.admit(time_point(0s)));
    CHECK_FALSE(none.admit(time_point(1h)));
}

TEST_CASE("a window longer than time admits its count once") {
    restart_window window({.count = 1, .within = drover::clock_duration::max()});
    CHECK(window.admit(time_point(1s)));
    CHECK_FALSE(window.admit(time_point(std::chrono::hours(100'000))));
}
