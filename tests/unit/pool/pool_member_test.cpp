#include <drover/pool/pool_member.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>

#include "support/plug.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::ask_error;
using drover::delivery;
using drover::spawn_pool;
using drover::undelivered;
using drover_test::blocks_in_use;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;

struct job {
    int number = 0;
};
std::uint64_t routing_key(const job& each) {
    return static_cast<std::uint64_t>(each.number);
}
struct die {};
std::uint64_t routing_key(die) {
    return 0;
}
struct question {
    int number = 0;
};
std::uint64_t routing_key(const question& each) {
    return static_cast<std::uint64_t>(each.number);
}
struct never {};
std::uint64_t routing_key(never) {
    return 0;
}

// Throws when it is moved, once it has been told to.
struct brittle {
    explicit brittle(bool breaks_now) : breaks(breaks_now) {}
    brittle(const brittle&) = default;
    brittle(brittle&& other) : breaks(other.breaks) {
        if (breaks) {
            throw std::runtime_error("broke in two");
        }
    }
    bool breaks;
};
std::uint64_t routing_key(const brittle&) {
    return 0;
}

// Which numbers have been handled, and how often.
struct book {
    void note(int number) {
        const std::lock_guard lock(mutex);
        times[number] += 1;
    }
    std::size_t size() {
        const std::lock_guard lock(mutex);
        return times.size();
    }
    bool each_once() {
        const std::lock_guard lock(mutex);
        for (const auto& each : times) {
            if (each.second != 1) {
                return false;
            }
        }
        return true;
    }
    std::mutex mutex;
    std::map<int, int> times;
};

template <class Mailbox = drover::unbounded_mailbox>
struct worker_in {
    using mailbox = Mailbox;

    void operator()(job j) { all->note(j.number); }
    void operator()(die) { throw std::runtime_error("a slip"); }
    void operator()(const brittle&) {}
    int operator()(question q) {
        all->note(q.number);
        return q.number;
    }
    drover::later<int> operator()(never, drover::context& me) {
        kept.push_back(me.later<int>());
        return {};
    }
    void operator()(const plug& p) { p.hold(); }

    std::shared_ptr<book> all;
    std::vector<drover::promise<int>> kept{};
};
using worker = worker_in<>;

using by_key = drover::consistent_hash<drover::maglev>;
using capped = drover::bounded_load<drover::maglev>;

// Restarted without a delay.
const drover::supervision at_once{.limit = {.count = 1000}, .backoff = {.first = 0ns, .most = 0ns}};

// Of a member, also of one that has stopped.
template <class Actor>
std::uint64_t load_of(const Actor& actor) {
    return drover::membership_of(*actor.cell())->load.read();
}

template <class Pool>
void await_no_load(const Pool& pool) {
    wait_until([&] {
        for (const auto& each : pool.members()) {
            if (each.load != 0) {
                return false;
            }
        }
        return true;
    });
}

bool exact(const drover::accounting& sums) {
    return sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending;
}

}  // namespace

TEMPLATE_TEST_CASE("load: what waits and what runs counts, whoever sent it, and no more when it is done", "",
                   drover::least_loaded, drover::power_of_two_choices, capped) {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, TestType>(w.rt, {.members = 1}, all);
    const auto member = pool.members()[0].actor;
    {
        const plugged busy(member);
        CHECK(load_of(member) == 1);  // past the pool
        pool.tell(job{1});
        CHECK(load_of(member) == 2);
        job kept{2};
        CHECK(pool.try_tell(kept) == delivery::accepted);
        CHECK(load_of(member) == 3);
        auto reply = pool.ask(question{3});
        CHECK(load_of(member) == 4);
        pool.tell_batch(std::vector<job>{{4}, {5}});
        CHECK(load_of(member) == 6);
        member.tell(job{6});
        member.tell_batch(std::vector<job>{{7}, {8}});
        CHECK(load_of(member) == 9);
        pool.broadcast(job{9});
        CHECK(load_of(member) == 10);
        const drover::ref<worker> as_ref = pool;
        as_ref.tell(job{10});
        CHECK(load_of(member) == 11);
        CHECK(pool.members()[0].load == 11);
    }
    w.settle();
    await_no_load(pool);
    CHECK(all->size() == 10);
    CHECK(all->each_once());
}

