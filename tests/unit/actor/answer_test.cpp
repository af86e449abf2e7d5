#include <drover/actor/answer.hpp>

#include <memory>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::ask_error;
using drover::context;
using drover_test::door;
using drover_test::wait_until;
using drover_test::world;

namespace {

using outcome = drover::expected<int, ask_error>;

// Waits before it answers.
auto behind(door& way) {
    return [&way](int n) {
        way.pass();
        return n;
    };
}

// Turns the clock until something has happened; each turn may come before the timer that it should fire.
template <class Done>
void turn_until(drover::manual_clock& clock, Done done) {
    while (!done()) {
        clock.advance(1s);
        std::this_thread::yield();
    }
}

}  // namespace

TEST_CASE("get, result and get_for give the reply") {
    world w;
    auto a = w.rt.spawn(drover::overload{[](int n) { return n; }, [](std::unique_ptr<int> p) { return p; }});
    CHECK(a.ask(1).get() == 1);
    CHECK(a.ask(2).result().value() == 2);
    CHECK(a.ask(3).get_for(1s).value() == 3);
    CHECK(*a.ask(std::make_unique<int>(4)).get() == 4);
    auto ready = a.ask(5);
    wait_until([&] { return ready.is_ready(); });
    CHECK(ready.get_for(0ns).value() == 5);
}

TEST_CASE("get throws what kept the reply away") {
    world w;
    auto throws = w.rt.spawn([](int) -> int { throw std::runtime_error("no luck"); });
    try {
        throws.ask(1).get();
        FAIL("returned");
    } catch (const drover::ask_failed& failed) {
        CHECK(failed.error().code == ask_error::handler_threw);
        CHECK(drover::describe(failed.error().exception) == "no luck");
    }
    CHECK_THROWS_AS(drover::ref<decltype(throws)::actor_type>().ask(1).get(), drover::ask_failed);
}

TEST_CASE("an answer is used once") {
    world w;
    auto a = w.rt.spawn([](int n) { return n; });
    auto used = a.ask(1);
    CHECK(used.get() == 1);
    CHECK(used.is_ready());
    CHECK_THROWS_AS(used.get(), std::logic_error);
    CHECK_THROWS_AS(used.result(), std::logic_error);
    CHECK_THROWS_AS(used.get_for(1s), std::logic_error);
    auto from = a.ask(2);
    auto to = std::move(from);
    CHECK_THROWS_AS(from.get(), std::logic_error);
    from = a.ask(3);
    CHECK(from.get() == 3);
    CHECK(to.get() == 2);
    std::swap(from, to);
    to = a.ask(4);
    CHECK(to.get() == 4);
}

TEST_CASE("an answer that failed at once is used once, too") {
    const drover::ref<int (*)(int)> nobody;
    auto failed = nobody.ask(1);
    CHECK(failed.is_ready());
    auto moved = std::move(failed);
    CHECK_THROWS_AS(failed.result(), std::logic_error);
    CHECK(moved.result().error().code == ask_error::no_target);
    CHECK_THROWS_AS(moved.result(), std::logic_error);
    CHECK_THROWS_AS(nobody.ask(1).get(), drover::ask_failed);
    CHECK(nobody.ask(1).get_for(1s).error().code == ask_error::no_target);
}

TEST_CASE("an answer that is dropped lets the message be handled all the same") {
    world w;
    std::atomic<int> handled{0};
    auto a = w.rt.spawn([&](int n) { return handled += n; });
    static_cast<void>(a.ask(3));
    static_cast<void>(a.ask(4, 1s));
    CHECK(w.finish());
    CHECK(handled == 7);
    CHECK(w.rt.statistics().late_replies == 0);
}

TEST_CASE("a thread that waits is woken by the reply") {
    door way;
    world w;
    auto a = w.rt.spawn(behind(way));
    std::atomic<int> started{0};
    std::thread waiter([&, asked = a.ask(5)]() mutable {
        started = 1;
        started = asked.get() == 5 ? 2 : 3;
    });
    wait_until([&] { return started == 1; });
    way.open();
    waiter.join();
    CHECK(started == 2);
}

