#include <drover/testing/simulated_runtime.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>

#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::context;
using drover::dead_letter_reason;
using drover::delivery;
using drover::simulated_options;
using drover::simulated_runtime;

namespace {

struct get {};
struct tick {};

struct logger {
    void operator()(char c) { *log += c; }
    std::string* log;
};

// What three senders, of three messages each, make of one log.
std::string order_of(std::uint64_t seed) {
    std::string log;
    simulated_runtime rt(seed);
    const auto to = rt.spawn<logger>(&log);
    for (const char name : {'a', 'b', 'c'}) {
        const auto sender = rt.spawn([to, name](tick) { to.tell(name); });
        for (int each = 0; each != 3; ++each) {
            sender.tell(tick{});
        }
    }
    rt.run_until_idle();
    return log;
}

struct silent {
    drover::later<int> operator()(get, context& me) {
        kept = me.later<int>();
        return {};
    }
    drover::promise<int> kept{};
};

}  // namespace

TEST_CASE("simulated: one seed gives one order, and other seeds give others") {
    CHECK(order_of(1) == order_of(1));
    CHECK(order_of(1).size() == 9);
    std::vector<std::string> orders;
    for (std::uint64_t seed = 0; seed != 50; ++seed) {
        orders.push_back(order_of(seed));
    }
    std::sort(orders.begin(), orders.end());
    CHECK(std::unique(orders.begin(), orders.end()) - orders.begin() > 40);
}

TEST_CASE("simulated: nothing runs until somebody waits or steps") {
    simulated_runtime rt(1);
    std::string log;
    const auto a = rt.spawn<logger>(&log);
    a.tell('x');
    CHECK(log.empty());
    CHECK(rt.step());
    CHECK(log == "x");
    rt.run_until_idle();
    CHECK_FALSE(rt.step());
    CHECK(rt.run_until_idle() == 0);
    CHECK(rt.seed() == 1);
    CHECK(rt.thread_count() == 1);
}

TEST_CASE("simulated: get() runs what the reply needs, and turns the clock when nothing else can happen") {
    struct slow {
        drover::later<int> operator()(get, context& me) {
            kept = me.later<int>();
            me.self<slow>().tell_after(3s, tick{});
            return {};
        }
        void operator()(tick) { kept.set(7); }
        drover::promise<int> kept{};
    };
    simulated_runtime rt(1);
    const auto a = rt.spawn<slow>();
    CHECK(a.ask(get{}).get() == 7);
    CHECK(rt.now().time_since_epoch() == 3s);
    const auto late = a.ask(get{}, 2s).result();
    REQUIRE_FALSE(late);
    CHECK(late.error().code == drover::ask_error::timeout);
    CHECK(rt.now().time_since_epoch() == 5s);
    auto waiting = a.ask(get{});
    const auto first = waiting.get_for(1s);
    REQUIRE_FALSE(first);
    CHECK(first.error().code == drover::ask_error::timeout);
    CHECK(rt.now().time_since_epoch() == 6s);
    CHECK(waiting.get_for(1min).value() == 7);
}

TEST_CASE("simulated: a reply that never comes is an exception and no endless wait") {
    simulated_runtime rt(1);
    const auto a = rt.spawn<silent>();
    auto never = a.ask(get{});
    CHECK_THROWS_AS(never.result(), std::logic_error);
    CHECK_THROWS_WITH(never.get(), Catch::Matchers::Contains("nothing left to do"));
    a.stop();
    CHECK(never.result().error().code == drover::ask_error::no_answer);
}

TEST_CASE("simulated: actors that send to each other for ever end a wait") {
    struct ball {};
    struct player {
        void operator()(ball, context& me) { me.self<player>().tell(ball{}); }
        int operator()(get) const { return 1; }
    };
    simulated_options few;
    few.most_steps = 1000;
    simulated_runtime rt(1, few);
    const auto a = rt.spawn<player>();
    a.tell(ball{});
    CHECK_THROWS_AS(rt.run_until_idle(), std::runtime_error);
    CHECK_THROWS_AS(rt.advance(1s), std::runtime_error);
    CHECK(a.ask(get{}).get() == 1);
    const auto outcome = rt.drain(1s);
    CHECK_FALSE(outcome.complete);
    REQUIRE(outcome.stragglers.size() == 1);
    CHECK(outcome.stragglers.front().waiting_for == "a free worker");
}

