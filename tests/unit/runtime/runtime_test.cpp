#include <drover/runtime/runtime.hpp>

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
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

std::multiset<std::string> thread_names() {
    std::multiset<std::string> names;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(each.path() / "comm");
        std::string name;
        if (std::getline(file, name)) {
            names.insert(name);
        }
    }
    return names;
}

int first_processor() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    ::sched_getaffinity(0, sizeof allowed, &allowed);
    for (int each = 0; each != CPU_SETSIZE; ++each) {
        if (CPU_ISSET(static_cast<std::size_t>(each), &allowed)) {
            return each;
        }
    }
    return -1;
}

// Waits until as many handlers run at once as there are workers, so that each worker has been seen.
template <class Look>
auto on_each_worker(world& w, std::size_t workers, Look look) {
    std::atomic<std::size_t> inside{0};
    std::vector<decltype(look())> seen(workers);
    for (std::size_t each = 0; each != workers; ++each) {
        w.rt.spawn([&, each](int) {
                seen[each] = look();
                inside += 1;
                wait_until([&] { return inside == workers; });
            })
            .tell(1);
    }
    w.settle();
    return seen;
}

}  // namespace

TEST_CASE("a runtime has the number of workers it was asked for, each a thread with a name") {
    {
        drover::runtime rt({.threads = 3, .name = "shepherd"});
        CHECK(rt.thread_count() == 3);
        const auto names = thread_names();
        CHECK(names.count("shepherd/0") == 1);
        CHECK(names.count("shepherd/1") == 1);
        CHECK(names.count("shepherd/2") == 1);
    }
    wait_until([] { return thread_names().count("shepherd/0") == 0; });  // a joined thread may be listed for a moment
}

TEST_CASE("long names keep the worker's number") {
    drover::runtime rt({.threads = 2, .name = "a name of more than fifteen characters"});
    const auto names = thread_names();
    CHECK(names.count("a name of m/0") == 1);
    CHECK(names.count("a name of m/1") == 1);
}

TEST_CASE("the thread of the timers has a name, and is there only once there is a timer") {
    drover::runtime rt({.threads = 1, .name = "timely"});
    CHECK(thread_names().count("timely/timer") == 0);
    auto a = rt.spawn([](int n) { return n; });
    CHECK(a.ask(1, 1h).get() == 1);
    CHECK(thread_names().count("timely/timer") == 1);
}

TEST_CASE("without a number there are as many workers as this process may use") {
    drover::runtime rt;
    CHECK(rt.thread_count() == drover::default_worker_count());
    CHECK(rt.thread_count() >= 1);
    auto a = rt.spawn([](int n) { return n; });
    CHECK(a.ask(1).get() == 1);
}

TEST_CASE("options out of range are refused before a thread is started") {
    CHECK_THROWS_AS(drover::runtime({.threads = 5000}), std::invalid_argument);
    CHECK_THROWS_AS(drover::runtime({.quantum = 0}), std::invalid_argument);
    CHECK_THROWS_AS(drover::runtime({.affinity = {100000}}), std::invalid_argument);
}

TEST_CASE("workers are pinned to the processors of `affinity`, in turn") {
    const int processor = first_processor();
    world w(2, [&](drover::runtime_options& o) { o.affinity = {processor}; });
    for (const int count : on_each_worker(w, 2, [] {
             cpu_set_t mine;
             CPU_ZERO(&mine);
             ::sched_getaffinity(0, sizeof mine, &mine);
             return CPU_COUNT(&mine);
         })) {
        CHECK(count == 1);
    }
    for (const int where : on_each_worker(w, 2, [] { return ::sched_getcpu(); })) {
        CHECK(where == processor);
    }
}

TEST_CASE("all workers work") {
    world w(3);
    auto seen = on_each_worker(w, 3, [] { return std::this_thread::get_id(); });
    std::sort(seen.begin(), seen.end());
    CHECK(std::unique(seen.begin(), seen.end()) == seen.end());
    CHECK(std::find(seen.begin(), seen.end(), std::this_thread::get_id()) == seen.end());
}

