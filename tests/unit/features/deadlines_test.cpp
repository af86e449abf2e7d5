#include <drover/features/deadlines.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/oracle.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::clock_duration;
using drover::dead_letter_reason;
using drover::time_point;
using drover_test::exact;

namespace {

struct timed : drover::features {
    using deadlines = drover::message_deadlines;
};
using app = drover::with<timed>;

static_assert(drover::feature_bundle<timed>);
static_assert(drover::has_deadlines<timed> && !drover::has_deadlines<drover::features>);
static_assert(!drover::deadline_policy<int>);
static_assert(std::is_empty_v<drover::no_deadlines::stamp>);
static_assert(std::is_empty_v<drover::stamp_of<drover::features>>, "off: nothing travels");
static_assert(sizeof(drover::envelope_of<drover::features>) == 16, "off: no field");
static_assert(sizeof(drover::envelope_of<timed>) == 24, "on: 8 bytes");
static_assert(sizeof(drover::basic_cell<timed>) == sizeof(drover::basic_cell<drover::features>));
static_assert(sizeof(drover::basic_context<timed>) == sizeof(drover::basic_context<drover::features>));
static_assert(std::is_empty_v<drover::detail::batch_deadline<drover::features>>);
static_assert(!std::is_copy_constructible_v<drover::deadline_scope>);

struct job {
    int number;
};
struct urgent {
    static constexpr bool never_expires = true;
    int number;
};
static_assert(drover::never_expires<urgent> && !drover::never_expires<job>);

struct nap {
    clock_duration length;
};
struct pass_on {
    int number;
};
struct question {};
struct keep {
    int number;
};
struct bring_back {};
struct nested {};
struct ask_on {};
struct ask_then {};
struct later_job {};
struct by_length {
    clock_duration length;
};

// What came, with the deadline that the handler had; times in ns, -1: none.
struct heard {
    int number;
    std::int64_t deadline;
    bool operator==(const heard&) const = default;
};
std::int64_t ns(time_point when) {
    return when == time_point::max() ? -1 : when.time_since_epoch().count();
}
constexpr std::int64_t ms = 1'000'000;

// Sleeps when it is told to, so that messages wait for it.
struct sleeper {
    drover::task<> operator()(nap n) { co_await drover::sleep_for(n.length); }
    void operator()(const job& j, app::context& me) { log->push_back({j.number, ns(me.deadline())}); }
    void operator()(const urgent& j, app::context& me) { log->push_back({j.number, ns(me.deadline())}); }
    int operator()(question, app::context& me) {
        log->push_back({-7, ns(me.deadline())});
        return 7;
    }
    void operator()(const keep& k, app::context& me) { kept.put(job{k.number}, me); }
    void operator()(bring_back, app::context& me) { kept.replay(me); }
    std::vector<heard>* log;
    app::stash<sleeper, 8> kept{};
};

// What it gets it gives on.
struct giver {
    app::ref<sleeper> to;
    std::vector<heard>* log;

    void operator()(const pass_on& p, app::context& me) {
        log->push_back({p.number, ns(me.deadline())});
        to.tell(job{p.number});
        to.tell_batch(std::vector<job>{{p.number + 1}, {p.number + 2}});
        app::recipient<job>(to).tell(job{p.number + 3});
    }
    void operator()(later_job, app::context& me) {
        to.tell_after(20ms, job{1});
        to.tell_at(me.now(), job{2});
        to.tell_every(20ms, job{3});
    }
    drover::task<> operator()(nested, app::context& me) {
        {
            const drover::deadline_scope budget = me.within(30ms);
            log->push_back({1, ns(me.deadline())});
            co_await drover::sleep_for(10ms);
            log->push_back({2, ns(me.deadline())});  // it is still there, and is not counted anew
            {
                const auto longer = me.within(1s);
                log->push_back({3, ns(me.deadline())});
                const auto shorter = me.within(5ms);
                log->push_back({4, ns(me.deadline())});
                co_await drover::sleep_for(1ms);
                log->push_back({5, ns(me.deadline())});
                to.tell(job{5});
            }
            log->push_back({6, ns(me.deadline())});
        }
        log->push_back({7, ns(me.deadline())});
        co_await drover::sleep_for(1ms);
        log->push_back({8, ns(me.deadline())});
    }
    drover::task<int> operator()(ask_on, app::context& me) {
        const auto got = co_await to.ask(question{}).as_result();
        log->push_back({got ? *got : static_cast<int>(got.error().code), me.time_left().count()});
        co_return 1;
    }
    void operator()(ask_then, app::context& me) {
        to.ask(question{}).then([this, &log_ = *log](auto got) {
            log_.push_back({got ? *got : -1, ns(app::context::current()->deadline())});
            to.tell(job{9});
        });
        log->push_back({0, ns(me.deadline())});
    }
};

struct counter {
    using batches = drover::of<job>;
    void operator()(std::span<job> all, app::context& me) {
        log->push_back({static_cast<int>(all.size()), ns(me.deadline())});
        for (const job& each : all) {
            log->push_back({each.number, 0});
        }
    }
    drover::task<> operator()(nap n) { co_await drover::sleep_for(n.length); }
    std::vector<heard>* log;
};

struct scene {
    std::vector<heard> log;
    app::simulated_runtime sim{1};
    app::ref<sleeper> s = sim.spawn<sleeper>(&log);
    app::ref<giver> g = sim.spawn<giver>(s, &log);