TEST_CASE("ask with a timeout fails when the clock says so, and the late reply is counted") {
    door way;
    world w;
    auto a = w.rt.spawn(behind(way));
    auto asked = a.ask(1, 5s);
    w.clock.advance(4999ms);
    CHECK_FALSE(asked.is_ready());
    w.clock.advance(1ms);
    REQUIRE(asked.is_ready());
    CHECK(asked.result().error().code == ask_error::timeout);
    CHECK(w.rt.statistics().late_replies == 0);
    way.open();
    CHECK(w.finish());
    CHECK(w.rt.statistics().late_replies == 1);
}

TEST_CASE("a reply in time disarms the timeout") {
    world w;
    auto a = w.rt.spawn([](int n) { return n; });
    auto asked = a.ask(1, 5s);
    wait_until([&] { return asked.is_ready(); });
    w.clock.advance(10s);
    CHECK(asked.get() == 1);
    CHECK(w.finish());
    CHECK(w.rt.statistics().late_replies == 0);
}

TEST_CASE("a waiting get ends with the timeout of its ask") {
    door way;
    world w;
    auto a = w.rt.spawn(behind(way));
    std::atomic<bool> done{false};
    std::thread waiter([&, asked = a.ask(1, 5s)]() mutable {
        CHECK(asked.result().error().code == ask_error::timeout);
        done = true;
    });
    turn_until(w.clock, [&] { return done.load(); });
    waiter.join();
    way.open();
}

TEST_CASE("get_for gives up after its patience, and the answer is still to be had") {
    door way;
    world w;
    auto a = w.rt.spawn(behind(way));
    auto asked = a.ask(9);
    std::atomic<bool> done{false};
    std::thread waiter([&] {
        CHECK(asked.get_for(5s).error().code == ask_error::timeout);
        done = true;
    });
    turn_until(w.clock, [&] { return done.load(); });
    waiter.join();
    way.open();
    CHECK(asked.get_for(1h).value() == 9);
}

TEST_CASE("patience that is over, without end, or negative") {
    door way;
    world w;
    auto a = w.rt.spawn(behind(way));
    auto asked = a.ask(9);
    CHECK(asked.get_for(0ns).error().code == ask_error::timeout);
    CHECK(asked.get_for(-1ns).error().code == ask_error::timeout);
    CHECK(a.ask(1, 0ns).result().error().code == ask_error::timeout);
    CHECK(a.ask(1, -5s).result().error().code == ask_error::timeout);
    auto patient = a.ask(2, std::chrono::nanoseconds::max());
    w.clock.advance(24h);
    CHECK_FALSE(patient.is_ready());
    way.open();
    CHECK(asked.get_for(std::chrono::nanoseconds::max()).value() == 9);
    CHECK(patient.get() == 2);
}

TEST_CASE("the steady clock's timers work, too") {
    drover::runtime rt({.threads = 1});
    door way;
    auto a = rt.spawn(behind(way));
    CHECK(a.ask(1, 1ms).result().error().code == ask_error::timeout);
    auto asked = a.ask(2);
    CHECK(asked.get_for(1ms).error().code == ask_error::timeout);
    auto patient = a.ask(3, std::chrono::nanoseconds::max());
    way.open();
    CHECK(asked.get_for(1h).value() == 2);
    CHECK(patient.get() == 3);
    CHECK(rt.drain(std::chrono::nanoseconds::max()).complete);
    CHECK(rt.statistics().late_replies == 1);
}

TEST_CASE("asks that wait in the mailbox of an actor that stops are answered so") {
    door entered;
    door leave;
    world w(1);
    auto a = w.rt.spawn([&](int n) {
        entered.open();
        leave.pass();
        return n;
    });
    auto first = a.ask(1);
    entered.pass();
    auto second = a.ask(2);
    auto third = a.ask(3, 5s);
    a.stop();
    leave.open();
    CHECK(first.get() == 1);
    CHECK(second.result().error().code == ask_error::actor_stopped);
    CHECK(third.result().error().code == ask_error::actor_stopped);
    CHECK(a.ask(4).result().error().code == ask_error::actor_stopped);
}

