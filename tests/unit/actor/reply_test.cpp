#include <drover/actor/reply.hpp>
#include <drover/supervision/supervised.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/oracle.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::ask_error;
using drover::context;
using drover_test::await_held;
using drover_test::blocks_in_use;
using drover_test::wait_until;
using drover_test::world;

namespace {

// Keeps the promises of its asks until it is told what to do with them.
struct deferring {
    std::vector<drover::promise<int>> kept{};
    struct answer_all {
        int with;
    };
    struct fail_all {};
    struct drop_all {};

    drover::later<int> operator()(int, context& c) {
        kept.push_back(c.later<int>());
        return {};
    }
    void operator()(answer_all all) {
        for (auto& each : kept) {
            each.set(all.with);
        }
        kept.clear();
    }
    void operator()(fail_all) {
        for (auto& each : kept) {
            each.fail(std::make_exception_ptr(std::runtime_error("failed on purpose")));
        }
        kept.clear();
    }
    void operator()(drop_all) { kept.clear(); }
};

// A reply whose second move throws: the way from the handler to the asker.
struct heavy_reply {
    int moves = 0;
    heavy_reply() = default;
    heavy_reply(heavy_reply&& other) : moves(other.moves + 1) { throw std::runtime_error("the reply does not move"); }
    heavy_reply(const heavy_reply&) = delete;
    heavy_reply& operator=(const heavy_reply&) = delete;
    heavy_reply& operator=(heavy_reply&&) = delete;
    ~heavy_reply() = default;
};

// Waits in a coroutine for what it was told to ask.
struct waiting {
    struct patient {};
    struct impatient {};
    struct either {};

    drover::task<> operator()(patient) { got_->push_back((co_await target_.ask(1).as_result()).has_value()); }
    drover::task<> operator()(impatient) { got_->push_back((co_await target_.ask(1, 1s).as_result()).has_value()); }
    drover::task<> operator()(either) {
        static_cast<void>(co_await drover::when_any(target_.ask(1), drover::sleep_for(1s)));
    }

    drover::ref<deferring> target_;
    std::vector<bool>* got_;
};

}  // namespace

TEST_CASE("a deferred answer comes when the promise is set") {
    world w;
    auto a = w.rt.spawn<deferring>();
    auto first = a.ask(1);
    auto second = a.ask(2);
    w.settle();
    CHECK_FALSE(first.is_ready());
    a.tell(deferring::answer_all{7});
    CHECK(first.get() == 7);
    CHECK(second.get() == 7);
}

TEST_CASE("a promise that fails hands over its exception, a dropped one says so") {
    world w;
    auto a = w.rt.spawn<deferring>();
    auto failed = a.ask(1);
    a.tell(deferring::fail_all{});
    auto outcome = failed.result();
    CHECK(outcome.error().code == ask_error::handler_threw);
    CHECK(drover::describe(outcome.error().exception) == "failed on purpose");
    auto dropped = a.ask(2);
    a.tell(deferring::drop_all{});
    CHECK(dropped.result().error().code == ask_error::no_answer);
    CHECK(w.heard.failures().empty());
    CHECK_FALSE(a.stopped());
}

TEST_CASE("promises that an actor keeps when it stops are dropped with its state") {
    world w;
    auto a = w.rt.spawn<deferring>();
    auto asked = a.ask(1);
    w.settle();
    a.stop();
    CHECK(asked.result().error().code == ask_error::no_answer);
}

TEST_CASE("a promise may be answered by another thread, also after the actor and its runtime are gone") {
    drover::promise<std::string> taken;
    std::atomic<int> step{0};
    std::thread setter;
    std::thread other;
    {
        world w;
        auto a = w.rt.spawn([&](int n, context& c) -> drover::later<std::string> {
            auto mine = c.later<std::string>();
            if (n == 0) {
                setter = std::thread([p = std::move(mine)]() mutable { p.set("from a thread"); });
            } else {
                taken = std::move(mine);
                step = 1;
            }
            return {};
        });
        CHECK(a.ask(0).get() == "from a thread");
        w.settle();
        setter.join();
        other = std::thread([&, asked = a.ask(1)]() mutable {
            const auto got = asked.result();
            step = got && got.value() == "late" ? 2 : 3;
        });
        wait_until([&] { return step == 1; });
    }
    CHECK(taken);
    taken.set("late");
    CHECK_FALSE(taken);
    other.join();
    CHECK(step == 2);
}

TEST_CASE("told and not asked, the promise is empty and set does nothing") {
    world w;
    std::atomic<int> empties{0};
    auto a = w.rt.spawn([&](int n, context& c) -> drover::later<int> {
        auto mine = c.later<int>();
        empties += mine ? 0 : 1;
        mine.set(n);
        mine.fail(nullptr);
        return {};
    });
    CHECK(a.tell(1) == drover::delivery::accepted);
    CHECK(w.finish());
    CHECK(empties == 1);
}

