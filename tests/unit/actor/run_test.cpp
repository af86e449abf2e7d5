#include <drover/actor/run.hpp>

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::context;
using drover::stop_kind;
using drover_test::door;
using drover_test::wait_until;
using drover_test::world;

namespace {

// Writes down why it stopped.
struct witness {
    std::atomic<int>* reason;
    std::string* what;
    void operator()(int n) {
        if (n < 0) {
            throw std::domain_error("negative");
        }
    }
    void stopped(const drover::stop_reason& why) {
        *what = why.exception() != nullptr ? drover::describe(why.exception()) : "";
        *reason = static_cast<int>(why.kind());
    }
};

constexpr int number(stop_kind kind) {
    return static_cast<int>(kind);
}

}  // namespace

TEST_CASE("stopped hears each reason, once") {
    std::atomic<int> reason{-1};
    std::string what;
    world w;
    auto a = w.rt.spawn<witness>(&reason, &what);
    a.tell(1);
    SECTION("stop") {
        a.stop();
        wait_until([&] { return a.stopped(); });
        CHECK(reason == number(stop_kind::stopped));
    }
    SECTION("drained") {
        a.stop_when_drained();
        wait_until([&] { return a.stopped(); });
        CHECK(reason == number(stop_kind::drained));
    }
    SECTION("the runtime") {
        CHECK(w.rt.stop().complete);
        CHECK(reason == number(stop_kind::runtime_stopped));
    }
    SECTION("a failure") {
        a.tell(-1);
        wait_until([&] { return a.stopped(); });
        CHECK(reason == number(stop_kind::failed));
        CHECK(what == "negative");
    }
    SECTION("its parent") {
        std::atomic<int> child_reason{-1};
        std::string child_what;
        auto parent = w.rt.spawn([&](int, context& c) { return c.spawn<witness>(&child_reason, &child_what); });
        auto child = parent.ask(1).get();
        parent.stop();
        wait_until([&] { return parent.stopped(); });
        CHECK(child_reason == number(stop_kind::parent_stopped));
        CHECK(child.stopped());
        a.stop();
        wait_until([&] { return a.stopped(); });
    }
    CHECK(what == (reason == number(stop_kind::failed) ? "negative" : ""));
}

TEST_CASE("of several reasons to stop the first one counts") {
    door entered;
    door leave;
    world w;
    std::atomic<int> reason{-1};
    struct busy {
        door* entered;
        door* leave;
        std::atomic<int>* reason;
        void operator()(int) {
            entered->open();
            leave->pass();
        }
        void stopped(drover::stop_reason why) { *reason = number(why.kind()); }
    };
    const auto older = w.rt.spawn([](int) {});
    const auto a = w.rt.spawn<busy>(&entered, &leave, &reason);
    a.tell(1);
    entered.pass();
    a.stop();
    std::thread stopper([&] { w.rt.stop(); });
    wait_until([&] { return drover_test::asked_to_stop(older); });  // after the younger one
    leave.open();
    stopper.join();
    CHECK(reason == number(stop_kind::stopped));
}

TEST_CASE("started runs before the first message, on a worker, with the context") {
    world w(1);
    struct starter {
        std::vector<int> seen{};
        std::thread::id constructed = std::this_thread::get_id();
        bool elsewhere = false;
        void started(context& c) {
            seen.push_back(-1);
            elsewhere = std::this_thread::get_id() != constructed && c.self();
        }
        std::vector<int> operator()(int n) {
            seen.push_back(n);
            return seen;
        }
        bool operator()(const std::string&) { return elsewhere; }
    };
    auto a = w.rt.spawn<starter>();
    a.tell(1);
    CHECK(a.ask(2).get() == std::vector<int>{-1, 1, 2});
    CHECK(a.ask(std::string()).get());
}

