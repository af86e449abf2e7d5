#include <drover/runtime/watchdog.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/capture.hpp"
#include "support/plug.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::context;
using drover::placement;
using drover::spawn_options;
using drover::stuck_scope;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct heard {
    std::string actor;
    drover::actor_id id;
    std::string message;
    drover::clock_duration duration;
    bool returned;
    bool own_thread;
};

// What a watchdog tells; a limit of 100 ms, so that it looks every 25.
struct listener {
    std::mutex mutex;
    std::vector<heard> all;

    world::change options(stuck_scope scope = stuck_scope::workers) {
        return [this, scope](drover::runtime_options& chosen) {
            chosen.stuck_after = 100ms;
            chosen.stuck_in = scope;
            chosen.on_stuck_handler = [this](const drover::stuck_handler& what) {
                const std::lock_guard lock(mutex);
                all.push_back({std::string(what.actor), what.id, std::string(what.message), what.duration,
                               what.returned, what.own_thread});
            };
        };
    }
    std::size_t count() {
        const std::lock_guard lock(mutex);
        return all.size();
    }
};

struct go {};

struct blocker {
    void operator()(plug&& p) { p.hold(); }
    int operator()(int n) { return n; }
};

// Waits at one plug in `started`, or in the continuations of asks that it makes at once.
struct other_code {
    plug first{};
    plug second{};
    drover::ref<blocker> other{};
    bool starts_held = false;

    void started(context&) {
        if (starts_held) {
            first.hold();
        }
    }
    void operator()(go) {
        for (const plug* each : {&first, &second}) {
            other.ask(1).then([each](drover::expected<int, drover::ask_error>&&) { each->hold(); });
        }
    }
    void operator()(plug&& p) { p.hold(); }
};

struct sleeper {
    drover::task<void> operator()(plug p, context&) {
        co_await drover::sleep_for(1h);
        p.hold();
    }
    int operator()(int n) { return n; }
};

}  // namespace

TEST_CASE("a handler beyond the limit is told once, and once more when it has come back") {
    listener it;
    world w(1, it.options());
    const auto actor = w.rt.spawn<blocker>(spawn_options{.name = "disk"});
    const plugged held(actor);
    w.clock.advance(25ms);  // it is seen
    w.clock.advance(99ms);
    CHECK(it.count() == 0);
    w.clock.advance(25ms);
    REQUIRE(it.count() == 1);
    CHECK(it.all[0].actor == "disk");
    CHECK(it.all[0].id == actor.id());
    CHECK(it.all[0].message == drover::type_name<plug>());
    CHECK(it.all[0].duration == 124ms);
    CHECK_FALSE(it.all[0].returned);
    CHECK_FALSE(it.all[0].own_thread);
    w.clock.advance(1s);
    CHECK(it.count() == 1);
    held.open();
    w.settle();
    w.clock.advance(25ms);
    REQUIRE(it.count() == 2);
    CHECK(it.all[1].actor == "disk");
    CHECK(it.all[1].message == drover::type_name<plug>());
    CHECK(it.all[1].returned);
    CHECK(it.all[1].duration == 1149ms);
    w.clock.advance(1s);
    CHECK(it.count() == 2);
}

TEST_CASE("handlers one after the other, and workers without one, are not told") {
    listener it;
    world w(2, it.options());
    const auto actor = w.rt.spawn<blocker>();
    std::vector<plug> plugs(6);
    for (const plug& each : plugs) {
        actor.tell(each);
    }
    for (const plug& each : plugs) {
        wait_until([&] { return each.entered->is_open(); });
        w.clock.advance(60ms);
        each.leave->open();
    }
    w.settle();
    for (int each = 0; each != 10; ++each) {
        w.clock.advance(60ms);
    }
    CHECK(it.count() == 0);
}

TEST_CASE("handlers that fail one after the other are not told") {
    struct fragile {
        void operator()(plug&& p) {
            p.hold();
            throw std::runtime_error("it broke");
        }
        int operator()(int n) { return n; }
    };
    listener it;
    world w(1, it.options());
    const auto actor = w.rt.spawn<fragile>(drover::supervised{.plan = {.backoff = {.first = 0ns}}});
    std::vector<plug> plugs(3);
    for (const plug& each : plugs) {
        actor.tell(each);
    }
    for (const plug& each : plugs) {
        wait_until([&] { return each.entered->is_open(); });
        w.clock.advance(60ms);
        each.leave->open();
    }
    w.settle();
    CHECK(it.count() == 0);
}