    std::uint64_t expired() { return sim.statistics().dead(dead_letter_reason::expired); }
    bool all_there() {
        sim.run_until_idle();
        return exact(sim.statistics()) && sim.statistics().pending == 0;
    }
};

}  // namespace

TEST_CASE("deadlines: a message whose turn comes at its deadline or later is a dead letter, one before is handled") {
    scene w;
    w.s.tell(nap{50ms});
    w.s.tell(job{0});
    {
        const auto budget = w.sim.within(50ms);
        w.s.tell(job{1});
    }
    {
        const drover::deadline_scope budget = w.sim.within(50ms + 1ns);
        CHECK(ns(budget.deadline()) == 50 * ms + 1);
        w.s.tell(job{2});
    }
    w.s.tell(job{3});
    w.sim.advance(60ms);
    CHECK(w.log == std::vector<heard>{{0, -1}, {2, 50 * ms + 1}, {3, -1}});
    CHECK(w.expired() == 1);
    CHECK(w.all_there());
}

TEST_CASE("deadlines: a message type may say that it does not expire") {
    scene w;
    w.s.tell(nap{50ms});
    {
        const auto budget = w.sim.within(10ms);
        w.s.tell(urgent{1});
        w.s.tell(job{2});
    }
    w.sim.advance(60ms);
    CHECK(w.log == std::vector<heard>{{1, -1}});
    CHECK(w.expired() == 1);
}

TEST_CASE("deadlines: what a handler sends has the deadline of its message") {
    scene w;
    {
        const auto budget = w.sim.within(50ms);
        w.g.tell(pass_on{10});
    }
    w.g.tell(pass_on{20});
    w.sim.run_until_idle();
    const auto of = [&](int number) {
        for (const heard& each : w.log) {
            if (each.number == number) {
                return each.deadline;
            }
        }
        return std::int64_t{-2};
    };
    for (const int each : {10, 11, 12, 13}) {
        CHECK(of(each) == 50 * ms);
        CHECK(of(each + 10) == -1);
    }
    CHECK(w.log.size() == 10);
}

TEST_CASE("deadlines: scopes one inside another keep the earlier, and end where they stand") {
    scene w;
    {
        const auto outer = w.sim.within(50ms);
        {
            const auto longer = w.sim.within(80ms);
            CHECK(ns(longer.deadline()) == 50 * ms);
            w.s.tell(job{1});
            const auto shorter = w.sim.within(20ms);
            CHECK(ns(shorter.deadline()) == 20 * ms);
            w.s.tell(job{2});
        }
        w.s.tell(job{3});
    }
    w.s.tell(job{4});
    const auto over = w.sim.within(-5ms);
    w.s.tell(job{5});
    w.sim.run_until_idle();
    CHECK(w.log == std::vector<heard>{{1, 50 * ms}, {2, 20 * ms}, {3, 50 * ms}, {4, -1}});
    CHECK(w.expired() == 1);
    CHECK(w.all_there());
}