TEST_CASE("more actors ready than a worker's queue has room for are all run") {
    world w(1);
    std::atomic<int> ran{0};
    auto count = [&](int) { ran += 1; };
    std::vector<drover::ref<decltype(count)>> many;
    for (int each = 0; each != 2000; ++each) {
        many.push_back(w.rt.spawn(count));
    }
    auto a = w.rt.spawn([&](int n) {
        for (const auto& each : many) {
            each.tell(n);
        }
    });
    a.tell(1);
    CHECK(w.finish());
    CHECK(ran == 2000);
}

TEST_CASE("stop stops every actor, turns what is queued into dead letters, and refuses what comes") {
    door entered;
    door leave;
    world w(1);
    auto busy = w.rt.spawn([&](int) {
        entered.open();
        leave.pass();
    });
    auto other = w.rt.spawn([](int n) { return n; });
    busy.tell(1);
    entered.pass();
    busy.tell(2);
    other.tell(3);
    auto asked = other.ask(4);
    std::thread stopper([&] { CHECK(w.rt.stop().complete); });
    wait_until([&] { return drover_test::asked_to_stop(busy); });
    leave.open();
    stopper.join();
    CHECK(busy.stopped());
    CHECK(other.stopped());
    CHECK(asked.result().error().code == drover::ask_error::actor_stopped);
    CHECK(busy.tell(5) == delivery::stopped);
    CHECK_THROWS_AS(w.rt.spawn([](int) {}), std::runtime_error);
    const auto accounts = w.rt.statistics();
    CHECK(accounts.offered == 5);
    CHECK(accounts.handled == 1);
    CHECK(accounts.dead(drover::dead_letter_reason::stopped) == 4);
    CHECK(accounts.pending == 0);
    CHECK(w.rt.drain(1s).complete);
}

TEST_CASE("stop gives up at its deadline and names who did not stop") {
    door entered;
    door leave;
    world w(1, [](drover::runtime_options& o) { o.stop_deadline = 3s; });
    auto busy = w.rt.spawn(drover::spawn_options{.name = "busy"}, [&](int) {
        entered.open();
        leave.pass();
    });
    busy.tell(1);
    entered.pass();
    std::atomic<bool> done{false};
    drover::drain_result outcome{};
    std::thread stopper([&] {
        outcome = w.rt.stop();
        done = true;
    });
    while (!done) {
        w.clock.advance(1s);
        std::this_thread::yield();
    }
    stopper.join();
    CHECK_FALSE(outcome.complete);
    REQUIRE(outcome.stragglers.size() == 1);
    CHECK(outcome.stragglers.front().name == "busy");
    leave.open();
    CHECK(w.rt.stop().complete);
}

TEST_CASE("several runtimes run beside each other, with refs across") {
    world first(1);
    world second(1);
    auto pong = second.rt.spawn([](int n) { return n - 1; });
    struct ping {
        decltype(pong) to;
        std::atomic<int>* rallies;
        void operator()(int n, context& c) {
            if (n != 0) {
                to.ask(n).then([self = c.self<ping>(), this](const drover::expected<int, drover::ask_error>& back) {
                    *rallies += 1;
                    self.tell(back.value());
                });
            }
        }
    };
    std::atomic<int> rallies{0};
    auto a = first.rt.spawn<ping>(pong, &rallies);
    a.tell(100);
    CHECK(first.finish());
    CHECK(rallies == 100);
    CHECK(second.rt.statistics().offered == 100);
    CHECK(first.rt.statistics().offered == 101);
}

TEST_CASE("an actor may own a runtime, and end it in its handler") {
    world w(1);
    struct owner {
        std::unique_ptr<drover::runtime> mine = std::make_unique<drover::runtime>(
            drover::runtime_options{.threads = 1, .on_dead_letter = [](const drover::dead_letter&) {}});
        drover::handle operator()(int) {
            auto inner = mine->spawn([](int n) { return n; });
            inner.tell(1);
            return inner;
        }
        bool operator()(const std::string&) {
            mine.reset();
            return true;
        }
    };
    auto a = w.rt.spawn<owner>();
    const auto inner = a.ask(1).get();
    CHECK(a.ask(std::string()).get());
    CHECK(inner.stopped());
}

TEST_CASE("threads that come and go leave their accounts") {
    world w(1);
    auto a = w.rt.spawn([](int) {});
    for (int each = 0; each != 20; ++each) {
        std::thread([a] { a.tell(1); }).join();
    }
    w.settle();
    CHECK(w.rt.statistics().offered == 20);
    CHECK(w.rt.statistics().handled == 20);
}