TEST_CASE("a throwing handler fails its ask with the exception and those behind it with actor_stopped") {
    door entered;
    door leave;
    world w(1);
    auto a = w.rt.spawn([&](int n) -> int {
        entered.open();
        leave.pass();
        throw std::out_of_range("n is " + std::to_string(n));
    });
    auto first = a.ask(1);
    entered.pass();
    auto second = a.ask(2);
    leave.open();
    CHECK(drover::describe(first.result().error().exception) == "n is 1");
    CHECK(second.result().error().code == ask_error::actor_stopped);
    wait_until([&] { return a.stopped(); });
    CHECK(w.heard.failures().size() == 1);
}

TEST_CASE("waiting inside a handler is refused, for actors of this runtime and of another") {
    world w(2);
    world other(1);
    auto near = w.rt.spawn([](int n) { return n; });
    auto far = other.rt.spawn([](int n) { return n; });
    auto asker = w.rt.spawn([=](int) {
        int refused = 0;
        for (const auto& target : {drover::recipient<int(int)>(near), drover::recipient<int(int)>(far)}) {
            try {
                target.ask(1).get();
            } catch (const drover::ask_failed& failed) {
                refused += failed.error().code == ask_error::would_deadlock ? 1 : 0;
            }
            auto asked = target.ask(2);
            refused += asked.result().error().code == ask_error::would_deadlock ? 1 : 0;
            refused += asked.get_for(1s).error().code == ask_error::would_deadlock ? 1 : 0;
            asked.then([](const outcome&) {});  // a refusal has not used the answer
        }
        return refused;
    });
    CHECK(asker.ask(0).get() == 6);
    CHECK(w.finish());
}

TEST_CASE("then runs on the asking actor, in its own time") {
    world w;
    auto square = w.rt.spawn([](int n) { return n * n; });
    struct asker {
        drover::ref<decltype(square)::actor_type> to;
        std::thread::id handler_thread{};
        bool busy = false;
        int sum = 0;
        bool overlapped = false;
        void operator()(int n, context& c) {
            busy = true;
            to.ask(n).then(c, [this](const outcome& got) {
                overlapped = overlapped || busy;
                sum += got.value();
            });
            to.ask(n).then([this](outcome got) {
                overlapped = overlapped || busy;
                sum += got.value();
            });
            busy = false;
        }
        struct look {};
        int operator()(look) { return overlapped ? -1 : sum; }
    };
    auto a = w.rt.spawn<asker>(square);
    a.tell(3);
    a.tell(4);
    wait_until([&] { return a.ask(asker::look{}).get() == 50; });
    CHECK(w.finish());
}

TEST_CASE("then of an ask whose reply is already there, or that failed at once") {
    world w;
    auto square = w.rt.spawn([](int n) { return n * n; });
    struct asker {
        drover::ref<decltype(square)::actor_type> to;
        int sum = 0;
        int operator()(int n) {
            if (n != 0) {
                auto asked = to.ask(n);
                wait_until([&] { return asked.is_ready(); });
                asked.then([this](const outcome& reply) { sum += reply.value(); });
                const drover::ref<int (*)(int)> nobody;
                nobody.ask(1).then(
                    [this](const outcome& reply) { sum += reply.error().code == ask_error::no_target ? 100 : 0; });
            }
            return sum;
        }
    };
    auto a = w.rt.spawn<asker>(square);
    CHECK(a.ask(3).get() == 100);
    wait_until([&] { return a.ask(0).get() == 109; });
}