TEST_CASE("deadlines: a scope around a simulation is not its actors'") {
    scene w;
    w.g.tell(pass_on{10});
    const auto budget = w.sim.within(50ms);
    w.sim.run_until_idle();
    REQUIRE_FALSE(w.log.empty());
    for (const heard& each : w.log) {
        CHECK(each.deadline == -1);
    }
    CHECK(drover::this_thread().task != nullptr);  // and is there again
}

TEST_CASE("deadlines: an ask ends at the earlier of its timeout and the deadline, and is not handled after that") {
    scene w;
    w.s.tell(nap{50ms});
    auto quick = w.s.ask(question{}, 20ms);
    const auto budget = w.sim.within(40ms);
    auto first = w.s.ask(question{}, 10ms);
    auto second = w.s.ask(question{}, 1s);
    auto third = w.s.ask(question{});
    w.sim.advance(39ms);
    CHECK(first.is_ready());
    CHECK(quick.is_ready());
    CHECK_FALSE(second.is_ready());
    CHECK_FALSE(third.is_ready());
    w.sim.advance(1ms);
    for (auto* each : {&quick, &first, &second, &third}) {
        CHECK(each->result().error().code == drover::ask_error::timeout);
    }
    w.sim.advance(20ms);
    CHECK(w.log.empty());
    CHECK(w.expired() == 4);
    CHECK(w.sim.statistics().late_replies == 0);
    CHECK(w.all_there());
}

TEST_CASE("deadlines: a timeout of an ask is its message's deadline, and the handler's") {
    scene w;
    auto reply = w.s.ask(question{}, 30ms);
    auto other = w.s.ask(question{});
    CHECK(reply.get() == 7);
    CHECK(other.get() == 7);
    CHECK(w.log == std::vector<heard>{{-7, 30 * ms}, {-7, -1}});
}

TEST_CASE("deadlines: an ask whose time is over already is refused at once") {
    scene w;
    const auto budget = w.sim.within(0ms);
    auto reply = w.s.ask(question{});
    CHECK(reply.is_ready());
    CHECK(reply.result().error().code == drover::ask_error::timeout);
    CHECK(w.expired() == 1);
    CHECK(w.sim.statistics().offered == 1);
    CHECK(w.all_there());
}

TEST_CASE("deadlines: a coroutine handler has its scopes again after a suspension") {
    scene w;
    w.g.tell(nested{});
    w.sim.advance(100ms);
    CHECK(w.log == std::vector<heard>{{1, 30 * ms},
                                      {2, 30 * ms},
                                      {3, 30 * ms},
                                      {4, 15 * ms},
                                      {5, 15 * ms},
                                      {6, 30 * ms},
                                      {7, -1},
                                      {5, 15 * ms},
                                      {8, -1}});
    w.log.clear();
    {
        const auto budget = w.sim.within(20ms);
        w.g.tell(nested{});
    }
    w.sim.advance(100ms);
    REQUIRE(w.log.size() == 9);
    CHECK(w.log.front() == heard{1, 120 * ms});
    CHECK(w.log[3] == heard{4, 115 * ms});
    CHECK(w.log.back() == heard{8, 120 * ms});
    CHECK(w.all_there());
}

TEST_CASE("deadlines: a coroutine that is destroyed where it waits leaves nothing behind") {
    scene w;
    w.g.tell(nested{});
    w.sim.run_until_idle();
    w.g.stop();
    w.sim.run_until_idle();
    CHECK(drover::this_thread().task == nullptr);
    CHECK(w.log.size() == 1);
    CHECK(w.all_there());
}

TEST_CASE("deadlines: an ask that is awaited takes what is left") {
    scene w;
    w.s.tell(nap{50ms});
    {
        const auto budget = w.sim.within(20ms);
        w.g.tell(ask_on{});
    }
    w.sim.advance(100ms);
    CHECK(w.log == std::vector<heard>{{static_cast<int>(drover::ask_error::timeout), 0}});
    CHECK(w.expired() == 1);
    CHECK(w.all_there());
}

TEST_CASE("deadlines: what then() continues with has the deadline of its handler") {
    scene w;
    {
        const auto budget = w.sim.within(20ms);
        w.g.tell(ask_then{});
    }
    w.sim.run_until_idle();
    CHECK(w.log == std::vector<heard>{{0, 20 * ms}, {-7, 20 * ms}, {7, 20 * ms}, {9, 20 * ms}});
}