TEST_CASE("a throwing handler stops its actor, is reported once, and harms nobody else") {
    world w;
    std::atomic<int> reason{-1};
    std::string what;
    auto a = w.rt.spawn<witness>(drover::spawn_options{.name = "the one"}, &reason, &what);
    auto others = std::vector<drover::ref<int (*)(int)>>();
    for (int each = 0; each != 10; ++each) {
        others.push_back(w.rt.spawn(+[](int n) { return n; }));
    }
    a.tell(1);
    a.tell(-1);
    a.tell(2);
    wait_until([&] { return a.stopped(); });
    for (const auto& each : others) {
        CHECK(each.ask(5).get() == 5);
    }
    w.settle();
    const auto failures = w.heard.failures();
    REQUIRE(failures.size() == 1);
    CHECK(failures.front().actor == "the one");
    CHECK(failures.front().id == a.id());
    CHECK(failures.front().message == "int");
    CHECK(failures.front().what == "negative");
    const auto letters = w.heard.letters();
    REQUIRE(letters.size() == 2);
    CHECK(w.heard.dead(drover::dead_letter_reason::failed) == 1);
    CHECK(w.heard.dead(drover::dead_letter_reason::stopped) == 1);
    const auto accounts = w.rt.statistics();
    CHECK(accounts.dead(drover::dead_letter_reason::failed) == 1);
    CHECK(accounts.handled == 11);
}

TEST_CASE("a failure of the parent stops the children, of a child nobody else") {
    world w;
    struct parent {
        drover::ref<witness> operator()(std::atomic<int>* reason, context& c) {
            static std::string what;
            return c.spawn<witness>(reason, &what);
        }
        void operator()(int) { throw std::runtime_error("parent"); }
    };
    std::atomic<int> first{-1};
    std::atomic<int> second{-1};
    auto a = w.rt.spawn<parent>();
    auto one = a.ask(&first).get();
    one.tell(-1);
    wait_until([&] { return one.stopped(); });
    CHECK(first == number(stop_kind::failed));
    auto two = a.ask(&second).get();
    CHECK_FALSE(a.stopped());
    a.tell(1);
    wait_until([&] { return a.stopped(); });
    CHECK(second == number(stop_kind::parent_stopped));
    CHECK(w.heard.failures().size() == 2);
}

TEST_CASE("what throws outside of handlers is reported under its name") {
    world w;
    SECTION("started") {
        struct bad {
            void operator()(int) {}
            void started(context&) { throw std::runtime_error("in started"); }
        };
        auto a = w.rt.spawn<bad>();
        wait_until([&] { return a.stopped(); });
        REQUIRE(w.heard.failures().size() == 1);
        CHECK(w.heard.failures().front().message == "started");
        CHECK(w.heard.failures().front().what == "in started");
    }
    SECTION("stopped") {
        struct bad {
            void operator()(int) {}
            void stopped(drover::stop_reason) { throw std::runtime_error("in stopped"); }
        };
        auto a = w.rt.spawn<bad>();
        a.stop();
        wait_until([&] { return a.stopped(); });
        REQUIRE(w.heard.failures().size() == 1);
        CHECK(w.heard.failures().front().message == "stopped");
    }
    SECTION("destructor") {
        struct bad {
            bad() = default;
            bad(const bad&) = delete;
            bad& operator=(const bad&) = delete;
            void operator()(int) {}
            ~bad() noexcept(false) { throw std::runtime_error("in the destructor"); }
        };
        auto a = w.rt.spawn<bad>();
        a.stop();
        wait_until([&] { return a.stopped(); });
        REQUIRE(w.heard.failures().size() == 1);
        CHECK(w.heard.failures().front().message == "destructor");
    }
    SECTION("then") {
        auto square = w.rt.spawn([](int n) { return n * n; });
        auto a = w.rt.spawn([=](int n) {
            square.ask(n).then(
                [](const drover::expected<int, drover::ask_error>&) -> void { throw std::runtime_error("in then"); });
            square.ask(n).then([](const drover::expected<int, drover::ask_error>&) {});
        });
        a.tell(2);
        wait_until([&] { return a.stopped(); });
        REQUIRE(w.heard.failures().size() == 1);
        CHECK(w.heard.failures().front().message == "then");
    }
    CHECK(w.finish());
    CHECK(w.heard.letters().empty());
}

