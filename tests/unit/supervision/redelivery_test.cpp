// Messages that are delivered again after their handler has thrown: how often, when, to whom, and what becomes of them.
#include <drover/actor/redelivery.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>

#include "support/world.hpp"

using drover::context;
using drover::directive;
using drover::supervised;
using drover_test::blocks_in_use;
using drover_test::wait_until;
using drover_test::world;

namespace {

using namespace std::chrono_literals;
using reason = drover::dead_letter_reason;
using ints = std::vector<int>;

void check_identity(const drover::accounting& sums) {
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending);
}

// A message of which the first `failures` attempts throw. It counts its copies, and tells if it has been moved from.
struct job {
    job(int n, int throws) : number(n), failures(throws) {}
    job(const job& other) : number(other.number), failures(other.failures), copies(other.copies + 1) {}
    job(job&& other) noexcept
        : number(std::exchange(other.number, -1)), failures(other.failures), copies(other.copies) {}
    job& operator=(const job&) = delete;
    ~job() = default;
    int number;
    int failures;
    int copies = 0;
};

// What the test sees of an actor whose states come and go. Written on its worker, read when nothing is under way.
struct record {
    ints seen{};                   // the numbers, in the order of the attempts
    std::array<int, 100> tried{};  // attempts, by number
    int states = 0;
    int copies = 0;    // of the message that came last
    int at_start = 0;  // new states that fail at once

    bool fails(const job& j) {
        seen.push_back(j.number);
        copies = j.copies;
        return ++tried[static_cast<std::size_t>(j.number)] <= j.failures;
    }
};

struct worker {
    static constexpr drover::supervision supervision{.limit = {.count = 100}, .redeliver = 3};
    record* all;
    int handled = 0;
    void started(context&) {
        all->states += 1;
        if (all->at_start > 0) {
            all->at_start -= 1;
            throw std::runtime_error("started");
        }
    }
    int operator()(const job& j) {
        if (all->fails(j)) {
            throw std::runtime_error("attempt " + std::to_string(all->tried[static_cast<std::size_t>(j.number)]));
        }
        return handled += 1;
    }
};

struct taker {  // moves from its message before it throws
    static constexpr drover::supervision supervision{.limit = {.count = 100}, .redeliver = 3};
    record* all;
    void operator()(job&& j) {
        const job mine(std::move(j));
        if (all->fails(mine)) {
            throw std::runtime_error("taken");
        }
    }
};

struct copier {
    static constexpr drover::supervision supervision{.limit = {.count = 100}, .redeliver = 3};
    record* all;
    void operator()(job j) {
        if (all->fails(j)) {
            throw std::runtime_error("copied");
        }
        j.number = 0;
    }
};

drover::supervision plan_of(directive what, std::uint32_t times = 3) {
    return {.on_failure = what, .limit = {.count = 100}, .redeliver = times};
}

}  // namespace

TEST_CASE("a message whose handler throws is handled again by the new state, before what is behind it") {
    record all;
    world w;
    const auto a = w.rt.spawn<worker>(&all);
    const std::vector<job> some{job(1, 0), job(2, 2), job(3, 0)};
    a.tell_batch(some);
    w.settle();
    CHECK(all.seen == ints{1, 2, 2, 2, 3});
    CHECK(all.states == 3);
    CHECK(w.heard.count() == 0);
    REQUIRE(w.heard.failures().size() == 2);
    CHECK(w.heard.failures()[1].what == "attempt 2");
    CHECK(w.finish());
    CHECK(w.rt.statistics().handled == 3);
    check_identity(w.rt.statistics());
}

TEST_CASE("after resume the same state gets it again") {
    record all;
    world w;
    const auto a = w.rt.spawn<worker>(supervised{.plan = plan_of(directive::resume)}, &all);
    a.tell(job(1, 0));
    a.tell(job(2, 3));
    CHECK(a.ask(job(3, 0)).get() == 3);
    CHECK(all.seen == ints{1, 2, 2, 2, 2, 3});
    CHECK(all.states == 1);
}

