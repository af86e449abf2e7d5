#include <drover/actor/context.hpp>

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover::context;
using drover_test::door;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct child {
    std::vector<int>* log;
    int number;
    int operator()(int n) { return n + number; }
    void stopped(drover::stop_reason reason) {
        log->push_back(reason.kind() == drover::stop_kind::parent_stopped ? number : -number);
    }
};

struct plain {
    int value = 1;
    int operator()(int n) const { return n * value; }
};

}  // namespace

TEST_CASE("self is the actor itself: comparable, typed on demand, and good for sending") {
    world w;
    struct selfish {
        std::vector<int>* log;
        drover::handle operator()(int n, context& c) {
            log->push_back(n);
            if (n != 0) {
                c.self<selfish>().tell(n - 1);
            }
            const drover::ref<selfish> typed = c.self();
            return typed;
        }
        std::string operator()(const std::string&, context& c) {
            try {
                return std::string(c.self<plain>().name());
            } catch (const std::logic_error& error) {
                return error.what();
            }
        }
    };
    std::vector<int> log;
    auto a = w.rt.spawn<selfish>(&log);
    CHECK(a.ask(3).get() == a);
    CHECK_THAT(a.ask(std::string()).get(), Catch::Contains("selfish") && Catch::Contains("plain"));
    w.settle();
    CHECK(log == std::vector<int>{3, 2, 1, 0});
}

TEST_CASE("stop takes effect when the handler returns") {
    door entered;
    door leave;
    world w(1);
    std::atomic<int> handled{0};
    auto a = w.rt.spawn([&](int n, context& c) {
        if (n == 1) {
            entered.open();
            leave.pass();
            c.stop();
            c.stop();
        }
        handled += 1;
        return n;
    });
    auto first = a.ask(1);
    entered.pass();
    a.tell(2);
    leave.open();
    CHECK(first.get() == 1);
    wait_until([&] { return a.stopped(); });
    w.settle();
    CHECK(handled == 1);
    CHECK(w.heard.dead(drover::dead_letter_reason::stopped) == 1);
}

TEST_CASE("stop_when_drained lets what is queued be handled first") {
    door entered;
    door leave;
    world w(1);
    std::vector<int> handled;
    auto b = w.rt.spawn([&](int n, context& c) {
        if (n == 1) {
            entered.open();
            leave.pass();
            c.stop_when_drained();
        }
        handled.push_back(n);
    });
    b.tell(1);
    entered.pass();
    b.tell(2);
    b.tell(3);
    leave.open();
    wait_until([&] { return b.stopped(); });
    CHECK(handled == std::vector<int>{1, 2, 3});
    CHECK(w.heard.letters().empty());
}

TEST_CASE("spawn makes children, which stop before their parent, the youngest first") {
    world w;
    std::vector<int> log;
    struct parent {
        std::vector<int>* log;
        std::vector<drover::ref<child>> operator()(int n, context& c) {
            std::vector<drover::ref<child>> made;
            for (int each = 1; each <= n; ++each) {
                made.push_back(c.spawn<child>(log, each));
            }
            return made;
        }
        void stopped(drover::stop_reason) { log->push_back(100); }
    };
    auto a = w.rt.spawn<parent>(&log);
    const auto children = a.ask(4).get();
    CHECK(children[2].ask(10).get() == 13);
    children[1].stop();  // one that stops on its own leaves the tree
    wait_until([&] { return children[1].stopped(); });
    a.stop();
    wait_until([&] { return a.stopped(); });
    CHECK(log == std::vector<int>{-2, 4, 3, 1, 100});
    for (const auto& each : children) {
        CHECK(each.stopped());
        CHECK(each.tell(1) == drover::delivery::stopped);
    }
}

TEST_CASE("every form of spawn") {
    world w;
    auto a = w.rt.spawn([](int, context& c) {
        std::vector<drover::handle> made;
        made.push_back(c.spawn<plain>());
        made.push_back(c.spawn<plain>(3));
        made.push_back(c.spawn<plain>(drover::spawn_options{.name = "named class"}, 4));
        made.push_back(c.spawn([](int n) { return n; }));
        made.push_back(c.spawn(drover::spawn_options{.name = "named callable"}, [](int n) { return n; }));
        return made;
    });
    const auto made = a.ask(1).get();
    REQUIRE(made.size() == 5);
    CHECK(made[0].as<plain>().ask(2).get() == 2);
    CHECK(made[1].as<plain>().ask(2).get() == 6);
    CHECK(made[2].as<plain>().ask(2).get() == 8);
    CHECK(made[2].name() == "named class");
    CHECK(made[4].name() == "named callable");
}

TEST_CASE("a child whose constructor throws is not there, and the handler decides what that means") {
    world w;
    struct picky {
        explicit picky(int n) {
            if (n < 0) {
                throw std::invalid_argument("n is negative");
            }
        }
        int operator()(int n) { return n; }
    };
    auto a = w.rt.spawn([](int n, context& c) { return c.spawn<picky>(n).id(); });
    CHECK(a.ask(1).get() != drover::actor_id::none);
    const auto outcome = a.ask(-1).result();
    CHECK(outcome.error().code == drover::ask_error::handler_threw);
    wait_until([&] { return a.stopped(); });
    CHECK(w.heard.failures().size() == 1);
    CHECK(w.finish());
}

TEST_CASE("there is a current context in handlers and nowhere else") {
    world w;
    CHECK(context::current() == nullptr);
    auto a = w.rt.spawn([](int, context& c) { return context::current() == &c; });
    CHECK(a.ask(1).get());
    CHECK(context::current() == nullptr);
}
