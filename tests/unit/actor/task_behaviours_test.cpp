#include <drover/actor/task.hpp>

#include <chrono>
#include <cstddef>
#include <utility>
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

struct open_up {};
struct enter {
    int number;
};

struct shut;
struct wide_open;
using gate = drover::behaviours<shut, wide_open>;

struct shut {
    drover::task<int> operator()(open_up, drover::context& me);
    shut(drover::ref<oracle> o, int& alive) : oracle_(std::move(o)), alive_(&alive), here_(alive) {}
    drover::ref<oracle> oracle_;
    int* alive_;
    drover_test::counted here_;
};
struct wide_open {
    drover::task<int> operator()(enter e) {
        const int more = co_await oracle_.ask(riddle{});
        co_return e.number + more;
    }
    explicit wide_open(drover::ref<oracle> o) : oracle_(std::move(o)) {}
    drover::ref<oracle> oracle_;
};

drover::task<int> shut::operator()(open_up, drover::context& me) {
    co_await oracle_.ask(riddle{});
    drover::become<wide_open>(me, oracle_);
    const int more = co_await oracle_.ask(riddle{});  // this behaviour is in force until here
    co_return more + *alive_;
}

// Each of its messages is handled by a coroutine, the kept ones as well.
struct late_starter {
    drover::task<> operator()(enter e) {
        co_await oracle_.ask(riddle{});
        out_->push_back(e.number);
    }
    drover::task<> operator()(open_up, drover::context& me) {
        early_.put(enter{1}, me);
        early_.put(enter{2}, me);
        co_await oracle_.ask(riddle{});
        early_.replay(me);
        co_await oracle_.ask(riddle{});
        out_->push_back(0);
    }
    late_starter(drover::ref<oracle> o, std::vector<int>& out) : oracle_(std::move(o)), out_(&out) {}
    drover::ref<oracle> oracle_;
    std::vector<int>* out_;
    drover::stash<late_starter, 8> early_;
};

}  // namespace

TEST_CASE("task: become in a coroutine is in force when that has finished") {
    const std::size_t before = blocks_in_use();
    int alive = 0;
    {
        world w;
        const auto o = w.rt.spawn<oracle>();
        const auto g = w.rt.spawn<gate>(o, alive);
        auto opened = g.ask(open_up{});
        auto entered = g.ask(enter{40});
        await_held(g);
        o.tell(solve{0});
        wait_until([&] { return w.rt.statistics().handled == 3; });
        CHECK(alive == 1);
        o.tell(solve{10});
        CHECK(opened.get() == 11);
        wait_until([&] { return w.rt.statistics().handled == 6; });
        CHECK(alive == 0);
        o.tell(solve{2});
        CHECK(entered.get() == 42);
        CHECK(g.ask(open_up{}).result().error().code == drover::ask_error::unhandled);
        w.settle();
        CHECK(exact(w.rt.statistics()));
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("task: a stop while become is proposed and its coroutine suspended") {
    const std::size_t before = blocks_in_use();
    int alive = 0;
    {
        world w;
        const auto o = w.rt.spawn<oracle>();
        const auto g = w.rt.spawn<gate>(o, alive);
        auto opened = g.ask(open_up{});
        await_held(g);
        o.tell(solve{0});
        wait_until([&] { return w.rt.statistics().handled == 3; });
        g.stop();
        CHECK(opened.result().error().code == drover::ask_error::actor_stopped);
        wait_until([&] { return g.stopped(); });
        CHECK(alive == 0);
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("task: what a stash gives back is handled after the coroutine, by coroutines one after the other") {
    std::vector<int> out;
    world w;
    const auto o = w.rt.spawn<oracle>();
    const auto s = w.rt.spawn<late_starter>(o, out);
    s.tell(open_up{});
    s.tell(enter{7});
    for (std::uint64_t each = 1; each != 6; ++each) {  // two riddles of the first, two of the stash, one of the mailbox
        const std::uint64_t finished = each > 2 ? each - 2 : 0;
        wait_until([&] { return w.rt.statistics().handled == 2 * each - 1 + finished; });
        o.tell(solve{0});
    }
    w.settle();
    CHECK(out == std::vector{0, 1, 2, 7});
    CHECK(exact(w.rt.statistics()));
}