TEST_CASE("beyond the number it is a dead letter, failed; the count is of each message") {
    record all;
    world w;
    const auto a = w.rt.spawn<worker>(&all);
    a.tell(job(1, 99));
    a.tell(job(2, 3));
    a.tell(job(3, 99));
    a.tell(job(4, 0));
    w.settle();
    CHECK(all.seen == ints{1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4});
    CHECK(w.heard.dead(reason::failed) == 2);
    CHECK(w.heard.failures().size() == 11);
    CHECK(all.states == 12);
    CHECK(w.rt.statistics().handled == 2);
    check_identity(w.rt.statistics());
}

TEST_CASE("each attempt has the message as it was sent") {
    record all;
    world w;
    SECTION("a handler that takes it by const reference shares it, and nothing is copied") {
        w.rt.spawn<worker>(&all).tell(job(7, 3));
        w.settle();
        CHECK(all.copies == 0);
    }
    SECTION("one that takes it by value has a copy") {
        w.rt.spawn<copier>(&all).tell(job(7, 3));
        w.settle();
        CHECK(all.copies == 1);
    }
    SECTION("one that moves from it has a copy") {
        w.rt.spawn<taker>(&all).tell(job(7, 3));
        w.settle();
        CHECK(all.copies == 1);
    }
    CHECK(all.seen == ints{7, 7, 7, 7});
    CHECK(w.heard.count() == 0);
}

namespace {

struct parcel {
    std::unique_ptr<int> number;
    std::array<char, 500> large{};  // stands in an allocation of its own
};

struct postman {
    static constexpr drover::supervision supervision{.redeliver = 2};
    ints* seen;
    int operator()(const parcel& p) {
        seen->push_back(*p.number);
        if (seen->size() % 3 != 0) {
            throw std::runtime_error("not at home");
        }
        return *p.number;
    }
};

}  // namespace