TEST_CASE("simulated: advance goes through time in its order") {
    simulated_runtime rt(1);
    std::vector<std::pair<char, std::int64_t>> seen;
    struct noter {
        void operator()(char c, context& me) {
            seen->emplace_back(c, me.now().time_since_epoch() / 1ms);
            if (c == 'a') {
                me.self<noter>().tell_after(10ms, 'b');
            }
        }
        std::vector<std::pair<char, std::int64_t>>* seen;
    };
    const auto a = rt.spawn<noter>(&seen);
    a.tell_after(100ms, 'a');
    a.tell_after(115ms, 'c');
    a.tell_after(300ms, 'd');
    rt.advance(99ms);
    CHECK(seen.empty());
    rt.advance(51ms);
    CHECK(seen == std::vector<std::pair<char, std::int64_t>>{{'a', 100}, {'b', 110}, {'c', 115}});
    CHECK(rt.now().time_since_epoch() == 150ms);
    rt.advance(0ms);
    CHECK_THROWS_AS(rt.advance(-1ns), std::invalid_argument);
    rt.advance(150ms);
    CHECK(seen.back() == std::pair<char, std::int64_t>('d', 300));
}

TEST_CASE("simulated: repeated timers, cancelled ones, and drains that finish timers") {
    simulated_runtime rt(1);
    std::string log;
    const auto a = rt.spawn<logger>(&log);
    const auto every = a.tell_every(1s, 'e');
    const auto once = a.tell_after(90s, 'x');
    rt.advance(3500ms);
    CHECK(log == "eee");
    CHECK(every.cancel());
    CHECK(rt.drain(1h, drover::timed_sends::finish).complete);
    CHECK(log == "eeex");
    CHECK(rt.now().time_since_epoch() == 90s);
    CHECK_FALSE(once.pending());
}

TEST_CASE("simulated: drain waits for asks between actors, and names who does not finish") {
    simulated_runtime rt(1);
    const auto quiet = rt.spawn<silent>(drover::spawn_options{.name = "quiet"});
    struct asker {
        void operator()(tick) {
            whom.ask(get{}).then([](drover::expected<int, drover::ask_error>) {});
        }
        drover::ref<silent> whom;
    };
    const auto a = rt.spawn<asker>(drover::spawn_options{.name = "asker"}, quiet);
    a.tell(tick{});
    const auto outcome = rt.drain(7s);
    CHECK_FALSE(outcome.complete);
    REQUIRE(outcome.stragglers.size() == 1);
    CHECK(outcome.stragglers.front().name == "asker");
    CHECK(outcome.stragglers.front().waiting_for == "a reply of quiet");
    CHECK(rt.now().time_since_epoch() == 7s);
    CHECK(rt.stop().complete);
}

TEST_CASE("simulated: stop ends children before parents, and the end does so by itself") {
    std::vector<std::string> ends;
    struct child {
        void stopped(const drover::stop_reason&) { ends->push_back("child"); }
        void operator()(tick) {}
        std::vector<std::string>* ends;
    };
    struct parent {
        void started(context& me) { me.spawn<child>(ends); }
        void stopped(const drover::stop_reason&) { ends->push_back("parent"); }
        void operator()(tick) {}
        std::vector<std::string>* ends;
    };
    {
        simulated_runtime rt(3);
        rt.spawn<parent>(&ends);
        rt.run_until_idle();
        CHECK(rt.stop().complete);
        CHECK(ends == std::vector<std::string>{"child", "parent"});
    }
    ends.clear();
    {
        simulated_runtime rt(3);
        rt.spawn<parent>(&ends);
        rt.run_until_idle();
    }
    CHECK(ends == std::vector<std::string>{"child", "parent"});
}

TEST_CASE("simulated: watch, and the failures that were not expected") {
    simulated_runtime rt(1);
    std::string heard;
    const auto fragile =
        rt.spawn(drover::spawn_options{.name = "fragile"}, [](tick) { throw std::runtime_error("broke"); });
    const auto watcher = rt.spawn([&, fragile](tick, context& me) {
        me.watch(fragile, [&](drover::stopped_event event) { heard = to_string(event.reason.kind()); });
    });
    watcher.tell(tick{});
    rt.run_until_idle();
    fragile.tell(tick{});
    rt.run_until_idle();
    CHECK(heard == "failed");
    REQUIRE(rt.failures().size() == 1);
    CHECK(rt.failures().front().find("broke") != std::string::npos);
    CHECK(rt.failures().front().find("fragile #1 failed in") == 0);
}