TEST_CASE("code that handles no message is told as such, each piece for itself") {
    listener it;
    world w(2, it.options());
    const plug first;
    const plug second;
    SECTION("started") {
        const auto actor = w.rt.spawn<other_code>(first, second, drover::ref<blocker>(), true);
        wait_until([&] { return first.entered->is_open(); });
        w.clock.advance(25ms);
        w.clock.advance(100ms);
        REQUIRE(it.count() == 1);
        CHECK(it.all[0].message == "its own code");
        first.leave->open();
    }
    SECTION("continuations") {
        const auto other = w.rt.spawn<blocker>();
        const auto actor = w.rt.spawn<other_code>(first, second, other, false);
        const plugged before(other);
        actor.tell(go{});
        const plugged held(actor);  // both replies come meanwhile, and are attended to in one go
        before.open();
        CHECK(other.ask(1).get() == 1);
        held.open();
        wait_until([&] { return first.entered->is_open(); });
        w.clock.advance(60ms);
        first.leave->open();
        wait_until([&] { return second.entered->is_open(); });
        w.clock.advance(60ms);
        w.clock.advance(60ms);
        CHECK(it.count() == 0);
        w.clock.advance(60ms);
        REQUIRE(it.count() == 1);
        CHECK(it.all[0].message == "its own code");
        second.leave->open();
    }
}

TEST_CASE("a handler that is suspended is not stuck; its code after that may be") {
    listener it;
    world w(1, it.options());
    const auto actor = w.rt.spawn<sleeper>();
    const plug p;
    actor.tell(p);
    w.rt.spawn<blocker>().tell(1);
    wait_until([&] { return w.rt.statistics().handled == 1; });  // by the only worker, which has left the other
    for (int each = 0; each != 20; ++each) {
        w.clock.advance(50ms);
    }
    CHECK(it.count() == 0);
    w.clock.advance(1h);  // beyond the sleep
    wait_until([&] { return p.entered->is_open(); });
    w.clock.advance(25ms);
    w.clock.advance(100ms);
    REQUIRE(it.count() == 1);
    CHECK(it.all[0].message == drover::type_name<plug>());
    p.leave->open();
}

TEST_CASE("own threads are told of when that is asked for") {
    listener it;
    const bool all = GENERATE(false, true);
    world w(1, it.options(all ? stuck_scope::all_threads : stuck_scope::workers));
    const auto actor = w.rt.spawn<blocker>(spawn_options{.name = "disk", .placement = placement::own_thread});
    const plugged held(actor);
    w.clock.advance(25ms);
    w.clock.advance(100ms);
    CHECK(it.count() == (all ? 1 : 0));
    if (all) {
        CHECK(it.all[0].actor == "disk");
        CHECK(it.all[0].own_thread);
    }
    actor.stop();
    held.open();
    // Its thread has ended or is about to: the return is told either way.
    if (all) {
        wait_until([&] {
            w.clock.advance(25ms);
            return it.count() == 2;
        });
        CHECK(it.all[1].returned);
        CHECK(it.all[1].actor == "disk");
    }
}

TEST_CASE("without a sink it is a line on standard error, and a sink that throws is named") {
    const auto lines = [](bool throws) {
        return drover_test::standard_error_of([throws] {
            world w(1, [throws](drover::runtime_options& chosen) {
                chosen.stuck_after = 100ms;
                if (throws) {
                    chosen.on_stuck_handler = [](const drover::stuck_handler&) { throw std::runtime_error("no"); };
                }
            });
            const auto actor = w.rt.spawn<blocker>(spawn_options{.name = "disk"});
            const plugged held(actor);
            w.clock.advance(25ms);
            w.clock.advance(200ms);
        });
    };
    CHECK(lines(false).find("drover: disk #1 has been in its handler of drover_test::plug for 200 ms\n") == 0);
    CHECK(lines(true).find("drover: a sink threw (no); a sink must not throw\n") == 0);
    CHECK(drover::to_line(drover::stuck_handler{"disk", drover::actor_id{3}, "its own code", 2s, true, false}) ==
          "disk #3 has come back from its own code after 2000 ms");
}

TEST_CASE("it follows the steady clock as well") {
    std::atomic<int> told{0};
    drover::runtime rt({.threads = 1, .stuck_after = 1ms, .on_stuck_handler = [&](const drover::stuck_handler& what) {
                            told += what.returned ? 10 : 1;
                        }});
    const auto actor = rt.spawn<blocker>();
    const plugged held(actor);
    wait_until([&] { return told == 1; });
    held.open();
    wait_until([&] { return told == 11; });
}

TEST_CASE("a limit out of range is refused, and off is the default") {
    CHECK(drover::runtime_options{}.stuck_after == 0ns);
    CHECK_THROWS_WITH(drover::runtime({.stuck_after = 10us}),
                      "drover: runtime_options::stuck_after is 10000 ns; use 1 ms or more, or 0 for no watchdog");
    CHECK_THROWS_WITH(drover::runtime({.stuck_after = -1s}),
                      "drover: runtime_options::stuck_after is -1000000000 ns; use 1 ms or more, or 0 for no watchdog");
    drover::manual_clock clock;
    const drover::runtime off({.threads = 1, .clock = &clock});
    CHECK_FALSE(off.core().timers.next_event().has_value());
}