TEST_CASE("a message that cannot be copied is delivered again if it is taken by const reference; no memory is lost") {
    const std::size_t before = blocks_in_use();
    {
        ints seen;
        world w;
        const auto a = w.rt.spawn<postman>(&seen);
        a.tell(parcel{std::make_unique<int>(4)});
        CHECK(a.ask(parcel{std::make_unique<int>(5)}).get() == 5);
        CHECK(seen == ints{4, 4, 4, 5, 5, 5});
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("an asker gets one answer: of the attempt that returned, or the last throw") {
    record all;
    world w;
    const auto a = w.rt.spawn<worker>(&all);
    CHECK(a.ask(job(1, 3)).get() == 1);
    const auto lost = a.ask(job(2, 4)).result();
    REQUIRE(!lost);
    CHECK(lost.error().code == drover::ask_error::handler_threw);
    CHECK(drover::describe(lost.error().exception) == "attempt 4");
    CHECK(all.tried[2] == 4);
    w.settle();
    CHECK(w.heard.dead(reason::failed) == 1);
    check_identity(w.rt.statistics());
}

TEST_CASE("a failure that stops the actor is the last attempt") {
    record all;
    world w;
    drover::supervision plan = plan_of(directive::stop);
    SECTION("by directive") {}
    SECTION("by escalation") {
        plan.on_failure = directive::escalate;
    }
    SECTION("beyond the limit of restarts") {
        plan.on_failure = directive::restart;
        plan.limit.count = 0;
    }
    SECTION("by a function that throws") {
        plan.decide = [](const std::exception_ptr&) -> directive { throw std::runtime_error("undecided"); };
    }
    SECTION("because it is temporary") {
        plan.on_failure = directive::restart;
        plan.kind = drover::child_kind::temporary;
    }
    const auto a = w.rt.spawn<worker>(supervised{.plan = plan}, &all);
    const auto lost = a.ask(job(1, 99)).result();
    REQUIRE(!lost);
    CHECK(lost.error().code == drover::ask_error::handler_threw);
    CHECK(drover::describe(lost.error().exception) == "attempt 1");
    wait_until([&] { return a.stopped(); });
    w.settle();
    CHECK(all.seen == ints{1});
    CHECK(w.heard.dead(reason::failed) == 1);
    CHECK(w.heard.dead(reason::stopped) == 0);
    check_identity(w.rt.statistics());
}

TEST_CASE("a message that waits for its next attempt when the actor stops is a dead letter, stopped") {
    record all;
    world w;
    drover::supervision plan = plan_of(directive::restart);
    plan.backoff = {.first = 1h, .most = 1h};
    const auto a = w.rt.spawn<worker>(supervised{.plan = plan}, &all);
    auto asked = a.ask(job(1, 1));
    wait_until([&] { return a.cell()->system.is_held(); });
    CHECK(w.rt.statistics().pending == 1);
    CHECK_FALSE(asked.is_ready());
    SECTION("stopped") {
        a.stop();
        const auto lost = asked.result();
        REQUIRE(!lost);
        CHECK(lost.error().code == drover::ask_error::actor_stopped);
        wait_until([&] { return a.stopped(); });
        w.settle();
        CHECK(w.heard.dead(reason::stopped) == 1);
        CHECK(w.heard.dead(reason::failed) == 0);
        CHECK(all.seen == ints{1});
    }
    SECTION("or handled, if it is not stopped") {
        w.clock.advance(1h);
        CHECK(asked.get() == 1);
        CHECK(all.seen == ints{1, 1});
    }
    check_identity(w.rt.statistics());
}

TEST_CASE("a new state that fails at its start takes no attempt away") {
    record all;
    world w;
    const auto a = w.rt.spawn<worker>(&all);
    a.tell(job(1, 0));
    w.settle();
    all.at_start = 2;
    a.tell(job(2, 3));
    a.tell(job(3, 0));
    w.settle();
    CHECK(all.seen == ints{1, 2, 2, 2, 2, 3});
    CHECK(all.states == 6);
    CHECK(w.heard.count() == 0);
}

namespace {

struct keeper {
    static constexpr drover::supervision supervision{.limit = {.count = 100}, .redeliver = 2};
    struct open {};
    record* all;
    drover::stash<keeper, 8> later{};
    bool is_open = false;
    void operator()(const job& j, context& me) {
        if (!is_open) {
            later.put(j, me);
        } else if (all->fails(j)) {
            throw std::runtime_error("stashed");
        }
    }
    void operator()(open, context& me) {
        is_open = true;
        later.replay(me);
    }
};

}  // namespace

TEST_CASE("a message out of a stash is handled again before the rest of the stash, and its memory goes once") {
    const std::size_t before = blocks_in_use();
    {
        record all;
        world w;
        const auto a = w.rt.spawn<keeper>(supervised{.plan = plan_of(directive::resume, 2)}, &all);
        a.tell(job(1, 2));
        a.tell(job(2, 3));
        a.tell(job(3, 0));
        a.tell(keeper::open{});
        a.tell(job(4, 1));
        w.settle();
        CHECK(all.seen == ints{1, 1, 1, 2, 2, 2, 3, 4, 4});
        CHECK(w.heard.dead(reason::failed) == 1);
        check_identity(w.rt.statistics());
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("what a stash gave back before a stop is buried with the message that waits before it") {
    const std::size_t before = blocks_in_use();
    {
        record all;
        world w;
        drover::supervision plan = plan_of(directive::restart, 2);
        plan.backoff = {.first = 1h, .most = 1h};
        const auto a = w.rt.spawn<keeper>(supervised{.plan = plan}, &all);
        a.tell(job(1, 2));
        a.tell(job(2, 0));
        a.tell(keeper::open{});
        wait_until([&] { return a.cell()->system.is_held(); });
        a.stop();
        wait_until([&] { return a.stopped(); });
        w.settle();
        CHECK(all.seen == ints{1});
        CHECK(w.heard.dead(reason::stopped) == 2);
        check_identity(w.rt.statistics());
    }
    CHECK(blocks_in_use() == before);
}

namespace {

struct promiser {
    static constexpr drover::supervision supervision{.redeliver = 2};
    struct early {};
    struct late {};
    std::atomic<int>* tries;
    drover::later<int> operator()(early, context& me) {
        if (++*tries < 3) {
            throw std::runtime_error("not yet");
        }
        me.later<int>().set(*tries);
        return {};
    }
    drover::later<int> operator()(late, context& me) {
        ++*tries;
        drover::promise<int> mine = me.later<int>();
        throw std::runtime_error("with the promise");
    }
};

}  // namespace

TEST_CASE("an ask is delivered again unless the handler had taken the promise") {
    std::atomic<int> tries{0};
    world w;
    const auto a = w.rt.spawn<promiser>(&tries);
    SECTION("not taken") {
        CHECK(a.ask(promiser::early{}).get() == 3);
        CHECK(w.heard.count() == 0);
    }
    SECTION("taken: the throw, or the promise that goes with it, is the answer") {
        const auto lost = a.ask(promiser::late{}).result();
        REQUIRE(!lost);
        w.settle();
        CHECK(tries == 1);
        CHECK(w.heard.dead(reason::failed) == 1);
    }
    SECTION("told, there is no promise to take") {
        a.tell(promiser::late{});
        w.settle();
        CHECK(tries == 3);
        CHECK(w.heard.dead(reason::failed) == 1);
    }
}

namespace {

template <class Mailbox>
struct boxed : worker {
    using mailbox = Mailbox;
    static std::size_t priority(const job& j) { return static_cast<std::size_t>(j.number) / 10; }
};

template <class Mailbox>
ints attempts_of() {
    record all;
    world w;
    const auto a = w.rt.spawn<boxed<Mailbox>>(boxed<Mailbox>{{.all = &all}});
    for (const int each : {1, 2, 11, 12}) {
        a.tell(job(each, each % 10));
        w.settle();
    }
    CHECK(w.heard.count() == 0);

    CHECK(w.finish());
    check_identity(w.rt.statistics());
    return all.seen;
}

}  // namespace

TEMPLATE_TEST_CASE("every mailbox keeps the message for its next attempt", "", drover::bounded_mailbox<1>,
                   (drover::bounded_mailbox<2, drover::drop_oldest>), drover::single_producer_mailbox<2>,
                   drover::priority_mailbox<2>) {
    CHECK(attempts_of<TestType>() == ints{1, 1, 2, 2, 2, 11, 11, 12, 12, 12});
}

namespace {

struct held_job {
    drover_test::door* entered;
    drover_test::door* leave;
};

// Throws once, and says when it is there.
template <class Mailbox>
struct gated : worker {
    using mailbox = Mailbox;
    using worker::operator();
    static std::size_t priority(const job&) { return 0; }
    static std::size_t priority(const held_job&) { return 0; }
    void operator()(const held_job& j) {
        if (!j.entered->is_open()) {
            j.entered->open();
            j.leave->pass();
            throw std::runtime_error("held");
        }
        all->seen.push_back(0);
    }
};

}  // namespace

TEMPLATE_TEST_CASE("what waits in a full mailbox stays behind the message that is delivered again", "",
                   (drover::bounded_mailbox<2, drover::drop_oldest>),
                   (drover::bounded_mailbox<2, drover::drop_newest>)) {
    record all;
    drover_test::door entered;
    drover_test::door leave;
    world w;
    const auto a = w.rt.spawn<gated<TestType>>(gated<TestType>{{.all = &all}});
    a.tell(held_job{&entered, &leave});
    entered.pass();
    for (const int each : {1, 2, 3, 4}) {
        a.tell(job(each, 0));
    }
    leave.open();
    w.settle();
    REQUIRE(all.seen.size() == 3);
    CHECK(all.seen[0] == 0);
    CHECK(w.heard.dead(reason::dropped) == 2);
    CHECK(all.states == 2);
    check_identity(w.rt.statistics());
}

TEST_CASE("messages of timers, topics and recipients are delivered again") {
    record all;
    world w;
    const auto a = w.rt.spawn<worker>(&all);
    SECTION("of tell_after") {
        a.tell_after(1ms, job(1, 2));
        w.clock.advance(1ms);
        w.settle();
    }
    SECTION("of tell_every, each for itself") {
        const auto handle = a.tell_every(1ms, job(1, 2));
        w.clock.advance(1ms);
        w.settle();
    }
    SECTION("of a topic: the one message that all share") {
        const drover::topic<job> news(w.rt);
        news.subscribe(a);
        CHECK(news.publish(job(1, 2)) == 1);
        w.settle();
        CHECK(all.copies == 0);
    }
    SECTION("of a recipient, told or asked") {
        const drover::recipient<int(job)> asked(a);
        CHECK(asked.ask(job(1, 2)).get() == 1);
    }
    SECTION("of try_tell") {
        job j(1, 2);
        CHECK(a.try_tell(j) == drover::delivery::accepted);
        w.settle();
    }
    CHECK(all.seen == ints{1, 1, 1});
    CHECK(w.heard.count() == 0);
    check_identity(w.rt.statistics());
}

TEST_CASE("a publication that nobody could handle is given back") {
    const std::size_t before = blocks_in_use();
    {
        record all;
        world w;
        const auto a = w.rt.spawn<worker>(&all);
        const drover::topic<job> news(w.rt);
        news.subscribe(a);
        news.publish(job(1, 99));
        w.settle();
        CHECK(all.seen == ints{1, 1, 1, 1});
        const auto b = w.rt.spawn<worker>(supervised{.plan = plan_of(directive::stop)}, &all);
        news.unsubscribe(a);
        news.subscribe(b);
        news.publish(job(2, 99));
        wait_until([&] { return b.stopped(); });
        w.settle();
        CHECK(w.heard.dead(reason::failed) == 2);
        check_identity(w.rt.statistics());
    }
    CHECK(blocks_in_use() == before);
}

namespace {

struct second;
struct become_second {};
struct first {
    record* all;
    void operator()(become_second, context& me);
    void operator()(const job& j) {
        if (all->fails(j)) {
            throw std::runtime_error("first");
        }
    }
};
struct second {
    record* all;
    void operator()(job&& j) {
        const job mine(std::move(j));
        if (all->fails(mine)) {
            throw std::runtime_error("second");
        }
    }
};
void first::operator()(become_second, context& me) {
    drover::become<second>(me, all);
}
struct machine : drover::behaviours<first, second> {
    static constexpr drover::supervision supervision{.redeliver = 2};
    using drover::behaviours<first, second>::behaviours;
};

}  // namespace

TEST_CASE("an actor of several behaviours gets it again in the behaviour that it has by then") {
    record all;
    world w;
    const auto a = w.rt.spawn<machine>(&all);
    a.tell(job(1, 1));
    a.tell(become_second{});
    a.tell(job(2, 1));
    w.settle();
    CHECK(all.seen == ints{1, 1, 2, 2});
    CHECK(w.heard.count() == 0);
}

TEST_CASE("an actor with a thread of its own, and one that hears of silence, get it again") {
    record all;
    world w;
    const auto a = w.rt.spawn<worker>(drover::spawn_options{.placement = drover::placement::own_thread}, &all);
    a.tell(job(1, 2));
    a.tell(job(2, 0));
    w.settle();
    CHECK(all.seen == ints{1, 1, 1, 2});
    CHECK(w.heard.count() == 0);
}

namespace {

struct listener : worker {
    using worker::operator();
    void started(context& me) { me.set_receive_timeout<listener>(1h); }
    void operator()(drover::receive_timeout) {}
};

struct boss {
    static constexpr drover::supervision supervision{.children = drover::strategy::one_for_all};
    std::array<record, 2>* all;
    std::array<drover::ref<worker>, 2> team{};
    void started(context& me) {
        for (std::size_t each = 0; each != 2; ++each) {
            team[each] = me.spawn<worker>(&(*all)[each]);
        }
    }
    drover::ref<worker> operator()(std::size_t place) { return team[place]; }
};

}  // namespace

TEST_CASE("an actor that notes the time of its messages gets it again before the next") {
    record all;
    world w;
    const auto a = w.rt.spawn<listener>(supervised{.plan = plan_of(directive::resume)}, listener{{.all = &all}});
    const std::vector<job> some{job(1, 2), job(2, 0)};
    a.tell_batch(some);
    w.settle();
    CHECK(all.seen == ints{1, 1, 1, 2});
}

TEST_CASE("children that are restarted together: the one that failed gets its message again") {
    std::array<record, 2> all;
    world w;
    const auto top = w.rt.spawn<boss>(&all);
    const auto one = top.ask(std::size_t{0}).get();
    one.tell(job(1, 2));
    one.tell(job(2, 0));
    w.settle();
    CHECK(all[0].seen == ints{1, 1, 1, 2});
    CHECK(all[0].states == 3);
    wait_until([&] { return w.heard.failures().size() == 2; });
    CHECK(w.heard.count() == 0);
    CHECK(w.finish());
    CHECK(all[1].states == 3);
}

TEST_CASE("stop_when_drained comes behind the message that is delivered again") {
    record all;
    world w;
    const auto a = w.rt.spawn<worker>(&all);
    a.tell(job(1, 3));
    a.stop_when_drained();
    wait_until([&] { return a.stopped(); });
    w.settle();
    CHECK(all.seen == ints{1, 1, 1, 1});
    CHECK(w.heard.count() == 0);
}

TEST_CASE("a spawn may say another number for a type that redelivers, and none for others") {
    record all;
    world w;
    SECTION("less, more, or not at all") {
        for (const std::uint32_t times : {0U, 1U, 7U}) {
            const auto a = w.rt.spawn<worker>(supervised{.plan = plan_of(directive::resume, times)}, &all);
            all.tried[5] = 0;
            a.tell(job(5, 99));
            w.settle();
            CHECK(all.tried[5] == static_cast<int>(times) + 1);
        }
        CHECK(w.heard.dead(reason::failed) == 3);
    }
    SECTION("a type that does not say so") {
        struct plain {
            void operator()(int) {}
        };
        CHECK_THROWS_WITH(
            w.rt.spawn<plain>(supervised{.plan = {.redeliver = 3}}),
            Catch::StartsWith("drover: supervision::redeliver is 3 in the spawn of a ") &&
                Catch::EndsWith("plain, whose handlers may change their messages; set it in the type's own "
                                "`supervision` too"));
    }
    SECTION("a number that makes no sense") {
        CHECK_THROWS_WITH(w.rt.spawn<worker>(supervised{.plan = {.redeliver = 65537}}, &all),
                          "drover: supervision::redeliver is 65537; use 0 to 65536 times");
        CHECK_NOTHROW(w.rt.spawn<worker>(supervised{.plan = {.redeliver = 65536}}, &all));
    }
}

TEST_CASE("an actor that does not redeliver has nothing more") {
    using features = drover::features;
    STATIC_REQUIRE(sizeof(drover::basic_cell<features>) == 192);
    STATIC_REQUIRE(sizeof(drover::actor_guard<features>::traits) == 8);
    STATIC_REQUIRE(std::is_same_v<drover::detail::guard_for<record, features>, drover::actor_guard<features>>);
    STATIC_REQUIRE(std::is_same_v<drover::detail::handed<record, job, features>, job>);
    STATIC_REQUIRE(std::is_same_v<drover::detail::handed<worker, job, features>, const job&>);
    STATIC_REQUIRE(std::is_same_v<drover::detail::handed<taker, job, features>, job>);
}