TEST_CASE("then with a timeout, a stopped target and a throwing handler") {
    door way;
    world w;
    auto slow = w.rt.spawn(behind(way));
    auto throws = w.rt.spawn([](int) -> int { throw std::runtime_error("thrown"); });
    auto gone = w.rt.spawn([](int n) { return n; });
    gone.stop();
    wait_until([&] { return gone.stopped(); });
    std::atomic<int> timeouts{0};
    std::atomic<int> stops{0};
    std::atomic<int> throwns{0};
    auto a = w.rt.spawn([&, slow, throws, gone](int) {
        slow.ask(1, 2s).then([&](const outcome& o) { timeouts += o.error().code == ask_error::timeout ? 1 : 0; });
        gone.ask(1).then([&](const outcome& o) { stops += o.error().code == ask_error::actor_stopped ? 1 : 0; });
        throws.ask(1).then([&](const outcome& o) { throwns += o.error().code == ask_error::handler_threw ? 1 : 0; });
        return 0;
    });
    CHECK(a.ask(1).get() == 0);
    w.clock.advance(2s);
    wait_until([&] { return timeouts == 1 && stops == 1 && throwns == 1; });
    way.open();
    CHECK(w.finish());
}

TEST_CASE("then outside a handler is refused") {
    world w;
    auto a = w.rt.spawn([](int n) { return n; });
    auto asked = a.ask(1);
    CHECK_THROWS_AS(asked.then([](const outcome&) {}), std::logic_error);
    CHECK(asked.get() == 1);
}

TEST_CASE("then twice is refused") {
    world w;
    auto square = w.rt.spawn([](int n) { return n * n; });
    auto a = w.rt.spawn([=](int n) {
        auto asked = square.ask(n);
        asked.then([](const outcome&) {});
        try {
            asked.then([](const outcome&) {});
        } catch (const std::logic_error&) {
            return true;
        }
        return false;
    });
    CHECK(a.ask(1).get());
}

TEST_CASE("an asking actor that stops destroys its continuations unrun, also those whose reply is under way") {
    door way;
    world w;
    auto slow = w.rt.spawn(behind(way));
    const auto alive = std::make_shared<int>(0);
    std::atomic<int> ran{0};
    auto a = w.rt.spawn([&, slow](int n) {
        slow.ask(n).then([&ran, alive = alive](const outcome&) { ran += 1; });
        slow.ask(n, 1h).then([&ran, alive = alive](const outcome&) { ran += 1; });
        return 0;
    });
    a.ask(1).get();
    a.ask(2).get();
    CHECK(alive.use_count() == 5);  // here and in four continuations
    a.stop();
    wait_until([&] { return a.stopped(); });
    CHECK(alive.use_count() == 1);
    way.open();
    CHECK(w.finish());
    CHECK(ran == 0);
    CHECK(w.rt.statistics().pending == 0);
}

TEST_CASE("then in stopped() is destroyed unrun") {
    world w;
    auto square = w.rt.spawn([](int n) { return n * n; });
    const auto alive = std::make_shared<int>(0);
    struct last_words {
        drover::ref<decltype(square)::actor_type> to;
        std::shared_ptr<int> alive;
        void operator()(int) {}
        void stopped(drover::stop_reason) {
            to.ask(1).then([kept = alive](const outcome&) { *kept += 1; });
        }
    };
    auto a = w.rt.spawn<last_words>(square, alive);
    a.stop();
    wait_until([&] { return a.stopped(); });
    CHECK(w.finish());
    CHECK(alive.use_count() == 1);
    CHECK(*alive == 0);
}

TEST_CASE("a move-only continuation, and one that throws on the way in") {
    world w;
    auto square = w.rt.spawn([](int n) { return n * n; });
    std::atomic<int> got{0};
    auto a = w.rt.spawn([&, square](int n) {
        square.ask(n).then([&got, p = std::make_unique<int>(n)](const outcome& o) { got = o.value() + *p; });
    });
    a.tell(5);
    wait_until([&] { return got == 30; });
}

TEST_CASE("an ask to an actor of another runtime comes back to the asker") {
    world w(1);
    world other(1);
    auto far = other.rt.spawn([](int n) { return n + 1; });
    std::atomic<int> got{0};
    auto a = w.rt.spawn([&, far](int n) { far.ask(n).then([&](const outcome& o) { got = o.value(); }); });
    a.tell(41);
    CHECK(w.finish());  // an ask of an actor is waited for
    CHECK(got == 42);
}
