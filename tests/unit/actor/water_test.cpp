#include <drover/actor/water.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using drover::water_level;
using drover_test::door;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct wait_for {
    door* closed;
    std::atomic<bool>* inside;
};

struct tank {
    using mailbox = drover::bounded_mailbox<8, drover::reject_newest, drover::water_marks<50, 25>>;
    void operator()(int) {}
    void operator()(wait_for w) {
        w.inside->store(true);
        w.closed->pass();
        w.inside->store(false);
    }
};

struct gauge {
    struct read {};
    std::vector<water_level> levels;
    void operator()(water_level now) { levels.push_back(now); }
    std::vector<water_level> operator()(read) const { return levels; }
};

struct filled {
    explicit filled(const drover::ref<tank>& actor) {
        actor.tell(wait_for{&closed, &inside});
        wait_until([&] { return inside.load(); });
        for (int each = 0; each != 8; ++each) {
            CHECK(is_accepted(actor.tell(each)));
        }
    }
    ~filled() {
        closed.open();
        wait_until([&] { return !inside.load(); });  // the handler looks at the door until then
    }
    door closed;
    std::atomic<bool> inside{false};
};

}  // namespace

TEST_CASE("subscribers hear once when the high mark is passed and once when the low mark is reached") {
    world w(1);
    const auto actor = w.rt.spawn<tank>();
    const auto first = w.rt.spawn<gauge>();
    const auto second = w.rt.spawn<gauge>();
    subscribe_water(actor, drover::recipient<water_level>(first));
    subscribe_water(actor, drover::recipient<water_level>(first));  // twice is once
    subscribe_water(actor, drover::recipient<water_level>(second));
    for (int round = 0; round != 2; ++round) {
        filled held(actor);
        held.closed.open();
        wait_until([&] { return actor.cell()->box->room->level() == 0; });
        w.settle();
    }
    for (const auto& each : {first, second}) {
        const auto levels = each.ask(gauge::read{}).get();
        REQUIRE(levels.size() == 4);
        for (std::size_t turn = 0; turn != 4; ++turn) {
            CHECK(levels[turn].above == (turn % 2 == 0));
            CHECK(levels[turn].actor == actor.id());
            CHECK(levels[turn].capacity == 8);
        }
        CHECK(levels[0].waiting == 5);
        CHECK(levels[1].waiting <= 2);
    }
}

TEST_CASE("a subscription to water ends when it is taken back, and with the subscriber") {
    world w(1);
    const auto actor = w.rt.spawn<tank>();
    const auto first = w.rt.spawn<gauge>();
    const auto second = w.rt.spawn<gauge>();
    subscribe_water(actor, drover::recipient<water_level>(first));
    subscribe_water(actor, drover::recipient<water_level>(second));
    CHECK(unsubscribe_water<drover::features>(actor, first));
    CHECK_FALSE(unsubscribe_water<drover::features>(actor, first));
    second.stop();
    wait_until([&] { return second.stopped(); });
    {
        filled held(actor);
        held.closed.open();
        w.settle();
    }
    CHECK(first.ask(gauge::read{}).get().empty());
    CHECK(w.heard.letters().empty());
    CHECK_FALSE(unsubscribe_water<drover::features>(actor, second));
}

TEST_CASE("only a mailbox with a limit has water marks") {
    world w(1);
    const auto plain = w.rt.spawn<gauge>();
    const auto meter = w.rt.spawn<gauge>();
    CHECK_THROWS_WITH(subscribe_water(plain, drover::recipient<water_level>(meter)),
                      Catch::Contains("has no limit and so no water marks; give the actor a bounded_mailbox"));
    CHECK_THROWS_AS(subscribe_water(drover::ref<tank>(), drover::recipient<water_level>(meter)), std::invalid_argument);
    CHECK_THROWS_AS(subscribe_water(w.rt.spawn<tank>(), drover::recipient<water_level>()), std::invalid_argument);
    CHECK_FALSE(unsubscribe_water<drover::features>(plain, meter));
}

namespace {

// Two that watch each other: each message of one may cross a mark of the other.
struct twin {
    using mailbox = drover::bounded_mailbox<4, drover::drop_newest, drover::water_marks<50, 25>>;
    std::atomic<int>* heard;
    void operator()(int) {}
    void operator()(water_level) { heard->fetch_add(1); }
};

}  // namespace

TEST_CASE("actors may watch each other's water") {
    std::atomic<int> heard{0};
    world w(2);
    const auto left = w.rt.spawn<twin>(&heard);
    const auto right = w.rt.spawn<twin>(&heard);
    subscribe_water(left, drover::recipient<water_level>(right));
    subscribe_water(right, drover::recipient<water_level>(left));
    std::vector<std::thread> threads;
    for (const auto& each : {left, right}) {
        threads.emplace_back([each] {
            for (std::size_t n = 0; n != drover_test::scaled(5000); ++n) {
                static_cast<void>(each.tell(1));
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    CHECK(w.finish());
    const drover::accounting sums = w.rt.statistics();
    CHECK(sums.offered == sums.handled + sums.dead());
}

TEST_CASE("who has been told that a mailbox is above its high water hears when it has fallen") {
    struct sender {
        drover::ref<tank> to;
        int left;
        bool open = true;
        std::atomic<bool>* done;

        void started(drover::context& me) {
            subscribe_water(to, drover::recipient<water_level>(me.self<sender>()));
            go_on();
        }
        void operator()(water_level now) {
            if (!now.above) {
                open = true;
                go_on();
            }
        }
        void go_on() {
            while (open && left != 0) {
                open = to.tell(1) == drover::delivery::accepted;
                left -= 1;
            }
            done->store(left == 0);
        }
    };
    std::atomic<bool> done{false};
    world w(2);
    const auto actor = w.rt.spawn<tank>();
    const auto from = w.rt.spawn<sender>(actor, static_cast<int>(drover_test::scaled(20000)), true, &done);
    wait_until([&] { return done.load(); });
    CHECK(w.finish());
    CHECK(w.rt.statistics().dead() == 0);
}
