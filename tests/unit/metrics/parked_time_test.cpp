#include <drover/metrics/parked_time.hpp>

#include <atomic>
#include <chrono>
#include <thread>

#include <catch2/catch.hpp>

#include <drover/base/clock.hpp>

using namespace std::chrono_literals;
using drover::clock_duration;
using drover::parked_time;
using drover::time_point;

namespace {

auto at(clock_duration moment) {
    return [moment] { return time_point(moment); };
}

}  // namespace

TEST_CASE("pauses are added up, the present one included") {
    parked_time slept;
    CHECK(slept.read(at(5s)) == 0s);
    slept.begin(time_point(10s));
    CHECK(slept.read(at(13s)) == 3s);
    CHECK(slept.read(at(9s)) == 0s);  // who reads has looked at the clock before
    slept.end(at(14s));
    CHECK(slept.read(at(20s)) == 4s);
    slept.begin(time_point(30s));
    slept.end(at(31s));
    CHECK(slept.read(at(100s)) == 5s);
}

TEST_CASE("what a thread that has ended slept is taken over") {
    parked_time gone;
    gone.begin(time_point(1s));
    gone.end(at(3s));
    parked_time slept;
    slept.absorb(gone);
    slept.absorb(gone);
    CHECK(slept.read(at(9s)) == 4s);
}

TEST_CASE("a reader that meets the end of a pause looks at the clock again") {
    parked_time slept;
    slept.begin(time_point(1s));
    int looks = 0;
    // As if another thread ended the pause right behind the reader's first look.
    const clock_duration seen = slept.read([&] {
        looks += 1;
        if (looks == 1) {
            slept.end(at(4s));
        }
        return time_point(9s);
    });
    CHECK(looks == 2);
    CHECK(seen == 3s);  // and not 8 s, behind which all later readings would be
}

TEST_CASE("a reader at any time sees a number that never goes back") {
    parked_time slept;
    std::atomic<bool> over{false};
    clock_duration last{};
    bool went_back = false;
    std::thread reader([&] {
        while (!over.load()) {
            const clock_duration now = slept.read(&std::chrono::steady_clock::now);
            went_back = went_back || now < last;
            last = now;
        }
    });
    for (int each = 0; each != 20000; ++each) {
        slept.begin(std::chrono::steady_clock::now());
        slept.end(&std::chrono::steady_clock::now);
    }
    over.store(true);
    reader.join();
    CHECK_FALSE(went_back);
    CHECK(slept.read(&std::chrono::steady_clock::now) >= last);
}
