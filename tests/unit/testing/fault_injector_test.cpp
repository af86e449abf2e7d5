#include <drover/testing/fault_injector.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::dead_letter_reason;
using drover::fault_plan;
using drover::simulated_options;
using drover::simulated_runtime;

namespace {

struct job {
    int n;
    std::shared_ptr<int> counted{};
};
struct note {};

template <class Mailbox>
struct collector {
    using mailbox = Mailbox;
    void operator()(job j) { seen->push_back(j.n); }
    void operator()(note) { seen->push_back(-1); }
    std::vector<int>* seen;
};
struct batcher {
    using batches = drover::of<int>;
    void operator()(std::span<int> some) {
        for (const int each : some) {
            sum += each;
        }
    }
    int sum = 0;
};
using plain = collector<drover::unbounded_mailbox>;

simulated_options with(fault_plan plan) {
    simulated_options chosen;
    chosen.faults = std::move(plan);
    return chosen;
}

template <class A>
std::vector<int> seen_with(fault_plan plan, std::size_t& injected, std::string name = "one") {
    std::vector<int> seen;
    simulated_runtime rt(1, with(std::move(plan)));
    const auto a = rt.spawn<A>(drover::spawn_options{.name = std::move(name)}, &seen);
    for (int each = 1; each <= 4; ++each) {
        a.tell(job{each});
        a.tell(note{});
    }
    rt.run_until_idle();
    injected = rt.faults_injected();
    const auto sums = rt.statistics();
    CHECK(sums.offered == 8);
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending);
    return seen;
}

}  // namespace

TEST_CASE("a fault drops the nth message of its type") {
    std::size_t injected = 0;
    CHECK(seen_with<plain>(fault_plan().drop<job>(2), injected) == std::vector<int>{1, -1, -1, 3, -1, 4, -1});
    CHECK(injected == 1);
    CHECK(seen_with<plain>(fault_plan().drop<drover::any_message>(2), injected) ==
          std::vector<int>{1, 2, -1, 3, -1, 4, -1});
    CHECK(injected == 1);
    CHECK(seen_with<plain>(fault_plan().drop<job>(9), injected).size() == 8);
    CHECK(injected == 0);
    CHECK_THROWS_AS(fault_plan().drop<job>(0), std::invalid_argument);
}

namespace {

struct result {
    int n;
};
struct asker {
    drover::task<int> operator()(result r) {
        co_await drover::sleep_for(1ms);
        co_return r.n;
    }
    void operator()(job j) {
        to.tell(result{j.n});
        sent += 1;
    }
    int operator()(note) const { return sent; }
    drover::ref<asker> to{};
    int sent = 0;
};

}  // namespace

TEST_CASE("a piece of memory is refused: the nth that the actor's code wants, once") {
    simulated_runtime rt(1, with(fault_plan().refuse_memory(2, "first")));
    const auto second = rt.spawn<asker>(drover::spawn_options{.name = "second"});
    const auto first = rt.spawn<asker>(drover::spawn_options{.name = "first"}, second);
    first.tell(job{1});  // what the test itself wants is not counted
    CHECK(first.ask(note{}).get() == 1);
    CHECK(rt.faults_injected() == 0);
    first.tell(job{2});
    rt.run_until_idle();
    CHECK(rt.faults_injected() == 1);
    CHECK(first.stopped());
    REQUIRE(rt.failures().size() == 1);
    CHECK(rt.failures().front().find("bad_alloc") != std::string::npos);
    CHECK(!second.stopped());
    CHECK_THROWS_WITH(fault_plan().refuse_memory(0), "drover: a fault at piece 0 of memory; pieces count from 1");
}