TEMPLATE_TEST_CASE("load: a handler that throws is done", "", drover::least_loaded, capped) {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, TestType>(w.rt, {.members = 2, .plan = at_once}, all);
    for (int each = 0; each != 10; ++each) {
        pool.tell(die{});
        pool.tell(job{each});
    }
    w.settle();
    await_no_load(pool);
    CHECK(all->size() + w.heard.dead(reason::failed) == 20);
    CHECK(exact(w.rt.statistics()));
}

TEMPLATE_TEST_CASE("load: a message that cannot be moved leaves none", "", drover::least_loaded, capped,
                   drover::round_robin) {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, TestType>(w.rt, {.members = 1}, all);
    CHECK_THROWS_WITH(pool.tell(brittle(true)), "broke in two");
    brittle kept(true);
    CHECK_THROWS_AS(pool.try_tell(kept), std::runtime_error);
    std::vector<brittle> some;
    some.reserve(3);
    some.emplace_back(false);
    some.emplace_back(false);
    some.emplace_back(true);
    CHECK_THROWS_AS(pool.tell_batch(std::move(some)), std::runtime_error);
    w.settle();
    CHECK(load_of(pool.members()[0].actor) == 0);
    CHECK(pool.tell(brittle(false)) == delivery::accepted);
    w.settle();
    await_no_load(pool);
    CHECK(w.rt.statistics().offered == w.rt.statistics().handled);
}

TEMPLATE_TEST_CASE("load: asks that time out are done when the member is done with them", "", drover::least_loaded,
                   capped) {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, TestType>(w.rt, {.members = 1}, all);
    {
        const plugged busy(pool.members()[0].actor);
        auto late = pool.ask(question{1}, 5ms);
        w.clock.advance(5ms);
        CHECK(late.result().error().code == ask_error::timeout);
        CHECK(pool.members()[0].load == 2);
    }
    auto never_answered = pool.ask(never{}, 5ms);
    w.settle();
    w.clock.advance(5ms);
    CHECK(never_answered.result().error().code == ask_error::timeout);
    await_no_load(pool);
    CHECK(all->size() == 1);
}

namespace {

using latest = worker_in<drover::bounded_mailbox<3, drover::drop_oldest>>;
using few = worker_in<drover::bounded_mailbox<3>>;
using newest_gone = worker_in<drover::bounded_mailbox<3, drover::drop_newest>>;

}  // namespace

TEMPLATE_PRODUCT_TEST_CASE("load: what a full mailbox refuses or evicts leaves none", "", std::tuple,
                           ((drover::least_loaded, latest), (capped, latest), (drover::least_loaded, few),
                            (capped, few), (capped, newest_gone))) {
    using policy = std::tuple_element_t<0, TestType>;
    using member = std::tuple_element_t<1, TestType>;
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<member, policy>(w.rt, {.members = 1}, all);
    const auto one = pool.members()[0].actor;
    {
        const plugged busy(one);
        const drover::ref<member> as_ref = pool;
        for (int each = 0; each != 5; ++each) {
            pool.tell(job{each});
            job kept{10 + each};
            static_cast<void>(pool.try_tell(kept));
            as_ref.tell(job{20 + each});
            one.tell(job{30 + each});
            static_cast<void>(pool.ask(question{40 + each}));
            pool.tell_batch(std::vector<job>{{50 + each}, {60 + each}});
            pool.broadcast(job{70 + each});
            CHECK(load_of(one) == 4);
        }
        CHECK(pool.tell_batch(std::vector<job>(4)).accepted == 0);
        CHECK(load_of(one) == 4);
    }
    w.settle();
    await_no_load(pool);
    CHECK(all->size() == 3);
    CHECK(exact(w.rt.statistics()));
    pool.tell(job{100});
    w.settle();
    await_no_load(pool);
}

TEMPLATE_TEST_CASE("load: a member that dies has none in the end", "", drover::least_loaded, capped,
                   drover::round_robin) {
    const auto what = GENERATE(undelivered::dead_letters, undelivered::pick_again);
    world w(3);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, TestType>(w.rt, {.members = 2, .undelivered = what}, all);
    const auto members = pool.members();
    {
        const plugged one(members[0].actor);
        const plugged other(members[1].actor);
        for (int each = 0; each != 20; ++each) {
            pool.tell(job{each});
        }
        CHECK(pool.remove(members[0].actor).get());
    }
    wait_until([&] { return members[0].actor.stopped(); });
    drover_test::await_closed(members[0].actor);
    w.settle();
    wait_until([&] { return load_of(members[0].actor) == 0; });
    CHECK(load_of(members[0].actor) == 0);
    CHECK_FALSE(is_accepted(members[0].actor.tell(job{100})));
    CHECK(load_of(members[0].actor) == 0);
    await_no_load(pool);
    CHECK(exact(w.rt.statistics()));
}