namespace {

template <class Overflow>
struct narrow {
    using mailbox = drover::bounded_mailbox<2, Overflow>;
    void operator()(int n) { sum += n; }
    int operator()(get) const { return sum; }
    int sum = 0;
};

struct stuck {
    using mailbox = drover::bounded_mailbox<1, drover::block_sender<2000>>;
    void operator()(int) {}
};

struct urgent {
    static constexpr std::size_t priority = 1;
};
struct sorted {
    using mailbox = drover::priority_mailbox<2>;
    void operator()(char c) { *log += c; }
    void operator()(urgent) { *log += '!'; }
    std::string* log;
};
struct lazy {
    using batches = drover::of<int>;
    using batching = drover::linger<4, 100>;
    void operator()(std::span<int> some) { sizes->push_back(some.size()); }
    std::vector<std::size_t>* sizes;
};

}  // namespace

TEST_CASE("simulated: bounded mailboxes with each overflow") {
    simulated_runtime rt(1);
    const auto rejects = rt.spawn<narrow<drover::reject_newest>>();
    const auto drops = rt.spawn<narrow<drover::drop_newest>>();
    const auto evicts = rt.spawn<narrow<drover::drop_oldest>>();
    const auto blocks = rt.spawn<narrow<drover::block_sender<>>>();
    const auto fails = rt.spawn<narrow<drover::fail_actor>>();
    for (const int n : {1, 10}) {
        rejects.tell(n);
        drops.tell(n);
        evicts.tell(n);
        blocks.tell(n);
        fails.tell(n);
    }
    CHECK(rejects.tell(100) == delivery::rejected_full);
    CHECK(drops.tell(100) == delivery::dropped);
    CHECK(is_accepted(evicts.tell(100)));
    CHECK(fails.tell(100) == delivery::rejected_full);
    for (int each = 0; each != 10; ++each) {
        CHECK(is_accepted(blocks.tell(100)));  // this thread makes the room it waits for
    }
    rt.run_until_idle();
    CHECK(rejects.ask(get{}).get() == 11);
    CHECK(drops.ask(get{}).get() == 11);
    CHECK(evicts.ask(get{}).get() == 110);
    CHECK(blocks.ask(get{}).get() == 1011);
    CHECK(fails.stopped());
    CHECK(rt.failures().size() == 1);
}

TEST_CASE("simulated: a sender that waits for room that never comes is out of time in virtual time") {
    simulated_options chosen;
    chosen.faults.delay<int>(1, 1h);
    simulated_runtime rt(1, chosen);
    const auto a = rt.spawn<stuck>();
    CHECK(is_accepted(a.tell(1)));
    CHECK(a.tell(2) == delivery::timed_out);
    CHECK(rt.now().time_since_epoch() == 2s);
}

TEST_CASE("simulated: priorities, lingering and batches") {
    simulated_runtime rt(1);
    std::string log;
    const auto a = rt.spawn<sorted>(&log);
    a.tell('x');
    a.tell('y');
    a.tell(urgent{});
    rt.run_until_idle();
    CHECK(log == "!xy");

    std::vector<std::size_t> sizes;
    const auto b = rt.spawn<lazy>(&sizes);
    b.tell(1);
    b.tell(2);
    rt.run_until_idle();
    CHECK(sizes.empty());
    rt.advance(100us);
    CHECK(sizes == std::vector<std::size_t>{2});
    for (int each = 0; each != 4; ++each) {
        b.tell(each);
    }
    rt.run_until_idle();
    CHECK(sizes == std::vector<std::size_t>{2, 4});
}

namespace {

struct open_up {};
struct hung_up {};
struct waiting_state;
struct talking_state;
using phone = drover::behaviours<waiting_state, talking_state>;

struct waiting_state {
    explicit waiting_state(std::vector<int>* to) : seen(to) {}
    void operator()(int early, context& me) { unsaid.put(int{early}, me); }
    void operator()(open_up, context& me);
    std::vector<int>* seen;
    drover::stash<phone, 16> unsaid{};
};

struct talking_state {
    explicit talking_state(std::vector<int>* to) : seen(to) {}
    void operator()(int said) { seen->push_back(said); }
    void operator()(hung_up, context& me) { drover::become<waiting_state>(me, seen); }
    std::vector<int>* seen;
};

void waiting_state::operator()(open_up, context& me) {
    unsaid.replay(me);
    drover::become<talking_state>(me, seen);
}

}  // namespace

