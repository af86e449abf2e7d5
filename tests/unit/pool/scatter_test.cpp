#include <drover/pool/scatter.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/failing_new.hpp"
#include "support/plug.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::ask_error;
using drover::spawn_pool;
using drover_test::blocks_in_use;
using drover_test::failing_new;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;
using by_turns = drover::round_robin;

// How a question is answered: by a value, a promise, a coroutine.
struct plain {};
struct promised {};
struct awaited {};
struct finish {};
struct nap {};

struct book {
    std::atomic<int> built{0};
    std::atomic<int> ran{0};
    std::array<std::atomic<bool>, 8> fails{};
};

struct worker {
    explicit worker(std::shared_ptr<book> b) : all(std::move(b)), index(all->built++) {}
    int operator()(plain) { return result(); }
    drover::later<int> operator()(promised, drover::context& me) {
        promise = me.later<int>();
        me.self<worker>().tell_after(std::chrono::milliseconds(index + 1), finish{});
        return {};
    }
    void operator()(finish) {
        try {
            promise.set(result());
        } catch (...) {
            promise.fail(std::current_exception());
        }
    }
    drover::task<int> operator()(awaited) {
        co_await drover::sleep_for(std::chrono::milliseconds(index + 1));
        co_return result();
    }
    drover::task<> operator()(nap) { co_await drover::sleep_for(10ms); }
    void operator()(const plug& p) { p.hold(); }
    int result() {
        all->ran += 1;
        if (all->fails[static_cast<std::size_t>(index)]) {
            throw std::runtime_error("member " + std::to_string(index));
        }
        return index;
    }
    std::shared_ptr<book> all;
    int index;
    drover::promise<int> promise{};
};

using pool_type = drover::pool<worker, by_turns>;

// A supervised member's failure restarts it: `resume`, so that the numbers stay.
drover::pool_options<by_turns> members(std::size_t count) {
    return {.members = count, .name = "desk", .plan = drover::supervision{.on_failure = drover::directive::resume}};
}

bool balanced(const world& w) {
    const drover::accounting sums = w.rt.statistics();
    return sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending;
}

struct asker {
    int operator()(int) const { return 0; }
    drover::task<int> operator()(pool_type from) { co_return co_await from.scatter_gather_first(plain{}); }
    void operator()(std::pair<pool_type, std::atomic<int>*> by) {
        by.first.scatter_gather_first(plain{}).then(
            [to = by.second](drover::expected<int, ask_error> result) { *to = result ? *result : -2; });
    }
};

template <class Result>
std::string what_of(const Result& result) {
    REQUIRE_FALSE(result);
    REQUIRE(result.error().code == ask_error::handler_threw);
    return drover::describe(result.error().exception);
}

}  // namespace

TEST_CASE("scatter: the first success is the answer, and a failure that comes before it is not") {
    world w(4);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, members(3), all);
    const auto each = pool.members();
    all->fails[0] = true;
    {
        const plugged second(each[1].actor);
        std::optional<plugged> third(std::in_place, each[2].actor);
        auto answer = pool.scatter_gather_first(plain{});
        wait_until([&] { return w.heard.failures().size() == 1; });
        CHECK_FALSE(answer.is_ready());
        third.reset();
        CHECK(answer.get() == 2);
    }
    w.settle();
    // The second had not begun: it does not, and its message is handled for the accounts.
    CHECK(all->ran == 2);
    CHECK(w.heard.count() == 1);
    CHECK(balanced(w));
    CHECK(w.rt.statistics().handled == 4);  // two plugs, the winner, and the one that did not begin
    CHECK(w.rt.statistics().dead(reason::failed) == 1);
    CHECK(w.finish());
}

TEST_CASE("scatter: if none succeeds the last error is the answer") {
    world w(4);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, members(3), all);
    const auto each = pool.members();
    for (auto& one : all->fails) {
        one = true;
    }
    const int last = GENERATE(0, 1, 2);
    {
        const plugged kept(each[static_cast<std::size_t>(last)].actor);
        auto answer = pool.scatter_gather_first(plain{});
        wait_until([&] { return w.heard.failures().size() == 2; });
        CHECK_FALSE(answer.is_ready());
        kept.open();
        CHECK(what_of(answer.result()) == "member " + std::to_string(last));
    }
    w.settle();
    CHECK(all->ran == 3);
    CHECK(balanced(w));
}

TEST_CASE("scatter: promises and coroutines that fail first do not win, and losers that have begun go on") {
    drover::simulated_runtime rt(GENERATE(1U, 2U, 3U));
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(rt, members(4), all);
    const bool with_promises = GENERATE(true, false);
    const bool all_fail = GENERATE(true, false);
    for (auto& each : all->fails) {
        each = all_fail;
    }
    all->fails[0] = all->fails[1] = true;
    auto answer = with_promises ? pool.scatter_gather_first(promised{}) : pool.scatter_gather_first(awaited{});
    rt.advance(2ms);  // the first two
    CHECK(all->ran == 2);
    CHECK_FALSE(answer.is_ready());
    rt.advance(1ms);
    CHECK(answer.is_ready() == !all_fail);
    rt.advance(1ms);
    CHECK(all->ran == 4);
    REQUIRE(answer.is_ready());
    const auto result = answer.result();
    if (all_fail) {
        CHECK(what_of(result) == "member 3");
    } else {
        REQUIRE(result);
        CHECK(*result == 2);
    }
    const auto sums = rt.statistics();
    CHECK(sums.pending == 0);
    CHECK(sums.dead() == sums.dead(reason::failed));
    // Who answers a promise later has handled the message that asked.
    const std::uint64_t failed = with_promises ? 0 : all_fail ? 4 : 2;
    CHECK(sums.dead() == failed);
    CHECK(sums.offered == sums.handled + failed);
}

