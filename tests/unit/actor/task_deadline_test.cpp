#include <drover/actor/task_environment.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include <catch2/catch.hpp>

#include "support/oracle.hpp"
#include "support/plug.hpp"
#include "support/world.hpp"

using drover_test::await_held;
using drover_test::blocks_in_use;
using drover_test::exact;
using drover_test::oracle;
using drover_test::riddle;
using drover_test::solve;
using drover_test::wait_until;
using drover_test::world;

namespace {

using namespace std::chrono_literals;

struct plain_ask {};
struct own_timeout {
    drover::clock_duration length;
};
struct after_sleep {};
struct told {};
struct through {};
struct by_then {};

// What became of the ask that the actor made itself: the code of its error.
struct seen {
    std::atomic<int> code{-1};
    std::atomic<bool> there{false};
    void write(const drover::expected<int, drover::ask_error>& got) {
        code = got ? -2 : static_cast<int>(got.error().code);
        there = true;
    }
    bool timed_out() {
        wait_until([&] { return there.load(); });
        there = false;
        return code.load() == drover::ask_error::timeout;
    }
};

struct middle {
    drover::task<int> operator()(plain_ask) {
        seen_->write(co_await oracle_.ask(riddle{}).as_result());
        co_return 0;
    }
    drover::task<int> operator()(own_timeout t) {
        seen_->write(co_await oracle_.ask(riddle{}, t.length).as_result());
        co_return 0;
    }
    drover::task<int> operator()(after_sleep) {
        co_await drover::sleep_for(4ms);
        seen_->write(co_await oracle_.ask(riddle{}).as_result());
        co_return 0;
    }
    drover::task<> operator()(told) { seen_->write(co_await oracle_.ask(riddle{}).as_result()); }
    void operator()(by_then) {
        oracle_.ask(riddle{}).then([this](auto got) { seen_->write(got); });
    }
    void operator()(const drover_test::plug& p) { p.hold(); }
    drover::ref<oracle> oracle_;
    seen* seen_;
};

struct outer {
    drover::task<int> operator()(through) { co_return co_await middle_.ask(plain_ask{}); }
    drover::ref<middle> middle_;
};

struct scene {
    explicit scene(std::size_t threads = 2) : w(threads) {}
    seen nested;
    world w;
    drover::ref<oracle> o = w.rt.spawn<oracle>();
    drover::ref<middle> m = w.rt.spawn<middle>(o, &nested);

    // The riddle has come, and who asked it waits.
    void asked() {
        await_held(m);
        wait_until([&] { return w.rt.statistics().pending == 1; });
    }
};

}  // namespace

TEST_CASE("deadline: an ask inside has no more time than is left") {
    const std::size_t before = blocks_in_use();
    {
        scene s;
        auto reply = s.m.ask(plain_ask{}, 10ms);
        s.asked();
        s.w.clock.advance(9ms);
        CHECK(s.m.cell()->system.is_held());
        s.w.clock.advance(1ms);
        CHECK(s.nested.timed_out());
        CHECK(reply.result().error().code == drover::ask_error::timeout);
        s.w.settle();
        CHECK(s.w.rt.statistics().late_replies == 1);  // the middle's
        CHECK(exact(s.w.rt.statistics()));
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("deadline: it stays with the coroutine when that has been suspended") {
    scene s;
    auto reply = s.m.ask(after_sleep{}, 10ms);
    await_held(s.m);
    s.w.clock.advance(4ms);
    wait_until([&] { return s.w.rt.statistics().handled == 1; });  // the riddle
    s.asked();
    s.w.clock.advance(5ms);
    CHECK(s.m.cell()->system.is_held());
    s.w.clock.advance(1ms);
    CHECK(s.nested.timed_out());
}

TEST_CASE("deadline: a timeout of its own is taken as it is") {
    scene s;
    auto shorter = s.m.ask(own_timeout{3ms}, 10ms);
    s.asked();
    s.w.clock.advance(3ms);
    CHECK(s.nested.timed_out());
    CHECK(shorter.get() == 0);

    auto longer = s.m.ask(own_timeout{20ms}, 10ms);
    s.asked();
    s.w.clock.advance(19ms);
    CHECK(longer.result().error().code == drover::ask_error::timeout);
    CHECK(s.m.cell()->system.is_held());
    s.w.clock.advance(1ms);
    CHECK(s.nested.timed_out());
}

TEST_CASE("deadline: it passes through every coroutine of a chain") {
    scene s;
    const auto top = s.w.rt.spawn<outer>(s.m);
    auto reply = top.ask(through{}, 10ms);
    await_held(top);
    await_held(s.m);
    wait_until([&] { return s.w.rt.statistics().pending == 2; });
    s.w.clock.advance(10ms);
    CHECK(s.nested.timed_out());
    CHECK(reply.result().error().code == drover::ask_error::timeout);
}

TEST_CASE("deadline: one that is over when the handler begins leaves no time") {
    scene s;
    std::optional<drover::answer<int>> reply;
    {
        const drover_test::plugged held(s.m);
        reply.emplace(s.m.ask(plain_ask{}, 10ms));
        s.w.clock.advance(11ms);
    }
    CHECK(s.nested.timed_out());
    CHECK(reply->result().error().code == drover::ask_error::timeout);
}

TEST_CASE("deadline: a told message has none, nor one that is asked without a timeout, nor a later handler") {
    scene s(1);
    auto reply = s.m.ask(plain_ask{}, 1h);
    s.asked();
    s.o.tell(solve{1});
    CHECK(reply.get() == 0);
    CHECK(!s.nested.timed_out());

    s.m.tell(told{});
    s.asked();
    s.w.clock.advance(2h);
    CHECK(s.m.cell()->system.is_held());
    s.o.tell(solve{1});
    CHECK(!s.nested.timed_out());

    s.m.tell(by_then{});
    wait_until([&] { return s.w.rt.statistics().pending == 0; });
    s.w.clock.advance(2h);
    s.o.tell(solve{1});
    CHECK(!s.nested.timed_out());

    auto second = s.m.ask(plain_ask{});
    s.asked();
    s.w.clock.advance(2h);
    CHECK(s.m.cell()->system.is_held());
    s.o.tell(solve{1});
    CHECK(second.get() == 0);
}