TEST_CASE("simulated: stash, behaviours, topics and names") {
    simulated_runtime rt(1);
    std::vector<int> seen;
    const auto a = rt.spawn<phone>(&seen);
    rt.registry().add("desk", a);
    drover::topic<int> prices(rt);
    prices.subscribe(a);
    prices.publish(1);
    a.tell(2);
    a.tell(3);
    rt.run_until_idle();
    CHECK(seen.empty());
    rt.registry().lookup<phone>("desk").value().tell(open_up{});
    a.tell(4);
    rt.run_until_idle();
    CHECK(seen == std::vector<int>{1, 2, 3, 4});
    a.tell(hung_up{});
    a.tell(5);
    a.tell(open_up{});
    a.tell(open_up{});
    rt.run_until_idle();
    CHECK(seen == std::vector<int>{1, 2, 3, 4, 5});
    CHECK(rt.statistics().dead(dead_letter_reason::unhandled) == 1);
}

TEST_CASE("simulated: whoever waits for a name runs the simulation until somebody has it") {
    simulated_runtime rt(1);
    struct founder {
        void operator()(tick, context& me) { me.registry().add("late", me.self()); }
    };
    const auto a = rt.spawn<founder>();
    a.tell_after(5s, tick{});
    const auto found = rt.registry().wait_for<founder>("late", 1min);
    REQUIRE(found);
    CHECK(found.value() == a);
    CHECK(rt.now().time_since_epoch() == 5s);
    const auto never = rt.registry().wait_for<founder>("never", 1min);
    REQUIRE_FALSE(never);
    CHECK(never.error().code == drover::lookup_error::timed_out);
    CHECK(rt.now().time_since_epoch() == 65s);
}

TEST_CASE("simulated: an actor that fails is restarted in virtual time, and its mailbox waits") {
    struct fragile {
        void operator()(int n, context& me) {
            if (n == 0) {
                throw std::runtime_error("broke");
            }
            seen->emplace_back(n, me.now().time_since_epoch() / 1ms);
        }
        std::vector<std::pair<int, std::int64_t>>* seen;
    };
    simulated_runtime rt(1);
    std::vector<std::pair<int, std::int64_t>> seen;
    const auto a =
        rt.spawn<fragile>(drover::supervised{.plan = {.backoff = {.first = 100ms, .most = 1s, .jitter = 0}}}, &seen);
    for (const int n : {1, 0, 2, 0, 3}) {
        a.tell(n);
    }
    rt.run_until_idle();
    CHECK(seen == std::vector<std::pair<int, std::int64_t>>{{1, 0}});
    rt.advance(1s);
    CHECK(seen == std::vector<std::pair<int, std::int64_t>>{{1, 0}, {2, 100}, {3, 300}});
    CHECK(rt.failures().size() == 2);
}

TEST_CASE("simulated: an outbox, and dead letters to a sink") {
    simulated_options chosen;
    chosen.outbox = 16;
    std::vector<std::string> dead;
    chosen.on_dead_letter = [&](const drover::dead_letter& each) { dead.emplace_back(each.message); };
    simulated_runtime rt(1, chosen);
    std::string log;
    const auto a = rt.spawn<logger>(&log);
    const auto b = rt.spawn([&](tick) { CHECK(a.tell('d') == delivery::deferred); });
    b.tell(tick{});
    rt.run_until_idle();
    CHECK(log == "d");
    a.stop();
    rt.run_until_idle();
    CHECK(a.tell('x') == delivery::stopped);
    CHECK(dead == std::vector<std::string>{"char"});
    CHECK(rt.statistics().dead(dead_letter_reason::stopped) == 1);
}

TEST_CASE("simulated: a handler may not drive it, nor wait") {
    simulated_runtime rt(1);
    std::vector<std::string> said;
    const auto other = rt.spawn<silent>();
    const auto a = rt.spawn([&](tick) {
        for (const auto& call : std::vector<std::function<void()>>{[&] { rt.step(); }, [&] { rt.run_until_idle(); },
                                                                   [&] { rt.advance(1s); }, [&] { rt.drain(1s); }}) {
            try {
                call();
            } catch (const std::logic_error& error) {
                said.emplace_back(error.what());
            }
        }
        CHECK(other.ask(get{}).result().error().code == drover::ask_error::would_deadlock);
    });
    a.tell(tick{});
    rt.run_until_idle();
    CHECK(said.size() == 4);
}

