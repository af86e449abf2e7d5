#include <drover/actor/await_group.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "support/oracle.hpp"
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

struct all {};
struct all_at_once {};
struct all_fails {};
struct first {};
struct first_of_tasks {};
struct first_fails {};
struct first_is_there {};
struct nested {};

struct goes {
    explicit goes(std::vector<int>& out, int number) : out_(out), number_(number) {}
    ~goes() { out_.push_back(number_); }
    goes(const goes&) = delete;
    goes& operator=(const goes&) = delete;
    std::vector<int>& out_;
    int number_;
};

drover::task<int> immediate(int n) {
    co_return n;
}

struct joiner {
    drover::task<int> part(int number) {
        const goes local(*out_, number);
        co_return number + co_await a_.ask(riddle{});
    }
    drover::task<> sleeps(drover::clock_duration length) {
        const goes local(*out_, 100);
        co_await drover::sleep_for(length);
    }
    drover::task<int> fails() {
        co_await drover::sleep_for(1ms);
        throw std::runtime_error("one of them");
    }

    drover::task<int> operator()(all) {
        auto [x, y, nothing, z] =
            co_await drover::when_all(a_.ask(riddle{}), b_.ask(riddle{}), drover::sleep_for(1ms), part(1000));
        static_assert(std::is_same_v<decltype(nothing), std::monostate>);
        co_return x + y + z;
    }
    drover::task<int> operator()(all_at_once) {
        const auto [x, y, nothing] = co_await drover::when_all(immediate(1), immediate(2), drover::sleep_for(0ns));
        static_cast<void>(nothing);
        co_return x + y;
    }
    drover::task<int> operator()(all_fails) {
        co_await drover::when_all(a_.ask(riddle{}), fails(), drover::ref<oracle>().ask(riddle{}));
        co_return 0;
    }
    drover::task<int> operator()(first) {
        const auto got = co_await drover::when_any(a_.ask(riddle{}), drover::sleep_for(5ms), b_.ask(riddle{}));
        co_return got.index() == 1 ? -1 : got.index() == 0 ? std::get<0>(got) : std::get<2>(got);
    }
    drover::task<int> operator()(first_of_tasks) {
        const auto got = co_await drover::when_any(part(1), sleeps(5ms));
        co_return static_cast<int>(got.index());
    }
    drover::task<int> operator()(first_fails) {
        co_await drover::when_any(a_.ask(riddle{}), fails());
        co_return 0;
    }
    drover::task<int> operator()(first_is_there) {
        const auto got = co_await drover::when_any(immediate(3), part(1));
        co_return std::get<0>(got);
    }
    drover::task<int> operator()(nested) {
        auto [one, two] = co_await drover::when_all(
            drover::when_any(a_.ask(riddle{}).as_result(), drover::sleep_for(1ms)), drover::when_all(part(10)));
        co_return std::get<0>(one).value() + std::get<0>(two);
    }

    drover::ref<oracle> a_;
    drover::ref<oracle> b_;
    std::vector<int>* out_;
};

struct scene {
    std::vector<int> out;
    world w;
    drover::ref<oracle> a = w.rt.spawn<oracle>();
    drover::ref<oracle> b = w.rt.spawn<oracle>();
    drover::ref<joiner> j = w.rt.spawn<joiner>(a, b, &out);

    // All that a handler begins with has arrived.
    void handled(std::uint64_t count) {
        await_held(j);
        wait_until([&] { return w.rt.statistics().handled >= count; });
    }
};

}  // namespace

TEST_CASE("when_all: goes on when the last is there, in any order") {
    const std::size_t before = blocks_in_use();
    {
        scene s;
        auto reply = s.j.ask(all{});
        s.handled(3);
        s.b.tell(solve{10});
        s.a.tell(solve{1});
        s.a.tell(solve{100});
        s.handled(6);
        CHECK(!reply.is_ready());
        s.w.clock.advance(1ms);
        CHECK(reply.get() == 1111);
        CHECK(s.j.ask(all_at_once{}).get() == 3);
        CHECK(exact(s.w.rt.statistics()));
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("when_all: the first failure in the order of the arguments is thrown when all are there") {
    scene s;
    auto reply = s.j.ask(all_fails{});
    s.handled(1);
    s.w.clock.advance(1ms);
    CHECK(!reply.is_ready());
    s.a.tell(solve{1});
    const auto outcome = reply.result();
    REQUIRE(!outcome);
    CHECK(drover::describe(outcome.error().exception).find("one of them") != std::string::npos);
}

TEST_CASE("when_any: the first that is there counts, and the others are let go") {
    const std::size_t before = blocks_in_use();
    {
        scene s;
        auto reply = s.j.ask(first{});
        s.handled(2);
        s.b.tell(solve{7});
        CHECK(reply.get() == 7);
        auto late = s.j.ask(first{});
        s.handled(6);
        s.w.clock.advance(5ms);
        CHECK(late.get() == -1);
        s.a.tell(solve{1});  // to the first
        s.a.tell(solve{1});  // to the second: nobody waits for either
        s.b.tell(solve{1});
        s.w.settle();
        CHECK(s.w.rt.statistics().late_replies == 0);
        CHECK(exact(s.w.rt.statistics()));
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("when_any: a timeout destroys the frame of a task that waits") {
    const std::size_t before = blocks_in_use();
    {
        scene s;
        auto reply = s.j.ask(first_of_tasks{});
        s.handled(1);
        s.w.clock.advance(5ms);
        CHECK(reply.get() == 1);
        CHECK(s.out == std::vector{100, 1});
        s.a.tell(solve{1});
        auto other = s.j.ask(first_of_tasks{});
        s.handled(4);
        s.a.tell(solve{1});
        CHECK(other.get() == 0);
        CHECK(s.out == std::vector{100, 1, 1, 100});
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("when_any: throws what the first threw, and does not begin what comes after one that is there") {
    scene s;
    CHECK(s.j.ask(first_is_there{}).get() == 3);
    CHECK(s.out.empty());
    auto reply = s.j.ask(first_fails{});
    s.handled(2);
    s.w.clock.advance(1ms);
    CHECK(reply.result().error().code == drover::ask_error::handler_threw);
}

TEST_CASE("when_all and when_any: one in another") {
    scene s;
    auto reply = s.j.ask(nested{});
    s.handled(2);
    s.a.tell(solve{1});
    s.a.tell(solve{2});
    CHECK(reply.get() == 13);
}

TEST_CASE("when_all and when_any: a stop destroys all that waits") {
    const std::size_t before = blocks_in_use();
    {
        scene s;
        const bool any = GENERATE(false, true);
        auto reply = any ? s.j.ask(first_of_tasks{}) : s.j.ask(all{});
        s.handled(any ? 1 : 3);
        s.j.stop();
        CHECK(reply.result().error().code == drover::ask_error::actor_stopped);
        wait_until([&] { return s.j.stopped(); });
        std::sort(s.out.begin(), s.out.end());  // side by side, they go in any order
        CHECK(s.out == (any ? std::vector{1, 100} : std::vector{1000}));
        s.w.clock.advance(1s);
        s.a.tell(solve{1});
        s.w.settle();
        CHECK(exact(s.w.rt.statistics()));
    }
    CHECK(blocks_in_use() == before);
}