TEST_CASE("a handler that both throws and asks abandons what it asked") {
    world w;
    const auto alive = std::make_shared<int>(0);
    auto square = w.rt.spawn([](int n) { return n * n; });
    auto a = w.rt.spawn([&, square](int n) {
        square.ask(n).then([kept = alive](const drover::expected<int, drover::ask_error>&) { *kept += 1; });
        throw std::runtime_error("afterwards");
    });
    a.tell(1);
    wait_until([&] { return a.stopped(); });
    CHECK(w.finish());
    CHECK(*alive == 0);
    CHECK(alive.use_count() == 1);
}

TEST_CASE("one actor does not keep others from their turn: after a quantum of messages it queues up again") {
    std::vector<char> log;
    door entered;
    door leave;
    world w(1, [](drover::runtime_options& o) {
        o.quantum = 10;
        o.quantum_time = 1h;
    });
    auto blocker = w.rt.spawn([&](int) {
        entered.open();
        leave.pass();
    });
    auto first = w.rt.spawn([&](int) { log.push_back('a'); });
    auto second = w.rt.spawn([&](int) { log.push_back('b'); });
    blocker.tell(1);
    entered.pass();
    first.tell_batch(std::vector<int>(25, 0));
    second.tell_batch(std::vector<int>(15, 0));
    leave.open();
    w.settle();
    CHECK(std::string(log.begin(), log.end()) == std::string(10, 'a') + std::string(10, 'b') + std::string(10, 'a') +
                                                     std::string(5, 'b') + std::string(5, 'a'));
}

TEST_CASE("and after a quantum of time, looked at every 16 messages") {
    std::vector<char> log;
    door entered;
    door leave;
    world w(1, [](drover::runtime_options& o) {
        o.quantum = 1'000'000;
        o.quantum_time = 1ns;
    });
    auto blocker = w.rt.spawn([&](int) {
        entered.open();
        leave.pass();
    });
    auto first = w.rt.spawn([&](int) { log.push_back('a'); });
    auto second = w.rt.spawn([&](int) { log.push_back('b'); });
    blocker.tell(1);
    entered.pass();
    first.tell_batch(std::vector<int>(100, 0));
    second.tell_batch(std::vector<int>(100, 0));
    leave.open();
    w.settle();
    const std::string text(log.begin(), log.end());
    CHECK(text.find('b') <= 64);  // two looks at the clock, the first of which only begins to count
    CHECK(text.size() == 200);
}

TEST_CASE("one actor runs on one thread at a time") {
    world w(4);
    struct careful {
        std::atomic<int> inside{0};
        int sum = 0;
        bool overlapped = false;
        void operator()(int n) {
            overlapped = overlapped || inside.fetch_add(1) != 0;
            sum += n;
            inside.fetch_sub(1);
        }
        int operator()(const std::string&) const { return overlapped ? -1 : sum; }
    };
    auto a = w.rt.spawn<careful>();
    std::vector<std::thread> senders;
    for (int each = 0; each != 3; ++each) {
        senders.emplace_back([a] {
            for (int n = 0; n != 1000; ++n) {
                a.tell(1);
            }
        });
    }
    for (auto& each : senders) {
        each.join();
    }
    CHECK(a.ask(std::string()).get() == 3000);
}

TEST_CASE("a message behind a long computation is handled by the other worker") {
    // The first actor makes the second one ready on its own worker and then waits for it, which ends only if the other
    // worker comes and takes it.
    door done;
    world w(2);
    auto second = w.rt.spawn([&](int) { done.open(); });
    auto first = w.rt.spawn([&, second](int n) {
        second.tell(n);
        done.pass();
        return n;
    });
    CHECK(first.ask(3).get() == 3);
}

TEST_CASE("so are several, in the queue and in the slot of a worker that is busy") {
    world w(2);
    std::atomic<int> open{0};
    auto count = [&](int) { open += 1; };
    std::vector<drover::ref<decltype(count)>> many;
    for (int each = 0; each != 50; ++each) {
        many.push_back(w.rt.spawn(count));
    }
    auto first = w.rt.spawn([&](int n) {
        for (const auto& each : many) {
            each.tell(n);
        }
        wait_until([&] { return open == 50; });
        return n;
    });
    CHECK(first.ask(1).get() == 1);
}
