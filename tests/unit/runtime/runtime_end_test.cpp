// How a runtime ends: the destructor in the middle of anything, handlers that do not return, threads that know nothing.
#include <drover/runtime/runtime.hpp>

#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/capture.hpp"
#include "support/death.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::delivery;
using drover_test::door;
using drover_test::wait_until;

namespace {

drover::runtime_options quiet(std::size_t threads = 2) {
    drover::runtime_options chosen;
    chosen.threads = threads;
    chosen.on_dead_letter = [](const drover::dead_letter&) {};
    chosen.on_failure = [](const drover::failure&) {};
    return chosen;
}

}  // namespace

TEST_CASE("a runtime ends at any moment: unused, idle, loaded, drained, stopped") {
    SECTION("unused") {
        drover::runtime rt(quiet());
    }
    SECTION("with an idle actor") {
        drover::runtime rt(quiet());
        rt.spawn([](int) {});
    }
    SECTION("with a full mailbox") {
        drover::runtime rt(quiet());
        auto a = rt.spawn([](int) {});
        a.tell_batch(std::vector<int>(10000, 1));
    }
    SECTION("after drain") {
        drover::runtime rt(quiet());
        rt.spawn([](int) {}).tell(1);
        CHECK(rt.drain(1h).complete);
    }
    SECTION("after stop") {
        drover::runtime rt(quiet());
        rt.spawn([](int) {}).tell(1);
        CHECK(rt.stop().complete);
    }
    SECTION("while actors spawn and send without end") {
        struct endless {
            void operator()(int n, drover::context& c) {
                c.spawn([](int) {}).tell(n);
                c.self<endless>().tell(n);
            }
        };
        drover::runtime rt(quiet());
        auto a = rt.spawn<endless>();
        a.tell(1);
        wait_until([&] { return rt.statistics().handled > 100; });
    }
    SECTION("while asks of actors and threads wait") {
        drover::answer<int> left(drover::ask_error{drover::ask_error::no_target});
        {
            drover::runtime rt(quiet());
            struct silent {
                std::vector<drover::promise<int>> kept{};
                drover::later<int> operator()(int, drover::context& c) {
                    kept.push_back(c.later<int>());
                    return {};
                }
            };
            auto a = rt.spawn<silent>();
            auto asker = rt.spawn([a](int n) { a.ask(n, 1h).then([](const auto&) {}); });
            asker.tell(1);
            left = a.ask(2, 1h);
            wait_until([&] { return rt.statistics().pending == 0; });
        }
        CHECK(left.result().error().code == drover::ask_error::no_answer);
    }
}

TEST_CASE("a tree that grows without end is stopped with its runtime") {
    struct growing {
        void operator()(int n, drover::context& c) {
            c.spawn<growing>().tell(n);
            c.self<growing>().tell(n);
        }
    };
    drover::runtime rt(quiet());
    auto a = rt.spawn<growing>();
    a.tell(1);
    wait_until([&] { return rt.statistics().handled > 100; });
    CHECK(rt.stop().complete);
}

TEST_CASE("nothing of a runtime is left in the pool") {
    const std::size_t before = drover_test::blocks_in_use();
    {
        drover::runtime rt(quiet());
        std::vector<drover::ref<int (*)(int)>> all;
        for (int each = 0; each != 100; ++each) {
            all.push_back(rt.spawn(+[](int n) { return n; }));
            all.back().tell(each);
            static_cast<void>(all.back().ask(each));
        }
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("a handler that never returned is left behind with its thread, and may return later") {
    auto leave = std::make_shared<door>();
    auto returned = std::make_shared<door>();
    drover::ref<int (*)(int)> idle;
    std::string said = drover_test::standard_error_of([&] {
        auto chosen = quiet(2);
        chosen.name = "leaky";
        chosen.stop_deadline = 0ns;
        chosen.on_stuck = drover::stuck_policy::leak;
        drover::runtime rt(chosen);
        idle = rt.spawn(+[](int n) { return n; });
        door entered;
        auto stuck = rt.spawn(drover::spawn_options{.name = "stuck one"}, [&entered, leave, returned](int) {
            entered.open();
            leave->pass();
            returned->open();
        });
        stuck.tell(1);
        stuck.tell(2);
        entered.pass();
    });
    CHECK_THAT(said, Catch::Contains("runtime leaky ends while actors have not stopped") &&
                         Catch::Contains("stuck one (2), waiting for its handler of int to return"));
    CHECK(idle.tell(1) == delivery::stopped);
    CHECK_FALSE(returned->is_open());
    leave->open();
    returned->pass();
}

TEST_CASE("or the process is aborted with the name of the actor") {
    const auto end = drover_test::in_child([] {
        door entered;
        door never;
        auto chosen = quiet(1);
        chosen.name = "strict";
        chosen.stop_deadline = 0ns;
        drover::runtime rt(chosen);
        auto stuck = rt.spawn(drover::spawn_options{.name = "stuck one"}, [&](int) {
            entered.open();
            never.pass();
        });
        stuck.tell(1);
        entered.pass();
    });
    CHECK(end.signal == SIGABRT);
    CHECK_THAT(end.said, Catch::Contains("drover: runtime strict ends while actors have not stopped:\n  stuck one (1), "
                                         "waiting for its handler of int to return"));
}

TEST_CASE("a runtime that is destroyed by one of its own handlers ends the process with a sentence") {
    const auto end = drover_test::in_child([] {
        auto rt = std::make_unique<drover::runtime>(quiet(1));
        auto a = rt->spawn([&](int n) {
            rt.reset();
            return n;
        });
        static_cast<void>(a.ask(1).result());
    });
    CHECK(end.signal == SIGABRT);
    CHECK_THAT(end.said, Catch::Contains("a runtime was destroyed by one of its own handlers"));
}

TEST_CASE("the default of stop_deadline is not reached by handlers that return") {
    // The manual clock stands still: a destructor that waits for its deadline would never end.
    door entered;
    door leave;
    drover_test::world w(2);
    auto a = w.rt.spawn([&](int) {
        entered.open();
        leave.pass();
    });
    a.tell(1);
    entered.pass();
    std::thread opener([&] {
        wait_until([&] { return drover_test::asked_to_stop(a); });
        leave.open();
    });
    CHECK(w.rt.stop().complete);
    opener.join();
}

TEST_CASE("an ask of a thread with a timeout, or with patience, survives the runtime's end") {
    auto waiting = [](bool patient) {
        std::atomic<int> code{-1};
        std::thread waiter;
        {
            drover_test::world w(1);
            struct silent {
                std::vector<drover::promise<int>> kept{};
                drover::later<int> operator()(int, drover::context& c) {
                    kept.push_back(c.later<int>());
                    return {};
                }
            };
            auto a = w.rt.spawn<silent>();
            auto asked = patient ? a.ask(1) : a.ask(1, 1h);
            waiter = std::thread([&code, patient, asked = std::move(asked)]() mutable {
                code = patient ? asked.get_for(1h).error().code : asked.result().error().code;
            });
            w.settle();
        }
        waiter.join();
        return code.load();
    };
    CHECK(waiting(true) == drover::ask_error::no_answer);
    CHECK(waiting(false) == drover::ask_error::no_answer);
}