// Whatever piece it is, of a message, an ask, a frame, a timer or an actor, every message has one end.
TEST_CASE("without any one piece of memory accounts are exact and nothing is lost") {
    struct boss {
        void started(drover::context& me) {
            worker = me.spawn<asker>(drover::supervised{});
            tick = me.self<boss>().tell_after(1ms, note{});
        }
        void operator()(note) { worker.tell(job{1}); }
        drover::task<int> operator()(job j, drover::context& me) {
            const int got = co_await worker.ask(result{j.n});
            worker.ask(result{got}).then(me, [](auto) {});
            co_return got + 1;
        }
        drover::ref<asker> worker{};
        drover::timer_handle tick{};
    };
    const std::size_t before = drover_test::blocks_in_use();
    bool met = true;
    std::uint64_t piece = 0;
    while (met) {
        piece += 1;
        REQUIRE(piece < 1000);
        simulated_runtime rt(piece, with(fault_plan().refuse_memory(piece)));
        const auto b = rt.spawn<boss>(drover::supervised{});
        for (int each = 0; each != 3; ++each) {
            static_cast<void>(b.ask(job{each}).result());
        }
        rt.advance(10ms);
        CHECK(rt.drain(1h).complete);
        const auto sums = rt.statistics();
        CHECK(sums.pending == 0);
        CHECK(sums.offered == sums.handled + sums.dead() + sums.returned);
        met = rt.faults_injected() != 0;
    }
    CHECK(piece > 15);
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("a fault is for one actor, by its name or by its type's") {
    std::size_t injected = 0;
    CHECK(seen_with<plain>(fault_plan().drop<job>(1, "one"), injected).size() == 7);
    CHECK(seen_with<plain>(fault_plan().drop<job>(1, "two"), injected).size() == 8);
    CHECK(injected == 0);
    CHECK(seen_with<plain>(fault_plan().drop<job>(1, std::string(drover::type_name<plain>())), injected).size() == 7);
}

TEST_CASE("faults meet bounded, evicting and priority mailboxes too") {
    std::size_t injected = 0;
    const fault_plan plan = fault_plan().drop<job>(3);
    const std::vector<int> expected{1, -1, 2, -1, -1, 4, -1};
    CHECK(seen_with<collector<drover::bounded_mailbox<10>>>(plan, injected) == expected);
    CHECK(seen_with<collector<drover::bounded_mailbox<10, drover::drop_oldest>>>(plan, injected) == expected);
    CHECK(seen_with<collector<drover::priority_mailbox<2>>>(plan, injected) == expected);
    CHECK(injected == 1);
}

TEST_CASE("a handler that seems to throw fails its actor, and the message is destroyed") {
    simulated_runtime rt(1, with(fault_plan().throw_at<job>(2)));
    std::vector<int> seen;
    const auto a = rt.spawn<plain>(&seen);
    auto counted = std::make_shared<int>(0);
    for (int each = 1; each <= 3; ++each) {
        a.tell(job{each, counted});
    }
    rt.run_until_idle();
    CHECK(seen == std::vector<int>{1});
    CHECK(a.stopped());
    CHECK(counted.use_count() == 1);
    CHECK(rt.statistics().dead(dead_letter_reason::failed) == 1);
    CHECK(rt.statistics().dead(dead_letter_reason::stopped) == 1);
    REQUIRE(rt.failures().size() == 1);
    CHECK(rt.failures().front().find("fault_plan") != std::string::npos);
}

TEST_CASE("an ask that is dropped is answered, and so is one whose handler seems to throw") {
    simulated_runtime rt(1, with(fault_plan().drop<int>(1).throw_at<int>(2)));
    const auto a = rt.spawn([](int n) { return n; });
    CHECK(a.ask(1).result().error().code == drover::ask_error::actor_stopped);
    const auto thrown = a.ask(2).result();
    REQUIRE_FALSE(thrown);
    CHECK(thrown.error().code == drover::ask_error::actor_stopped);
}

TEST_CASE("an actor is held up before the nth message") {
    simulated_runtime rt(1, with(fault_plan().delay<job>(2, 10s)));
    std::vector<std::pair<int, std::int64_t>> seen;
    const auto a =
        rt.spawn([&](job j, drover::context& me) { seen.emplace_back(j.n, me.now().time_since_epoch() / 1s); });
    const auto other =
        rt.spawn([&](int n, drover::context& me) { seen.emplace_back(n, me.now().time_since_epoch() / 1s); });
    for (int each = 1; each <= 3; ++each) {
        a.tell(job{each});
    }
    other.tell(7);
    rt.run_until_idle();
    CHECK(seen.size() == 2);
    rt.advance(9s);
    CHECK(seen.size() == 2);
    rt.advance(1s);
    REQUIRE(seen.size() == 4);
    CHECK(seen[2] == std::pair<int, std::int64_t>(2, 10));
    CHECK(seen[3] == std::pair<int, std::int64_t>(3, 10));
    CHECK(rt.faults_injected() == 1);
}

TEST_CASE("a drain and the end do not wait for who is held up") {
    std::vector<int> seen;
    {
        simulated_runtime rt(1, with(fault_plan().delay<job>(1, 10h)));
        const auto a = rt.spawn<plain>(&seen);
        a.tell(job{1});
        rt.run_until_idle();
        CHECK(seen.empty());
        CHECK(rt.drain(1s).complete);
        CHECK(seen == std::vector<int>{1});
    }
    simulated_runtime rt(1, with(fault_plan().delay<job>(1, 10h)));
    rt.spawn<plain>(&seen).tell(job{1});
    rt.run_until_idle();
}

TEST_CASE("batches and stop_when_drained pass through a plan") {
    const std::size_t before = drover_test::blocks_in_use();
    {
        simulated_runtime rt(1, with(fault_plan().drop<drover::any_message>(100)));
        const auto a = rt.spawn<batcher>();
        for (int each = 0; each != 10; ++each) {
            a.tell(each);
        }
        a.stop_when_drained();
        rt.run_until_idle();
        CHECK(a.stopped());
        CHECK(rt.statistics().handled == 10);
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("a message is not lost because the delay before it cannot happen any more") {
    std::vector<int> seen;
    simulated_runtime rt(1, with(fault_plan().delay<job>(3, 10h)));
    const auto a = rt.spawn<plain>(&seen);
    for (int each = 1; each <= 4; ++each) {
        a.tell(job{each});
    }
    CHECK(rt.step());  // the plan has seen all of them
    CHECK(rt.drain(1s).complete);
    CHECK(seen == std::vector<int>{1, 2, 3, 4});
    CHECK(rt.faults_injected() == 0);
}

namespace {

struct timed {
    void operator()(job j, drover::context& me) {
        all->append(std::to_string(j.n)).append("@");
        all->append(std::to_string(me.now().time_since_epoch().count())).append(" ");
        me.self<timed>().tell(note{});  // a piece of memory
    }
    void operator()(note) {}
    std::string* all;
};

// What became of sixty jobs, in order, and the moment at which each was handled.
std::string fates(std::uint64_t seed, const fault_plan& plan) {
    std::string all;
    simulated_options chosen = with(plan);
    chosen.on_dead_letter = [&](const drover::dead_letter& letter) {
        all.append(to_string(letter.reason)).append(" ");
    };
    simulated_runtime rt(seed, std::move(chosen));
    const auto a = rt.spawn<timed>(drover::supervised{.plan = {.limit = {.count = 1000}}}, &all);
    for (int each = 1; each <= 60; ++each) {
        a.tell(job{each});
    }
    rt.advance(1h);
    CHECK_FALSE(a.stopped());
    const auto sums = rt.statistics();
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned);
    return all.append(std::to_string(rt.faults_injected()));
}

}  // namespace

TEST_CASE("faults that are drawn are the same under the same seed, and others under another") {
    const std::vector<fault_plan> plans{fault_plan().throw_one_in<job>(10), fault_plan().drop_one_in<job>(10),
                                        fault_plan().delay_one_in<job>(10, 1s), fault_plan().refuse_memory_one_in(10),
                                        fault_plan()
                                            .throw_one_in<job>(15)
                                            .drop_one_in<drover::any_message>(20)
                                            .delay_one_in<job>(15, 1s)
                                            .refuse_memory_one_in(15)};
    for (const fault_plan& plan : plans) {
        std::set<std::string> all;
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            const std::string one = fates(seed, plan);
            CHECK(fates(seed, plan) == one);
            all.insert(one);
        }
        CHECK(all.size() == 20);
    }
}

TEST_CASE("drawn faults are as frequent as the plan says, and over many seeds meet each message") {
    std::set<int> dropped;
    std::size_t injected = 0;
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        simulated_runtime rt(seed, with(fault_plan().drop_one_in<job>(10)));
        std::vector<int> seen;
        const auto a = rt.spawn<plain>(&seen);
        for (int each = 0; each != 40; ++each) {
            a.tell(job{each});
        }
        rt.run_until_idle();
        CHECK(seen.size() == 40 - rt.faults_injected());
        CHECK(rt.faults_injected() >= 2);  // no gap is longer than 19
        injected += rt.faults_injected();
        for (int each = 0; each != 40; ++each) {
            if (std::find(seen.begin(), seen.end(), each) == seen.end()) {
                dropped.insert(each);
            }
        }
    }
    CHECK(dropped.size() == 40);
    CHECK(injected > 500 * 3);
    CHECK(injected < 500 * 5);

    std::size_t all = 0;
    seen_with<plain>(fault_plan().drop_one_in<job>(1), all);
    CHECK(all == 4);
    seen_with<plain>(fault_plan().drop_one_in<job>(1, "two"), all);
    CHECK(all == 0);
}

TEST_CASE("a drawn delay is at most as long as the plan says, and of any length up to that") {
    drover::clock_duration longest{};
    drover::clock_duration shortest = 1h;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        simulated_runtime rt(seed, with(fault_plan().delay_one_in<job>(1, 10s)));
        std::vector<int> seen;
        rt.spawn<plain>(&seen).tell(job{1});
        rt.run_until_idle();
        CHECK(seen.empty());
        while (seen.empty() && rt.now().time_since_epoch() < 20s) {
            rt.advance(100ms);
        }
        longest = std::max(longest, rt.now().time_since_epoch());
        shortest = std::min(shortest, rt.now().time_since_epoch());
    }
    CHECK(longest <= 10s);
    CHECK(longest > 8s);
    CHECK(shortest < 2s);
}

TEST_CASE("a plan refuses what cannot be drawn") {
    CHECK_THROWS_WITH(fault_plan().drop_one_in<job>(0), "drover: a fault at one in 0; use 1 for every one, or more");
    CHECK_THROWS_WITH(fault_plan().delay_one_in<job>(1, 0s), "drover: delays of up to 0 ns; use more than 0");
}