TEST_CASE("a promise is set once; what follows is nothing") {
    world w;
    auto a = w.rt.spawn([](int n, context& c) -> drover::later<int> {
        auto mine = c.later<int>();
        mine.set(n);
        mine.set(n + 1);
        mine.fail(nullptr);
        return {};
    });
    CHECK(a.ask(5).get() == 5);
    CHECK(w.finish());
    CHECK(w.rt.statistics().late_replies == 0);
}

TEST_CASE("assigning to a promise drops the one it had; moving one leaves it empty") {
    world w;
    struct keeps_last {
        drover::promise<int> last{};
        drover::later<int> operator()(int n, context& c) {
            last = c.later<int>();
            drover::promise<int>& same = last;
            last = std::move(same);  // to itself: nothing
            if (n == 3) {
                drover::promise<int> moved = std::move(last);
                moved.set(last ? -1 : n);
            }
            return {};
        }
    };
    auto a = w.rt.spawn<keeps_last>();
    auto first = a.ask(1);
    auto second = a.ask(3);
    CHECK(first.result().error().code == ask_error::no_answer);
    CHECK(second.get() == 3);
    drover::promise<int> none;
    none.set(1);
    CHECK_FALSE(none);
}

TEST_CASE("a handler that says later and takes no promise gives no answer") {
    world w;
    auto a = w.rt.spawn([](int) -> drover::later<int> { return {}; });
    CHECK(a.ask(1).result().error().code == ask_error::no_answer);
    CHECK(a.tell(1) == drover::delivery::accepted);
}

TEST_CASE("a handler that throws after it took the promise answers with the exception, whoever has the promise") {
    world w;
    drover::promise<int> taken;
    auto a = w.rt.spawn([&](int, context& c) -> drover::later<int> {
        taken = c.later<int>();
        throw std::runtime_error("after the promise");
    });
    const auto outcome = a.ask(1).result();
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == ask_error::handler_threw);
    CHECK(drover::describe(outcome.error().exception) == "after the promise");
    wait_until([&] { return a.stopped(); });
    taken.set(1);  // too late
    CHECK(w.rt.statistics().late_replies == 1);
    CHECK(w.heard.failures().size() == 1);
}

TEST_CASE("later of another type, or twice, is an error of the handler") {
    world w;
    SECTION("another type") {
        auto a = w.rt.spawn([](int, context& c) -> drover::later<int> {
            auto wrong = c.later<std::string>();
            return {};
        });
        auto outcome = a.ask(1).result();
        CHECK(outcome.error().code == ask_error::handler_threw);
        CHECK_THROWS_AS(std::rethrow_exception(outcome.error().exception), std::logic_error);
        CHECK_THAT(drover::describe(outcome.error().exception), Catch::Contains("int") && Catch::Contains("string"));
    }
    SECTION("twice") {
        std::atomic<bool> refused{false};
        auto a = w.rt.spawn([&](int n, context& c) -> drover::later<int> {
            auto right = c.later<int>();
            try {
                auto wrong = c.later<int>();
            } catch (const std::logic_error&) {
                refused = true;
            }
            right.set(n);
            return {};
        });
        CHECK(a.ask(4).get() == 4);
        CHECK(refused);
    }
    SECTION("in a handler that returns its reply there is nothing to take over") {
        std::atomic<bool> given{false};
        auto a = w.rt.spawn([&](int n, context& c) {
            given = static_cast<bool>(c.later<int>());
            return n;
        });
        CHECK(a.ask(4).get() == 4);
        CHECK_FALSE(given);
    }
}

TEST_CASE("a promise that is answered after the timeout is a late reply; one that is dropped is none") {
    world w;
    auto a = w.rt.spawn<deferring>();
    auto late = a.ask(1, 1s);
    auto dropped = a.ask(2, 1s);
    w.settle();
    w.clock.advance(1s);
    CHECK(late.result().error().code == ask_error::timeout);
    CHECK(dropped.result().error().code == ask_error::timeout);
    SECTION("answered") {
        a.tell(deferring::answer_all{1});
        w.settle();
        CHECK(w.rt.statistics().late_replies == 2);
    }
    SECTION("dropped") {
        a.tell(deferring::drop_all{});
        w.settle();
        CHECK(w.rt.statistics().late_replies == 0);
    }
}

TEST_CASE("a reply that throws while it is moved to the asker is a handler that threw") {
    world w;
    auto a = w.rt.spawn([](int) { return heavy_reply(); });
    const auto outcome = a.ask(1).result();
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == ask_error::handler_threw);
    CHECK(drover::describe(outcome.error().exception) == "the reply does not move");
}