namespace {

struct release {};
std::uint64_t routing_key(release) {
    return 0;
}
struct hoarder {
    void operator()(job j, drover::context& me) {
        if (keeps) {
            stash.put(j, me);
        } else {
            all->note(j.number);
        }
    }
    void operator()(release, drover::context& me) {
        keeps = false;
        stash.replay(me);
    }
    std::shared_ptr<book> all;
    drover::stash<hoarder, 16> stash{};
    bool keeps = true;
};

struct gatherer {
    using batches = drover::of<job>;
    void operator()(std::span<job> some) {
        for (const job& each : some) {
            all->note(each.number);
        }
    }
    void operator()(const plug& p) { p.hold(); }
    std::shared_ptr<book> all;
};

}  // namespace

TEMPLATE_TEST_CASE("load: what is put into a stash is done for the pool", "", drover::least_loaded, capped) {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<hoarder, TestType>(w.rt, {.members = 1}, all);
    for (int each = 0; each != 8; ++each) {
        pool.tell(job{each});
    }
    await_no_load(pool);
    CHECK(all->size() == 0);
    pool.tell(release{});
    w.settle();
    await_no_load(pool);
    CHECK(all->size() == 8);
    CHECK(all->each_once());
}

TEMPLATE_TEST_CASE("load: a batch counts until its handler has returned", "", drover::least_loaded, capped) {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<gatherer, TestType>(w.rt, {.members = 2}, all);
    for (int round = 0; round != 10; ++round) {
        for (int each = 0; each != 10; ++each) {
            pool.tell(job{round * 100 + each});
        }
        pool.tell_batch(std::vector<job>{{round * 100 + 10}, {round * 100 + 11}, {round * 100 + 12}});
    }
    w.settle();
    await_no_load(pool);
    CHECK(all->size() == 130);
    CHECK(all->each_once());
}

TEMPLATE_TEST_CASE("pick_again: what a stopped member has not taken goes to others, once", "", drover::round_robin,
                   drover::least_loaded, drover::power_of_two_choices, by_key, capped) {
    const std::size_t before = blocks_in_use();
    const auto all = std::make_shared<book>();
    {
        world w(3);
        const auto pool =
            spawn_pool<worker, TestType>(w.rt, {.members = 3, .undelivered = undelivered::pick_again, .seed = 3}, all);
        const auto members = pool.members();
        std::vector<drover::answer<int>> replies;
        {
            const plugged one(members[0].actor);
            const plugged other(members[1].actor);
            for (int each = 0; each != 60; ++each) {
                CHECK(pool.tell(job{each}) == delivery::accepted);
                replies.push_back(pool.ask(question{1000 + each}));
            }
            CHECK(pool.remove(members[0].actor).get());
            CHECK(pool.remove(members[1].actor).get());
        }
        wait_until([&] { return members[0].actor.stopped() && members[1].actor.stopped(); });
        for (int each = 0; each != 60; ++each) {
            CHECK(replies[static_cast<std::size_t>(each)].get() == 1000 + each);
        }
        w.settle();
        CHECK(all->size() == 120);
        CHECK(all->each_once());
        CHECK(w.heard.count() == 0);
        const auto sums = w.rt.statistics();
        CHECK(sums.pending == 0);
        CHECK(sums.offered == sums.handled);
        wait_until([&] { return pool.size() == 1; });
        await_no_load(pool);
        CHECK(w.finish());
    }
    CHECK(blocks_in_use() == before);
}