TEST_CASE("deadlines: a message that is put off has none, repeated or due already") {
    scene w;
    {
        const auto budget = w.sim.within(10ms);
        w.g.tell(later_job{});
        w.sim.advance(20ms);
    }
    CHECK(w.log == std::vector<heard>{{2, -1}, {1, -1}, {3, -1}});
    {
        const auto budget = w.sim.within(1ms);
        w.sim.advance(20ms);  // turns the clock in this thread
    }
    CHECK(w.log.back() == heard{3, -1});
    CHECK(w.expired() == 0);
}

TEST_CASE("deadlines: of a batch, what is late is left out, and the rest is handled under the latest deadline") {
    scene w;
    auto c = w.sim.spawn<counter>(&w.log);
    const auto tell_within = [&](clock_duration length, int number) {
        const auto budget = w.sim.within(length);
        c.tell(job{number});
    };
    c.tell(nap{50ms});
    tell_within(90ms, 1);
    tell_within(10ms, 2);
    tell_within(70ms, 3);
    tell_within(50ms, 4);
    w.sim.advance(60ms);
    CHECK(w.log == std::vector<heard>{{2, 90 * ms}, {1, 0}, {3, 0}});
    CHECK(w.expired() == 2);
    CHECK(w.all_there());

    w.log.clear();
    c.tell(nap{50ms});
    tell_within(10ms, 1);
    tell_within(90ms, 2);
    c.tell(job{3});
    tell_within(10ms, 4);
    w.sim.advance(60ms);
    CHECK(w.log == std::vector<heard>{{2, -1}, {2, 0}, {3, 0}});
    CHECK(w.expired() == 4);
    CHECK(w.sim.statistics().handled == 6);
    CHECK(w.all_there());
}

TEST_CASE("deadlines: a message in a stash keeps the deadline of the one that was put there") {
    scene w;
    {
        const auto budget = w.sim.within(20ms);
        w.s.tell(keep{1});
    }
    w.s.tell(keep{2});
    {
        const auto budget = w.sim.within(40ms);
        w.s.tell(keep{3});
    }
    w.sim.advance(20ms);
    w.s.tell(bring_back{});
    w.sim.run_until_idle();
    CHECK(w.log == std::vector<heard>{{2, -1}, {3, 40 * ms}});
    CHECK(w.expired() == 1);
    CHECK(w.all_there());
}

namespace {

struct fragile {
    static constexpr drover::supervision supervision{
        .limit = {.count = 30}, .backoff = {.first = 10ms, .most = 10ms, .jitter = 0}, .redeliver = 5};
    int* tries;

    void operator()(const job& j) {
        if (j.number != 0) {
            *tries += 1;
            throw std::runtime_error("once more");
        }
    }
    int operator()(question) {
        *tries += 1;
        throw std::runtime_error("once more");
    }
};

struct crowded : drover::features {
    using deadlines = drover::message_deadlines;
    using metrics = drover::counter_metrics;
};

}  // namespace

TEST_CASE("deadlines: a message that is delivered again is given up when its time is over") {
    int tries = 0;
    app::simulated_runtime sim(1);
    const auto a = sim.spawn<fragile>(&tries);
    {
        const auto budget = sim.within(15ms);
        a.tell(job{1});
    }
    sim.advance(100ms);
    CHECK(tries == 2);
    CHECK(sim.statistics().dead(dead_letter_reason::expired) == 1);
    CHECK(sim.statistics().dead() == 1);

    auto reply = a.ask(question{}, 15ms);
    sim.advance(100ms);
    CHECK(tries == 4);
    CHECK(reply.result().error().code == drover::ask_error::timeout);
    CHECK(sim.statistics().dead(dead_letter_reason::expired) == 2);
    a.tell(job{0});
    sim.run_until_idle();
    CHECK(sim.statistics().handled == 1);
    CHECK(exact(sim.statistics()));
}

