#include <drover/runtime/drain.hpp>

#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::context;
using drover::delivery;
using drover_test::door;
using drover_test::wait_until;
using drover_test::world;

namespace {

const drover::straggler* find(const drover::drain_result& outcome, const std::string& name) {
    for (const auto& each : outcome.stragglers) {
        if (each.name == name) {
            return &each;
        }
    }
    return nullptr;
}

// Drains while the test turns the clock, until the deadline has passed.
drover::drain_result drain_past(world& w, std::chrono::nanoseconds patience) {
    drover::drain_result outcome{};
    std::atomic<bool> done{false};
    std::thread drainer([&] {
        outcome = w.rt.drain(patience);
        done = true;
    });
    while (!done) {
        w.clock.advance(patience);
        std::this_thread::yield();
    }
    drainer.join();
    return outcome;
}

}  // namespace

TEST_CASE("drain handles everything that was accepted, and the actors are still there") {
    world w;
    std::atomic<int> sum{0};
    auto a = w.rt.spawn([&](int n) { sum += n; });
    for (int each = 0; each != 1000; ++each) {
        a.tell(1);
    }
    const auto outcome = w.rt.drain(1s);
    CHECK(outcome);
    CHECK(outcome.complete);
    CHECK(outcome.stragglers.empty());
    CHECK(sum == 1000);
    CHECK_FALSE(a.stopped());
    CHECK(w.rt.statistics().pending == 0);
    CHECK(w.rt.drain(0ns).complete);  // once more, without any patience
}

TEST_CASE("the gate stays closed to sends and spawns from outside") {
    world w;
    auto a = w.rt.spawn([](int n) { return n; });
    CHECK(w.finish());
    CHECK(a.tell(1) == delivery::stopped);
    CHECK_THROWS_AS(w.rt.spawn([](int) {}), std::runtime_error);
    CHECK_THROWS_WITH(w.rt.spawn([](int) {}), Catch::Contains("spawn before drain"));
    std::thread([&] { CHECK(a.tell(1) == delivery::stopped); }).join();
    CHECK(w.rt.statistics().dead(drover::dead_letter_reason::stopped) == 2);
}

TEST_CASE("what handlers send, spawn and ask while the runtime drains is waited for") {
    world w;
    std::atomic<int> leaves{0};
    struct tree {
        std::atomic<int>* leaves;
        void operator()(int depth, context& c) {
            if (depth == 0) {
                *leaves += 1;
            } else {
                c.spawn<tree>(leaves).tell(depth - 1);
                c.spawn<tree>(leaves).tell(depth - 1);
            }
        }
    };
    struct countdown {
        std::atomic<int>* leaves;
        drover::ref<tree> to;
        void operator()(int n, context& c) {
            if (n != 0) {
                c.self<countdown>().tell(n - 1);
            } else {
                to.tell(8);
            }
        }
    };
    auto a = w.rt.spawn<countdown>(&leaves, w.rt.spawn<tree>(&leaves));
    std::atomic<int> replies{0};
    auto slow = w.rt.spawn([&](int n) { return n; });
    auto asker = w.rt.spawn([&, slow](int n) {
        slow.ask(n).then([&, slow, n](const auto&) { slow.ask(n).then([&](const auto&) { replies += 1; }); });
    });
    a.tell(500);
    asker.tell(1);
    CHECK(w.rt.drain(1s).complete);
    CHECK(leaves == 256);
    CHECK(replies == 1);
    CHECK(w.rt.statistics().pending == 0);
}

TEST_CASE("an actor that spawns roots through its runtime while it drains") {
    world w;
    std::atomic<int> made{0};
    auto a = w.rt.spawn([&](int n) {
        for (int each = 0; each != n; ++each) {
            w.rt.spawn([&](int) { made += 1; }).tell(1);
        }
    });
    a.tell(20);
    CHECK(w.rt.drain(1s).complete);
    CHECK(made == 20);
}

TEST_CASE("a handler that does not return is named, with what waits behind it") {
    door entered;
    door leave;
    world w(1);
    auto stuck = w.rt.spawn(drover::spawn_options{.name = "stuck"}, [&](int) {
        entered.open();
        leave.pass();
    });
    auto behind = w.rt.spawn(drover::spawn_options{.name = "behind"}, [](int) {});
    auto idle = w.rt.spawn(drover::spawn_options{.name = "idle"}, [](int) {});
    stuck.tell(1);
    entered.pass();
    stuck.tell_batch(std::vector<int>{2, 3, 4});
    behind.tell(1);
    behind.tell(2);
    stuck.stop_when_drained();  // its mark counts as no message
    const auto outcome = drain_past(w, 2s);
    CHECK_FALSE(outcome.complete);
    CHECK_FALSE(outcome);
    REQUIRE(find(outcome, "stuck") != nullptr);
    CHECK(find(outcome, "stuck")->count == 4);
    CHECK(find(outcome, "stuck")->waiting_for == "its handler of int to return");
    REQUIRE(find(outcome, "behind") != nullptr);
    CHECK(find(outcome, "behind")->count == 2);
    CHECK(find(outcome, "behind")->waiting_for == "a free worker");
    CHECK(find(outcome, "idle") == nullptr);
    CHECK(outcome.stragglers.size() == 2);
    CHECK(w.rt.statistics().pending == 6);
    leave.open();
    CHECK(w.rt.drain(2s).complete);  // the second try
}

