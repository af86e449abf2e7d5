#include <drover/actor/core.hpp>

#include <mutex>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover_test::door;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct numbered {
    std::vector<int>* log;
    std::mutex* mutex;
    int number;
    void operator()(int) {}
    void stopped(drover::stop_reason) {
        const std::lock_guard lock(*mutex);
        log->push_back(number);
    }
};

}  // namespace

TEST_CASE("actors without a parent are asked to stop youngest first") {
    std::vector<int> log;
    std::mutex mutex;
    world w(1);
    for (int each = 1; each <= 5; ++each) {
        w.rt.spawn<numbered>(&log, &mutex, each);
    }
    CHECK(w.rt.stop().complete);
    CHECK(log == std::vector<int>{5, 4, 3, 2, 1});
    CHECK(w.rt.stop().complete);  // again: nothing is left
}

TEST_CASE("an actor in the middle of the list can stop on its own") {
    std::vector<int> log;
    std::mutex mutex;
    world w(1);
    std::vector<drover::ref<numbered>> all;
    for (int each = 1; each <= 3; ++each) {
        all.push_back(w.rt.spawn<numbered>(&log, &mutex, each));
    }
    all[1].stop();
    wait_until([&] { return all[1].stopped(); });
    CHECK(w.rt.stop().complete);
    CHECK(log == std::vector<int>{2, 3, 1});
}

TEST_CASE("what a handler spawns without a parent while its runtime stops is asked at once") {
    std::vector<int> log;
    std::mutex mutex;
    door entered;
    door leave;
    world w(2);
    auto a = w.rt.spawn([&](int n) {
        entered.open();
        leave.pass();
        w.rt.spawn<numbered>(&log, &mutex, n);
        return n;
    });
    a.tell(7);
    entered.pass();
    std::thread stopper([&] { w.rt.stop(); });
    wait_until([&] { return drover_test::asked_to_stop(a); });
    leave.open();
    stopper.join();
    CHECK(log == std::vector<int>{7});
}

TEST_CASE("the core outlives its runtime for as long as there is a ref") {
    drover::ref<numbered> kept;
    std::vector<int> log;
    std::mutex mutex;
    {
        world w(1);
        kept = w.rt.spawn<numbered>(&log, &mutex, 1);
        CHECK_FALSE(kept.cell()->core->has_ended());
    }
    CHECK(kept.cell()->core->has_ended());
    CHECK(kept.tell(1) == drover::delivery::stopped);
}