TEST_CASE("deadlines: the metrics hear of what expired, and it waits no more") {
    drover::basic_simulated_runtime<crowded> sim(1);
    const auto a = sim.spawn([](nap n) -> drover::task<int> {
        co_await drover::sleep_for(n.length);
        co_return 1;
    });
    a.tell(nap{50ms});
    {
        const auto budget = sim.within(10ms);
        a.tell(nap{1ms});
        a.tell(nap{2ms});
        auto dropped = a.ask(nap{3ms});
        sim.advance(60ms);
    }
    const drover::metrics_snapshot seen = drover::take_metrics(sim);
    CHECK(seen.dead(dead_letter_reason::expired) == 3);
    REQUIRE(seen.actors.size() == 1);
    CHECK(seen.actors.front().handled == 1);
    CHECK(seen.actors.front().waiting() == 0);
    CHECK(seen.actors.front().asks_timed_out == 1);
    CHECK(exact(sim.statistics()));
}

TEST_CASE("deadlines: to another runtime goes what is left, by its own clock") {
    std::vector<heard> log;
    app::simulated_runtime here(1);
    app::simulated_runtime there(2);
    there.advance(1s);
    const auto s = there.spawn<sleeper>(&log);
    const auto g = here.spawn<giver>(s, &log);
    {
        const auto budget = here.within(50ms);
        g.tell(pass_on{10});
        s.tell(job{1});
    }
    here.advance(10ms);
    there.run_until_idle();
    REQUIRE(log.size() == 6);
    for (const heard& each : log) {
        const bool ours = each == heard{10, 50 * ms};
        CHECK((ours || each.deadline == 1050 * ms));
    }
    log.clear();
    {
        const auto used_up = here.within(0ms);
        s.tell(job{2});
    }
    there.run_until_idle();
    CHECK(log.empty());
    CHECK(there.statistics().dead(dead_letter_reason::expired) == 1);
}

TEST_CASE("deadlines: a scope of another runtime inside a coroutine is as long there") {
    app::simulated_runtime here(1);
    app::simulated_runtime there(2);
    there.advance(1s);
    std::vector<std::int64_t> seen;
    const auto a = here.spawn([&](nap n, app::context& me) -> drover::task<> {
        const auto budget = there.within(n.length);
        seen.push_back(ns(budget.deadline()));
        seen.push_back(ns(me.deadline()));
        co_await drover::sleep_for(1ms);
        seen.push_back(ns(me.deadline()));
        seen.push_back(me.time_left().count());
    });
    a.tell(nap{20ms});
    here.advance(10ms);
    CHECK(seen == std::vector<std::int64_t>{1020 * ms, 20 * ms, 20 * ms, 19 * ms});
}

TEST_CASE("deadlines: without an end, time_left is the longest there is") {
    app::simulated_runtime sim(1);
    clock_duration left{};
    sim.spawn([&](nap, app::context& me) { left = me.time_left(); }).tell(nap{});
    sim.run_until_idle();
    CHECK(left == clock_duration::max());
}

TEST_CASE("deadlines: no sleep where there is a deadline and no coroutine") {
    app::simulated_runtime sim(1);
    const auto budget = sim.within(1s);
    CHECK_THROWS_AS(drover::task_environment::present(), std::logic_error);
}

TEST_CASE("deadlines: dead letters are told to their subscribers however late it is") {
    std::size_t told = 0;
    app::simulated_runtime sim(1);
    const auto ear = sim.spawn([&](const drover::dead_letter_event&) { told += 1; });
    const auto gone = sim.spawn([](job) {});
    REQUIRE(sim.subscribe_dead_letters(app::recipient<drover::dead_letter_event>(ear)));
    gone.stop();
    sim.run_until_idle();
    {
        const auto used_up = sim.within(0ms);
        gone.tell(job{1});
    }
    sim.run_until_idle();
    CHECK(told == 1);
}

TEST_CASE("deadlines: a topic gives each subscriber the publisher's deadline") {
    std::vector<heard> log;
    app::simulated_runtime sim(1);
    const auto s = sim.spawn<sleeper>(&log);
    const auto t = sim.spawn<sleeper>(&log);
    const app::topic<job> news(sim);
    REQUIRE(news.subscribe(s));
    REQUIRE(news.subscribe(t));
    s.tell(nap{50ms});
    {
        const auto budget = sim.within(20ms);
        CHECK(news.publish(job{1}) == 2);
    }
    sim.advance(60ms);
    CHECK(log == std::vector<heard>{{1, 20 * ms}});
    CHECK(sim.statistics().dead(dead_letter_reason::expired) == 1);
    CHECK(exact(sim.statistics()));
}