TEST_CASE("scatter: promises and coroutines that have not begun when another wins do not begin") {
    drover::simulated_runtime rt(1);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(rt, members(2), all);
    const bool with_promises = GENERATE(true, false);
    pool.members()[1].actor.tell(nap{});  // for 10 ms
    rt.run_until_idle();
    auto answer = with_promises ? pool.scatter_gather_first(promised{}) : pool.scatter_gather_first(awaited{});
    rt.advance(1ms);
    REQUIRE(answer.is_ready());
    CHECK(answer.get() == 0);
    rt.advance(1s);
    CHECK(all->ran == 1);
    const auto sums = rt.statistics();
    CHECK(sums.pending == 0);
    CHECK(sums.dead() == 0);
    CHECK(sums.offered == sums.handled);
}

TEST_CASE("scatter: each ask has the timeout, and the answer is that of the last one") {
    world w(4);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, members(2), all);
    const auto each = pool.members();
    {
        const plugged first(each[0].actor);
        const plugged second(each[1].actor);
        auto late = pool.scatter_gather_first(plain{}, 10ms);
        w.clock.advance(9ms);
        CHECK_FALSE(late.is_ready());
        w.clock.advance(1ms);
        CHECK(late.result().error().code == ask_error::timeout);
        CHECK(pool.scatter_gather_first(plain{}, 0ms).result().error().code == ask_error::timeout);
        auto early = pool.scatter_gather_first(plain{}, 10ms);
        first.open();
        CHECK(early.get() == 0);
    }
    w.settle();
    w.clock.advance(1h);
    w.settle();
    CHECK(balanced(w));
    CHECK(w.heard.count() == 0);
}

TEST_CASE("scatter: an empty handle, a pool without members, and one that has stopped") {
    world w;
    const auto all = std::make_shared<book>();
    CHECK(pool_type().scatter_gather_first(plain{}).result().error().code == ask_error::no_target);
    CHECK(pool_type().scatter_gather_first(plain{}, 1s).result().error().code == ask_error::no_target);
    const auto pool = spawn_pool<worker, by_turns>(w.rt, members(0), all);
    CHECK(pool.scatter_gather_first(plain{}).result().error().code == ask_error::no_target);
    const auto one = pool.add(0.0).get();  // it takes nothing
    CHECK(pool.scatter_gather_first(plain{}).result().error().code == ask_error::no_target);
    CHECK(pool.set_weight(one, 1).get());
    CHECK(pool.scatter_gather_first(plain{}).get() == 0);
    CHECK(w.heard.dead(reason::no_target) == 2);
    pool.stop();
    drover_test::await_closed(pool.parent());
    CHECK(pool.scatter_gather_first(plain{}).result().error().code == ask_error::actor_stopped);
    CHECK(w.heard.dead(reason::stopped) == 1);
    CHECK(w.heard.letters()[0].actor == "desk");
    CHECK(balanced(w));
}

TEST_CASE("scatter: members that stop meanwhile fail, and one that goes on answers") {
    world w(4);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, members(3), all);
    const auto each = pool.members();
    const bool one_is_left = GENERATE(true, false);
    {
        const plugged first(each[0].actor);
        const plugged second(each[1].actor);
        const plugged third(each[2].actor);
        auto answer = pool.scatter_gather_first(plain{});
        each[0].actor.stop();
        each[1].actor.stop();
        if (!one_is_left) {
            each[2].actor.stop();
        }
        first.open();
        second.open();
        wait_until([&] { return w.heard.dead(reason::stopped) == 2; });
        CHECK_FALSE(answer.is_ready());
        third.open();
        if (one_is_left) {
            CHECK(answer.get() == 2);
        } else {
            CHECK(answer.result().error().code == ask_error::actor_stopped);
        }
    }
    w.settle();
    CHECK(w.heard.count() == (one_is_left ? 2U : 3U));
    CHECK(balanced(w));
    CHECK(w.finish());
}