TEMPLATE_TEST_CASE("pick_again: nothing of a member that stops without the pool is lost or comes twice", "",
                   drover::round_robin, drover::least_loaded, drover::power_of_two_choices, by_key, capped) {
    const std::size_t before = blocks_in_use();
    const auto all = std::make_shared<book>();
    {
        world w(3);
        const auto pool =
            spawn_pool<worker, TestType>(w.rt, {.members = 3, .undelivered = undelivered::pick_again, .seed = 3}, all);
        const auto members = pool.members();
        {
            const plugged one(members[0].actor);
            const plugged other(members[1].actor);
            for (int each = 0; each != 60; ++each) {
                CHECK(pool.tell(job{each}) == delivery::accepted);
            }
            members[0].actor.stop();
            members[1].actor.stop();
        }
        wait_until([&] { return pool.size() == 1; });
        w.settle();
        // Also if the policy always picks the same one: what finds the stopped one waits until the pool has heard of
        // it.
        CHECK(all->size() == 60);
        CHECK(all->each_once());
        const auto sums = w.rt.statistics();
        CHECK(sums.pending == 0);
        CHECK(sums.offered == sums.handled + sums.dead());
        await_no_load(pool);
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("pick_again: what nobody takes is a dead letter of its member") {
    world w(3);
    const auto all = std::make_shared<book>();
    const auto pool =
        spawn_pool<worker, drover::round_robin>(w.rt, {.members = 1, .undelivered = undelivered::pick_again}, all);
    const auto last = pool.members()[0].actor;
    {
        const plugged busy(last);
        pool.tell(job{1});
        CHECK(pool.remove(last).get());
    }
    w.settle();
    CHECK(w.heard.dead(reason::stopped) == 1);
    CHECK(w.heard.letters()[0].id == last.id());
    CHECK(exact(w.rt.statistics()));

    // Nor does a full one take it; both waiting are of the one that stops.
    const auto tight =
        spawn_pool<few, drover::round_robin>(w.rt, {.members = 2, .undelivered = undelivered::pick_again}, all);
    const auto members = tight.members();
    {
        const plugged one(members[0].actor);
        const plugged other(members[1].actor);
        for (int each = 0; each != 6; ++each) {
            CHECK(is_accepted(tight.tell(job{10 + each})));
        }
        CHECK(tight.remove(members[0].actor).get());
        one.open();
        wait_until([&] { return members[0].actor.stopped(); });
        wait_until([&] { return w.heard.count() == 4; });
    }
    w.settle();
    CHECK(w.heard.dead(reason::stopped) == 4);
    CHECK(exact(w.rt.statistics()));
}

TEST_CASE("pick_again: a pool that stops passes nothing on, nor does a runtime") {
    const std::size_t before = blocks_in_use();
    const auto all = std::make_shared<book>();
    {
        world w(3);
        const auto pool =
            spawn_pool<worker, drover::least_loaded>(w.rt, {.members = 2, .undelivered = undelivered::pick_again}, all);
        const auto members = pool.members();
        {
            const plugged one(members[0].actor);
            const plugged other(members[1].actor);
            for (int each = 0; each != 20; ++each) {
                pool.tell(job{each});
            }
            pool.stop();
            wait_until([&] { return pool.stopped(); });
        }
        wait_until([&] { return pool.parent().stopped(); });
        w.settle();
        CHECK(all->size() + w.heard.dead(reason::stopped) == 20);
        CHECK(exact(w.rt.statistics()));

        const auto second =
            spawn_pool<worker, drover::least_loaded>(w.rt, {.members = 4, .undelivered = undelivered::pick_again}, all);
        for (int each = 100; each != 1100; ++each) {
            second.tell(job{each});
        }
        CHECK(w.rt.stop().complete);
        const auto sums = w.rt.statistics();
        CHECK(sums.pending == 0);
        CHECK(sums.offered == sums.handled + sums.dead());
        CHECK(all->each_once());
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("dead_letters: what a stopped member has not taken stays its own") {
    world w(3);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, drover::round_robin>(w.rt, {.members = 2, .name = "desk"}, all);
    const auto first = pool.members()[0].actor;
    {
        const plugged busy(first);
        for (int each = 0; each != 10; ++each) {
            pool.tell(job{each});
        }
        auto reply = first.ask(question{1});
        CHECK(pool.remove(first).get());
        busy.open();
        CHECK(reply.result().error().code == ask_error::actor_stopped);
    }
    w.settle();
    CHECK(all->size() == 5);
    REQUIRE(w.heard.dead(reason::stopped) == 6);
    CHECK(w.heard.letters()[0].actor == "desk/0");
    CHECK(exact(w.rt.statistics()));
}