TEST_CASE("large and move-only replies") {
    world w;
    struct large {
        std::array<int, 300> numbers;
    };
    auto a = w.rt.spawn(drover::overload{[](int n) {
                                             large fresh{};
                                             fresh.numbers.fill(n);
                                             return fresh;
                                         },
                                         [](std::unique_ptr<int> p) { return p; }});
    CHECK(a.ask(5).get().numbers.back() == 5);
    CHECK(*a.ask(std::make_unique<int>(6)).get() == 6);
}

TEST_CASE("an ask that an actor waits for does not count the actor; one that it leaves with the reply under way does") {
    const std::size_t before = blocks_in_use();
    std::vector<bool> got;
    {
        world w;
        const auto target = w.rt.spawn<deferring>();
        auto asker = w.rt.spawn<waiting>(target, &got);
        drover::basic_cell<drover::features>& cell = *asker.cell();
        asker.tell(waiting::patient{});
        await_held(asker);
        CHECK(cell.references == 2);  // the tree's, and `asker`

        SECTION("answered") {
            target.tell(deferring::answer_all{7});
            w.settle();
            CHECK(got == std::vector<bool>{true});
            CHECK(cell.references == 2);
        }
        SECTION("it stops first") {
            asker.stop();
            wait_until([&] { return asker.stopped() && cell.references == 1; });
            target.tell(deferring::answer_all{7});
            w.settle();
        }
        SECTION("it stops between the two steps of the one who answers") {
            auto& record = static_cast<drover::reply_record<int, drover::features>&>(*cell.more().asks);
            record.result.emplace(7);
            REQUIRE(record.phase.exchange(record.ready) == record.continued);
            asker.stop();
            wait_until([&] { return asker.stopped() && cell.references == 2; });
            asker = {};
            CHECK(cell.references == 1);
            record.post_to_asker();  // is refused, and so the last to know of the cell
            target.tell(deferring::drop_all{});
            w.settle();
        }
        CHECK(got.size() <= 1);
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a coroutine hears of a timeout while the request is still kept, and the reply is late") {
    const std::size_t before = blocks_in_use();
    std::vector<bool> got;
    {
        world w;
        const auto target = w.rt.spawn<deferring>();
        const auto asker = w.rt.spawn<waiting>(target, &got);
        asker.tell(waiting::impatient{});
        await_held(asker);
        wait_until([&] { return w.rt.statistics().handled == 1; });  // the target has the promise
        w.clock.advance(1s);
        w.settle();
        CHECK(got == std::vector<bool>{false});
        target.tell(deferring::answer_all{7});
        w.settle();
        CHECK(w.rt.statistics().late_replies == 1);
        asker.tell(waiting::impatient{});
        await_held(asker);
        wait_until([&] { return w.rt.statistics().handled == 4; });
        target.tell(deferring::answer_all{7});
        w.settle();
        CHECK(got == std::vector<bool>{false, true});
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a reply comes to an actor that has let go of the ask and goes on") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto target = w.rt.spawn<deferring>();
        const auto asker = w.rt.spawn<waiting>(target, nullptr);
        asker.tell(waiting::either{});
        await_held(asker);
        auto& record = static_cast<drover::reply_record<int, drover::features>&>(*asker.cell()->more().asks);
        record.result.emplace(7);
        REQUIRE(record.phase.exchange(record.ready) == record.continued);
        w.clock.advance(1s);
        w.settle();
        CHECK(asker.cell()->references == 3);  // the tree's, `asker`, and the reply's
        record.post_to_asker();
        wait_until([&] { return asker.cell()->system.quiet(); });
        CHECK(w.finish());
        CHECK(asker.cell()->references == 2);
        target.tell(deferring::drop_all{});
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a continuation that is begun when its actor has ended is destroyed unrun") {
    const std::size_t before = blocks_in_use();
    const auto alive = std::make_shared<int>(0);
    std::atomic<bool> ran{false};
    {
        drover::ref<deferring> target;
        world w(2, [&](drover::runtime_options& o) {
            o.decide_escalation = [&](const drover::failure&) {
                target.ask(1).then([&ran, kept = alive](const drover::expected<int, ask_error>&) { ran = true; });
                return drover::at_root::stop_actor;
            };
        });
        target = w.rt.spawn<deferring>();
        const auto fails = [](int) { throw std::runtime_error("failed on purpose"); };
        const auto asker = w.rt.spawn(drover::supervised{.plan = {.on_failure = drover::directive::escalate}}, fails);
        asker.tell(1);
        wait_until([&] { return asker.stopped() && w.rt.statistics().handled == 1; });
        target.tell(deferring::answer_all{7});
        w.settle();
        wait_until([&] { return asker.cell()->references == 1; });
        CHECK(alive.use_count() == 1);
        CHECK_FALSE(ran);
    }
    CHECK(blocks_in_use() == before);
}
