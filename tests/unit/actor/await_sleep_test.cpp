#include <drover/actor/await_sleep.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "support/oracle.hpp"
#include "support/world.hpp"

using drover_test::await_held;
using drover_test::blocks_in_use;
using drover_test::exact;
using drover_test::wait_until;
using drover_test::world;

namespace {

using namespace std::chrono_literals;

// A lambda that is a coroutine must outlive its frame; an actor's does.
struct sleeper {
    drover::task<int> operator()(drover::clock_duration length) {
        co_await drover::sleep_for(length);
        co_return 1;
    }
    drover::task<int> operator()(drover::time_point moment) {
        co_await drover::sleep_until(moment);
        co_return 2;
    }
};

struct own : drover::features {};

}  // namespace

TEST_CASE("sleep: a coroutine goes on when its time has come, and not before") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto s = w.rt.spawn<sleeper>();
        auto reply = s.ask(drover::clock_duration(10ms));
        await_held(s);
        w.clock.advance(9ms);
        CHECK(s.cell()->system.is_held());
        w.clock.advance(1ms);
        CHECK(reply.get() == 1);

        auto other = s.ask(w.clock.now() + 5ms);
        await_held(s);
        w.clock.advance(4ms);
        CHECK(s.cell()->system.is_held());
        w.clock.advance(1ms);
        CHECK(other.get() == 2);
        CHECK(exact(w.rt.statistics()));
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("sleep: a length that is not positive, and a moment that is over, are no sleep") {
    world w;
    w.clock.advance(1s);
    const auto s = w.rt.spawn<sleeper>();
    CHECK(s.ask(drover::clock_duration(0)).get() == 1);
    CHECK(s.ask(drover::clock_duration(-1s)).get() == 1);
    CHECK(s.ask(w.clock.now()).get() == 2);
    CHECK(s.ask(w.clock.now() - 1ms).get() == 2);
}

TEST_CASE("sleep: the longest sleep is cut off by a stop, and its timer goes with it") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto s = w.rt.spawn<sleeper>();
        auto reply = s.ask(drover::clock_duration::max());
        await_held(s);
        s.stop();
        CHECK(reply.result().error().code == drover::ask_error::actor_stopped);
        wait_until([&] { return s.stopped(); });
        w.clock.advance(1h);
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("sleep: a stop and the timer at the same moment leave nothing behind") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        for (int i = 0; i != 200; ++i) {
            const auto s = w.rt.spawn<sleeper>();
            auto reply = s.ask(drover::clock_duration(1ms));
            await_held(s);
            if (i % 2 == 0) {
                s.stop();
                w.clock.advance(1ms);
            } else {
                w.clock.advance(1ms);
                s.stop();
            }
            const auto outcome = reply.result();
            CHECK((outcome ? outcome.value() == 1 : outcome.error().code == drover::ask_error::actor_stopped));
            wait_until([&] { return s.stopped(); });
        }
        w.settle();
        CHECK(exact(w.rt.statistics()));
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("sleep: the end of the runtime does not wait for one") {
    std::optional<drover::answer<int>> reply;
    {
        world w;
        const auto s = w.rt.spawn<sleeper>();
        reply.emplace(s.ask(drover::clock_duration(1h)));
        await_held(s);
    }
    CHECK(reply->result().error().code == drover::ask_error::actor_stopped);
}

TEST_CASE("sleep: on the steady clock") {
    drover::runtime rt({.threads = 1});
    const auto s = rt.spawn<sleeper>();
    const auto begun = std::chrono::steady_clock::now();
    CHECK(s.ask(drover::clock_duration(2ms)).get() == 1);
    CHECK(std::chrono::steady_clock::now() - begun >= 2ms);
}

TEST_CASE("sleep: with features of its own") {
    drover_test::basic_world<own> w;
    const auto s = w.rt.spawn<sleeper>();
    auto reply = s.ask(drover::clock_duration(1ms));
    await_held(s);
    w.clock.advance(1ms);
    CHECK(reply.get() == 1);
}