TEST_CASE("scatter: by get, then and co_await; an asker that stops, and an answer that is dropped") {
    const std::size_t before = blocks_in_use();
    {
        world w(3);
        const auto all = std::make_shared<book>();
        const auto pool = spawn_pool<worker, by_turns>(w.rt, members(2), all);
        const auto who = w.rt.spawn<asker>();
        const int awaited_result = who.ask(pool_type(pool)).get();
        CHECK((awaited_result == 0 || awaited_result == 1));
        std::atomic<int> heard{-1};
        who.tell(std::pair(pool_type(pool), &heard));
        wait_until([&] { return heard != -1; });
        CHECK(heard >= 0);
        w.settle();
        CHECK(all->ran >= 2);
        static_cast<void>(pool.scatter_gather_first(plain{}));
        w.settle();
        heard = -1;
        {
            const plugged first(pool.members()[0].actor);
            const plugged second(pool.members()[1].actor);
            who.tell(std::pair(pool_type(pool), &heard));
            static_cast<void>(who.ask(5).get());  // it has asked
            who.stop();
            wait_until([&] { return who.stopped(); });
        }
        w.settle();
        CHECK(heard == -1);
        CHECK(balanced(w));
        CHECK(w.finish());
    }
    CHECK(blocks_in_use() == before);
}

namespace {

// Its copies throw from the n-th on.
struct brittle {
    explicit brittle(int copies) : left(copies) {}
    brittle(const brittle& other) : left(other.left) {
        if (--*left_of(other) < 0) {
            throw std::runtime_error("torn");
        }
    }
    brittle(brittle&&) noexcept = default;
    static int* left_of(const brittle& other) { return &other.left; }
    mutable int left;
};
struct reader {
    explicit reader(std::shared_ptr<book> b) : all(std::move(b)) {}
    int operator()(brittle&&) {
        all->ran += 1;
        return 1;
    }
    void operator()(const plug& p) { p.hold(); }
    std::shared_ptr<book> all;
};

}  // namespace

TEST_CASE("scatter: a copy that throws at the n-th member withdraws those that were asked") {
    const std::size_t before = blocks_in_use();
    const int copies = GENERATE(0, 1, 2);
    {
        world w(4);
        const auto all = std::make_shared<book>();
        const auto pool = spawn_pool<reader, by_turns>(w.rt, {.members = 3}, all);
        const auto each = pool.members();
        {
            const plugged first(each[0].actor);
            const plugged second(each[1].actor);
            CHECK_THROWS_WITH(static_cast<void>(pool.scatter_gather_first(brittle(copies))), "torn");
            CHECK(w.rt.statistics().offered == 2U + static_cast<unsigned>(copies));
        }
        w.settle();
        CHECK(all->ran == 0);
        CHECK(balanced(w));
        CHECK(pool.scatter_gather_first(brittle(3)).get() == 1);
        w.settle();
        CHECK(w.finish());
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("scatter: without memory nothing is lost, whichever allocation fails") {
    const std::size_t before = blocks_in_use();
    {
        world w(4);
        const auto all = std::make_shared<book>();
        const auto pool = spawn_pool<worker, by_turns>(w.rt, members(3), all);
        const auto each = pool.members();
        CHECK(pool.scatter_gather_first(plain{}).get() >= 0);
        w.settle();
        bool succeeded = false;
        for (std::size_t allowed = 0; !succeeded; ++allowed) {
            const int ran = all->ran;
            const plugged first(each[0].actor);
            const plugged second(each[1].actor);
            const plugged third(each[2].actor);
            {
                const failing_new none(allowed);
                try {
                    static_cast<void>(pool.scatter_gather_first(plain{}));
                    succeeded = none.refused() == 0;
                } catch (const std::bad_alloc&) {}
            }
            first.open();
            second.open();
            third.open();
            w.settle();
            if (!succeeded) {
                CHECK(all->ran == ran);
            }
        }
        CHECK(balanced(w));
        CHECK(w.finish());
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("scatter: thousands at once, each with one answer, and the accounts agree") {
    const std::size_t before = blocks_in_use();
    {
        world w(4);
        const auto all = std::make_shared<book>();
        const auto pool = spawn_pool<worker, by_turns>(w.rt, members(4), all);
        all->fails[1] = true;
        int wrong = 0;
        for (int round = 0; round != 3000; ++round) {
            all->fails[0] = round % 3 == 0;
            all->fails[2] = all->fails[3] = round % 2 == 0;
            switch (round % 4) {
                case 0: static_cast<void>(pool.scatter_gather_first(plain{})); break;
                case 1: {
                    const auto result = pool.scatter_gather_first(plain{}, 1h).result();
                    wrong += result && (*result < 0 || *result > 3) ? 1 : 0;
                    wrong += !result && result.error().code != ask_error::handler_threw ? 1 : 0;
                    break;
                }
                case 2: {
                    const auto result = pool.scatter_gather_first(plain{}, 0ns).result();
                    wrong += !result && result.error().code == ask_error::actor_stopped ? 1 : 0;
                    break;
                }
                default: {
                    const auto result = pool.scatter_gather_first(plain{}).result();
                    wrong += !result && result.error().code != ask_error::handler_threw ? 1 : 0;
                }
            }
        }
        CHECK(wrong == 0);
        w.settle();
        const auto sums = w.rt.statistics();
        CHECK(sums.offered == 12000);
        CHECK(sums.handled + sums.dead(reason::failed) == 12000);
        CHECK(balanced(w));
        CHECK(w.finish());
    }
    CHECK(blocks_in_use() == before);
}