TEST_CASE("simulated: outside handlers a thread is no actor's") {
    simulated_runtime rt(1);
    const auto a = rt.spawn<silent>();
    auto first = a.ask(get{});
    rt.run_until_idle();
    CHECK_THROWS_AS(first.then([](drover::expected<int, drover::ask_error>) {}), std::logic_error);
}

TEST_CASE("simulated: one that begins and ends inside a handler of another runtime leaves that as it was") {
    drover::runtime real({.threads = 1});
    const auto other = real.spawn([](int n) { return n + 1; });
    const auto a = real.spawn([other](tick, context& me) {
        std::string log;
        {
            simulated_runtime rt(1);
            rt.spawn<logger>(&log).tell('x');
        }
        drover::promise<int> kept = me.later<int>();
        other.ask(1).then(
            [right = std::move(kept)](drover::expected<int, drover::ask_error> answer) mutable { right.set(*answer); });
        return drover::later<int>{};
    });
    CHECK(a.ask(tick{}).get() == 2);
}

TEST_CASE("simulated: two simulations in one thread, and one beside a runtime with threads") {
    simulated_runtime one(1);
    simulated_runtime two(2);
    drover::runtime real({.threads = 1});
    std::string log;
    const auto a = one.spawn<logger>(&log);
    const auto b = two.spawn([a](tick) { a.tell('b'); });
    const auto c = real.spawn([](int n) { return n + 1; });
    b.tell(tick{});
    two.run_until_idle();
    CHECK(log.empty());
    one.run_until_idle();
    CHECK(log == "b");
    CHECK(c.ask(1).get() == 2);
}

TEST_CASE("simulated: a ref outlives its runtime, and no memory stays") {
    const std::size_t before = drover_test::blocks_in_use();
    {
        drover::ref<silent> kept;
        {
            simulated_runtime rt(1);
            kept = rt.spawn<silent>();
            kept.tell(get{});
            kept.tell_after(1s, get{});
        }
        CHECK(kept.tell(get{}) == delivery::stopped);
        CHECK(kept.ask(get{}).result().error().code == drover::ask_error::actor_stopped);
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("simulated: options out of range are refused") {
    simulated_options none;
    none.most_steps = 0;
    CHECK_THROWS_AS(simulated_runtime(1, none), std::invalid_argument);
    simulated_options empty;
    empty.quantum = 0;
    CHECK_THROWS_AS(simulated_runtime(1, empty), std::invalid_argument);
    simulated_options faulty;
    faulty.quantum = 2;
    faulty.faults.drop<int>(1);
    CHECK_THROWS_AS(simulated_runtime(1, faulty), std::invalid_argument);
}

namespace {

struct number {};

struct slow_number {
    drover::task<int> operator()(number) {
        co_await drover::sleep_for(1h);
        co_return 20;
    }
};

struct adder {
    drover::task<int> operator()(number) {
        const auto [one, other] = co_await drover::when_all(first.ask(number{}), second.ask(number{}));
        co_return one + other + 2;
    }
    drover::task<int> operator()(get) {
        co_return (co_await first.ask(number{}, 1min).as_result()).has_value() ? 1 : 0;
    }
    drover::ref<slow_number> first;
    drover::ref<slow_number> second;
};

}  // namespace

TEST_CASE("simulated: coroutine handlers wait for asks and for time, under many seeds") {
    for (std::uint64_t seed = 1; seed != 50; ++seed) {
        simulated_runtime rt(seed);
        const auto one = rt.spawn<slow_number>();
        const auto two = rt.spawn<slow_number>();
        const auto sum = rt.spawn<adder>(one, two);
        auto reply = sum.ask(number{});
        rt.run_until_idle();
        CHECK_FALSE(reply.is_ready());
        rt.advance(1h);
        REQUIRE(reply.is_ready());
        CHECK(reply.get() == 42);
        CHECK(sum.ask(get{}).get() == 0);  // its minute is over first
        auto cut = sum.ask(number{});
        rt.run_until_idle();
        sum.stop();
        CHECK_FALSE(cut.result());
    }
}