TEST_CASE("without patience drain looks once and names who is busy") {
    door entered;
    door leave;
    world w(1);
    auto stuck = w.rt.spawn(drover::spawn_options{.name = "stuck"}, [&](int) {
        entered.open();
        leave.pass();
    });
    stuck.tell(1);
    entered.pass();
    const auto outcome = w.rt.drain(0ns);
    REQUIRE(outcome.stragglers.size() == 1);
    CHECK(outcome.stragglers.front().name == "stuck");
    CHECK(outcome.stragglers.front().count == 1);
    leave.open();
}

TEST_CASE("an actor that waits for a reply is named with whom it waits for") {
    world w(2);
    struct silent {
        std::vector<drover::promise<int>> kept{};
        drover::later<int> operator()(int, context& c) {
            kept.push_back(c.later<int>());
            return {};
        }
    };
    auto target = w.rt.spawn<silent>(drover::spawn_options{.name = "silent"});
    auto asker =
        w.rt.spawn(drover::spawn_options{.name = "asker"}, [target](int n) { target.ask(n).then([](const auto&) {}); });
    asker.tell(1);
    w.settle();
    const auto outcome = drain_past(w, 2s);
    CHECK_FALSE(outcome.complete);
    REQUIRE(outcome.stragglers.size() == 1);
    CHECK(outcome.stragglers.front().name == "asker");
    CHECK(outcome.stragglers.front().count == 0);
    CHECK(outcome.stragglers.front().waiting_for == "a reply of silent");
    target.stop();  // its promises are dropped, and so the ask ends
    CHECK(w.rt.drain(2s).complete);
}

TEST_CASE("children are stragglers of their own; started and stopped code is named so") {
    door entered;
    door leave;
    world w(2);
    struct slow_child {
        door* entered;
        door* leave;
        void started(context&) {
            entered->open();
            leave->pass();
        }
        void operator()(int) {}
    };
    auto parent = w.rt.spawn(drover::spawn_options{.name = "parent"}, [&](int, context& c) {
        c.spawn<slow_child>(drover::spawn_options{.name = "child"}, &entered, &leave);
        return 0;
    });
    CHECK(parent.ask(1).get() == 0);
    entered.pass();
    parent.stop();
    wait_until([&] { return parent.cell()->system.is_held(); });
    const auto outcome = w.rt.drain(0ns);
    REQUIRE(find(outcome, "child") != nullptr);
    CHECK(find(outcome, "child")->waiting_for == "its own code to return");
    REQUIRE(find(outcome, "parent") != nullptr);
    CHECK(find(outcome, "parent")->waiting_for == "its children to stop");
    leave.open();
    CHECK(w.rt.drain(2s).complete);
    wait_until([&] { return parent.stopped(); });
}

TEST_CASE("a closed child whose parent is busy is no straggler") {
    door entered;
    door leave;
    world w(2);
    auto parent = w.rt.spawn(drover::overload{
        [](const std::string&, context& c) { return c.spawn(drover::spawn_options{.name = "child"}, [](int) {}); },
        [&](int) {
            entered.open();
            leave.pass();
        }});
    auto child = parent.ask(std::string()).get();
    parent.tell(1);
    entered.pass();
    child.stop();
    wait_until([&] { return child.stopped(); });
    wait_until([&] { return !parent.cell()->system.quiet(); });
    const auto outcome = w.rt.drain(0ns);
    CHECK(outcome.stragglers.size() == 1);
    CHECK(find(outcome, "child") == nullptr);
    leave.open();
}

TEST_CASE("drain and stop inside a handler are refused, on a worker of any runtime") {
    world w(1);
    world other(1);
    auto a = w.rt.spawn([&](int n) {
        int refused = 0;
        for (auto* rt : {&w.rt, &other.rt}) {
            try {
                rt->drain(1s);
            } catch (const std::logic_error& error) {
                refused += std::string(error.what()).find("drain() inside a handler") != std::string::npos ? 1 : 0;
            }
            try {
                rt->stop();
            } catch (const std::logic_error& error) {
                refused += std::string(error.what()).find("stop() inside a handler") != std::string::npos ? 1 : 0;
            }
        }
        return n + refused;
    });
    CHECK(a.ask(10).get() == 14);
    auto b = other.rt.spawn([](int n) { return n; });
    CHECK(b.ask(1).get() == 1);  // its gate is still open
}

TEST_CASE("several threads may drain at once") {
    world w;
    std::atomic<int> sum{0};
    auto a = w.rt.spawn([&](int n) { sum += n; });
    a.tell(1);
    std::atomic<int> complete{0};
    std::vector<std::thread> drainers;
    for (int each = 0; each != 3; ++each) {
        drainers.emplace_back([&] { complete += w.rt.drain(1s).complete ? 1 : 0; });
    }
    for (auto& each : drainers) {
        each.join();
    }
    CHECK(complete == 3);
    CHECK(sum == 1);
}
