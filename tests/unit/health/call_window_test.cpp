#include <drover/health/call_window.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/base/random.hpp>

using drover::call_window;
using drover::call_window_limits;

TEST_CASE("a window of 100 trips at its 100th call if 50 of them failed") {
    for (const int failures : {49, 50}) {
        call_window window{call_window_limits{}};
        for (int each = 0; each != failures; ++each) CHECK_FALSE(window.failed());
        for (int each = failures; each != 99; ++each) CHECK_FALSE(window.succeeded());
        CHECK(window.calls() == 99);
        // The success that makes them enough says so.
        CHECK(window.succeeded() == (failures == 50));
        CHECK(window.tripped() == (failures == 50));
        CHECK(window.calls() == 100);
        CHECK(window.failures() == static_cast<std::uint64_t>(failures));
    }
}

TEST_CASE("a window trips by a failure that comes late, once, and again when it is cleared") {
    call_window window{call_window_limits{.calls = 10, .least = 4, .percent = 40}};
    for (int each = 0; each != 25; ++each) CHECK_FALSE(window.succeeded());
    for (int each = 0; each != 3; ++each) CHECK_FALSE(window.failed());
    CHECK(window.failed());
    CHECK_FALSE(window.failed());
    CHECK(window.tripped());
    window.clear();
    CHECK_FALSE(window.tripped());
    CHECK(window.calls() == 0);
    CHECK(window.failures() == 0);
    for (int each = 0; each != 3; ++each) CHECK_FALSE(window.failed());
    CHECK(window.failed());
}

TEST_CASE("a window knows the last calls, as a list of them does") {
    for (std::uint64_t seed = 1; seed != 101; ++seed) {
        drover::random_source random(seed);
        const std::uint32_t calls = 1 + random.below(200);
        const call_window_limits limits{
            .calls = calls, .least = 1 + random.below(calls), .percent = 1 + random.below(100)};
        call_window window(limits);
        std::deque<bool> failed;
        bool tripped = false;
        for (int each = 0; each != 1000; ++each) {
            const bool bad = random.below(100) < limits.percent;
            failed.push_back(bad);
            if (failed.size() > calls) failed.pop_front();
            const auto failures = static_cast<std::uint64_t>(std::count(failed.begin(), failed.end(), true));
            const bool trips =
                !tripped && failed.size() >= limits.least && failures * 100 >= failed.size() * limits.percent;
            REQUIRE((bad ? window.failed() : window.succeeded()) == trips);
            REQUIRE(window.failures() == failures);
            REQUIRE(window.calls() == failed.size());
            tripped = tripped || trips;
            if (random.below(300) == 0) {
                window.clear();
                failed.clear();
                tripped = false;
            }
        }
    }
}

TEST_CASE("a window loses nothing when several threads count, and trips for one of them") {
    call_window window{call_window_limits{.calls = 1000, .least = 1000, .percent = 50}};
    std::vector<int> trips(2);
    std::vector<std::thread> threads;
    for (int& mine : trips) {
        threads.emplace_back([&] {
            for (int each = 0; each != 20'000; ++each) {
                mine += window.succeeded() ? 1 : 0;
                mine += window.failed() ? 1 : 0;
                mine += window.failed() ? 1 : 0;
            }
        });
    }
    for (std::thread& each : threads) each.join();
    CHECK(trips[0] + trips[1] == 1);
    CHECK(window.calls() == 1000);
    for (int each = 0; each != 1000; ++each) static_cast<void>(window.succeeded());
    CHECK(window.failures() == 0);
}
