#include <drover/actor/departure.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using drover_test::scaled;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct listener : drover::departure {
    listener() : departure(&hear) {}
    static void hear(drover::departure* self) noexcept { static_cast<listener*>(self)->heard.fetch_add(1); }
    std::atomic<int> heard{0};
};

struct idle_actor {
    void operator()(int) {}
};

}  // namespace

TEST_CASE("a departure list calls each listener once, and none that was removed") {
    drover::departure_list list;
    std::vector<listener> all(3);
    for (listener& each : all) {
        CHECK(list.add(each));
    }
    CHECK(list.remove(all[1]));
    CHECK_FALSE(list.remove(all[1]));
    list.depart();
    CHECK(all[0].heard == 1);
    CHECK(all[1].heard == 0);
    CHECK(all[2].heard == 1);
    CHECK_FALSE(list.remove(all[0]));
    listener late;
    CHECK_FALSE(list.add(late));
}

TEST_CASE("listeners leave a list in any order") {
    for (int order = 0; order != 6; ++order) {
        drover::departure_list list;
        std::vector<listener> all(3);
        for (listener& each : all) {
            REQUIRE(list.add(each));
        }
        const int first = order / 2;
        const int second = (first + 1 + order % 2) % 3;
        CHECK(list.remove(all[static_cast<std::size_t>(first)]));
        CHECK(list.remove(all[static_cast<std::size_t>(second)]));
        list.depart();
        for (int each = 0; each != 3; ++each) {
            CHECK(all[static_cast<std::size_t>(each)].heard == (each == first || each == second ? 0 : 1));
        }
    }
}

TEST_CASE("who listens to an actor hears of its end once, after its messages have become dead letters") {
    world w(1);
    const auto a = w.rt.spawn<idle_actor>();
    listener ours;
    REQUIRE(a.cell()->on_departure(ours));
    CHECK(ours.heard == 0);
    a.stop();
    wait_until([&] { return ours.heard == 1; });
    CHECK(a.stopped());
    listener late;
    CHECK_FALSE(a.cell()->on_departure(late));
    CHECK_FALSE(a.cell()->forget(ours));
    CHECK(late.heard == 0);
}

TEST_CASE("who has asked to be forgotten hears nothing") {
    listener ours;
    {
        world w(1);
        const auto a = w.rt.spawn<idle_actor>();
        CHECK_FALSE(a.cell()->forget(ours));
        REQUIRE(a.cell()->on_departure(ours));
        CHECK(a.cell()->forget(ours));
        a.stop();
    }
    CHECK(ours.heard == 0);
}

TEST_CASE("a listener that comes while the actor stops either hears of it or is told that it came too late") {
    world w(1);
    const std::size_t rounds = scaled(2000);
    for (std::size_t round = 0; round != rounds; ++round) {
        const auto a = w.rt.spawn<idle_actor>();
        listener ours;
        a.stop();
        const bool added = a.cell()->on_departure(ours);
        wait_until([&] { return a.stopped(); });
        if (added) {
            wait_until([&] { return ours.heard == 1; });
        }
        REQUIRE(ours.heard == (added ? 1 : 0));
        REQUIRE_FALSE(a.cell()->forget(ours));
    }
}
