#include <drover/pool/pool_face.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>

#include "support/plug.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using drover::ask_error;
using drover::delivery;
using drover::ref;
using drover::spawn_pool;
using drover::stop_kind;
using drover_test::blocks_in_use;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;
using by_turns = drover::round_robin;
using by_key = drover::consistent_hash<drover::maglev>;

struct job {};
struct who {};
struct keyed {
    int account;
    bool bad = false;
};
int routing_key(const keyed& message) {
    if (message.bad) {
        throw std::runtime_error("no account");
    }
    return message.account;
}
struct who_has {
    int account;
};
int routing_key(const who_has& message) {
    return message.account;
}

struct book {
    std::atomic<int> built{0};
    std::array<std::atomic<int>, 8> handled{};

    int sum() const {
        int all = 0;
        for (const auto& each : handled) {
            all += each;
        }
        return all;
    }
    std::vector<int> first(std::size_t count) const {
        std::vector<int> found;
        for (std::size_t each = 0; each != count; ++each) {
            found.push_back(handled[each]);
        }
        return found;
    }
};

struct worker {
    explicit worker(std::shared_ptr<book> b) : all(std::move(b)), index(all->built++) {}
    void operator()(const job&) { count(); }
    void operator()(const keyed&) { count(); }
    void operator()(const plug& held) { held.hold(); }
    int operator()(who) {
        count();
        return index;
    }
    int operator()(who_has) {
        count();
        return index;
    }
    void count() { all->handled[static_cast<std::size_t>(index)] += 1; }
    std::shared_ptr<book> all;
    int index;
};

template <class Mailbox>
struct boxed : worker {
    using mailbox = Mailbox;
    using worker::worker;
    using worker::operator();
};

using strict = boxed<drover::bounded_mailbox<2, drover::reject_newest>>;
using forgetful = boxed<drover::bounded_mailbox<2, drover::drop_oldest>>;
using patient = boxed<drover::bounded_mailbox<2, drover::block_sender<5>>>;

using counts = std::vector<int>;

bool balanced(const world& w) {
    const drover::accounting sums = w.rt.statistics();
    return sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending;
}

// Hears of an actor's end.
struct mourner {
    explicit mourner(drover::handle of, std::shared_ptr<std::atomic<int>> to)
        : whom(std::move(of)), heard(std::move(to)) {}
    void started(drover::context& me) {
        me.watch(whom, [this](drover::stopped_event&& gone) { *heard = static_cast<int>(gone.reason.kind()); });
    }
    int operator()(who) const { return 0; }
    drover::handle whom;
    std::shared_ptr<std::atomic<int>> heard;
};

}  // namespace

TEST_CASE("pool face: a ref, a recipient and a recipient of answers pick for each message") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, {.members = 3, .name = "desk"}, all);
    const ref<worker> as_ref = pool;
    const drover::recipient<job> takes = pool;
    const drover::recipient<int(who)> answers = pool;
    CHECK(as_ref == pool);
    CHECK(as_ref.name() == "desk");
    for (int each = 0; each != 3; ++each) {
        CHECK(as_ref.tell(job{}) == delivery::accepted);
        CHECK(takes.tell(job{}) == delivery::accepted);
        CHECK(pool.tell(job{}) == delivery::accepted);
    }
    w.settle();
    CHECK(all->first(3) == counts{3, 3, 3});
    std::vector<int> said(3);
    for (int each = 0; each != 3; ++each) {
        said[static_cast<std::size_t>(answers.ask(who{}).get())] += 1;
        said[static_cast<std::size_t>(as_ref.ask(who{}, 1s).get())] += 1;
    }
    CHECK(said == counts{2, 2, 2});
    job message;
    CHECK(as_ref.try_tell(message) == delivery::accepted);
    CHECK(takes.try_tell(message) == delivery::accepted);
    w.settle();
    CHECK(all->sum() == 17);
    CHECK(w.heard.count() == 0);
    CHECK(balanced(w));
    CHECK(w.finish());
}

TEST_CASE("pool face: each message of a batch goes to its own member") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, {.members = 4}, all);
    const ref<worker> as_ref = pool;
    CHECK(as_ref.tell_batch(std::vector<job>(400)) == delivery::accepted);
    CHECK(as_ref.tell_batch(std::vector<job>()) == delivery::accepted);
    w.settle();
    CHECK(all->first(4) == counts{100, 100, 100, 100});
    CHECK(balanced(w));
}

TEMPLATE_TEST_CASE("pool face: by name, told, asked and in batches", "", drover::no_cache,
                   drover::direct_mapped_cache<64>, (drover::set_associative_cache<64, 8>)) {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, {.members = 2}, all);
    auto& names = w.rt.registry();
    names.add("desk", pool);
    const auto found = names.template lookup<worker>("desk");
    REQUIRE(found);
    CHECK(*found == pool);
    CHECK_FALSE(names.template lookup<strict>("desk"));
    drover::router<TestType> by(names);
    for (int each = 0; each != 4; ++each) {
        CHECK(by.template tell<worker>("desk", job{}) == delivery::accepted);
    }
    CHECK(by.template ask<worker>("desk", who{}).get() == 0);
    CHECK(by.template ask<worker>("desk", who{}, 1s).get() == 1);
    job message;
    CHECK(by.template try_tell<worker>("desk", message) == delivery::accepted);
    CHECK(by.template tell<worker>("desk", job{}) == delivery::accepted);
    const auto sent = by.template tell_batch<worker>(std::vector<job>(10), [](const job&) { return "desk"; });
    CHECK(sent.accepted == 10);
    w.settle();
    CHECK(all->first(2) == counts{9, 9});
    pool.stop();
    drover_test::await_closed(pool);
    drover_test::await_closed(pool.parent());
    w.settle();
    const std::size_t before = w.heard.count();
    CHECK_FALSE(is_accepted(by.template tell<worker>("desk", job{})));
    w.settle();
    CHECK(w.heard.count() == before + 1);
    CHECK(balanced(w));
}

TEST_CASE("pool face: a subscriber of a topic, whose publications are picked for") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, {.members = 2}, all);
    const auto by_account = spawn_pool<worker, by_key>(w.rt, {.members = 2}, all);
    drover::topic<keyed> news(w.rt);
    CHECK(news.subscribe(ref<worker>(pool)));
    CHECK(news.subscribe(ref<worker>(by_account)));
    for (int each = 0; each != 10; ++each) {
        CHECK(news.publish(keyed{7}) == 2);
    }
    w.settle();
    CHECK(all->first(2) == counts{5, 5});
    CHECK(all->handled[2] * all->handled[3] == 0);
    CHECK(all->sum() == 20);
    pool.stop();
    wait_until([&] { return news.subscribers() == 1; });
    CHECK(balanced(w));
}

TEST_CASE("pool face: messages for later are picked for when they are due") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, {.members = 1}, all);
    const ref<worker> as_ref = pool;
    const drover::recipient<job> takes = pool;
    as_ref.tell_after(10ms, job{});
    as_ref.tell_at(w.rt.now() + 10ms, job{});
    takes.tell_after(10ms, job{});
    as_ref.tell_after(0ms, job{});
    auto beat = as_ref.tell_every(10ms, job{});
    w.settle();
    CHECK(all->sum() == 1);
    CHECK(pool.resize(2).get() == 2);
    for (int each = 0; each != 3; ++each) {
        w.clock.advance(10ms);
        w.settle();
    }
    CHECK(all->sum() == 7);
    CHECK(all->handled[1] == 3);
    beat.cancel();
    w.clock.advance(1s);
    w.settle();
    CHECK(all->sum() == 7);
    CHECK(balanced(w));
}

TEST_CASE("pool face: whoever watches a pool hears how it ended") {
    const auto kind = GENERATE(stop_kind::stopped, stop_kind::drained, stop_kind::runtime_stopped);
    const auto all = std::make_shared<book>();
    const auto heard = std::make_shared<std::atomic<int>>(-1);
    const auto members_heard = std::make_shared<std::atomic<int>>(-1);
    bool by_ref = GENERATE(true, false);
    {
        world w;
        const auto pool = spawn_pool<worker, by_turns>(w.rt, {.members = 2}, all);
        const ref<worker> as_ref = pool;
        CHECK(w.rt.spawn<mourner>(pool, heard).ask(who{}).result().has_value());
        CHECK(w.rt.spawn<mourner>(pool.members()[0].actor, members_heard).ask(who{}).result().has_value());
        if (kind == stop_kind::stopped) {
            by_ref ? as_ref.stop() : pool.stop();
        } else if (kind == stop_kind::drained) {
            by_ref ? as_ref.stop_when_drained() : pool.stop_when_drained();
        }
        if (kind != stop_kind::runtime_stopped) {
            wait_until([&] { return *heard != -1 && *members_heard != -1 && pool.parent().stopped(); });
            CHECK(*heard == static_cast<int>(kind));
            CHECK(*members_heard == static_cast<int>(kind == stop_kind::drained ? kind : stop_kind::parent_stopped));
        }
        CHECK(w.finish());
    }
}

TEST_CASE("pool face: stopped when drained it handles what was sent before, and nothing after") {
    world w(3);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, {.members = 2, .name = "desk"}, all);
    const ref<worker> as_ref = pool;
    const auto members = pool.members();
    {
        const plugged first(members[0].actor);
        const plugged second(members[1].actor);
        CHECK(as_ref.tell_batch(std::vector<job>(20)) == delivery::accepted);
        as_ref.stop_when_drained();
        wait_until([&] { return pool.stopped(); });
        CHECK_FALSE(members[0].actor.stopped());
        CHECK(as_ref.tell(job{}) == delivery::stopped);
        CHECK(as_ref.tell_batch(std::vector<job>(2)) == delivery::stopped);
        CHECK(as_ref.ask(who{}).result().error().code == ask_error::actor_stopped);
        job message;
        CHECK(as_ref.try_tell(message) == delivery::stopped);
    }
    wait_until([&] { return pool.parent().stopped(); });
    w.settle();
    CHECK(all->sum() == 20);
    CHECK(members[0].actor.stopped());
    CHECK(w.heard.dead(reason::stopped) == 4);
    CHECK(w.heard.count() == 4);
    CHECK(w.heard.letters()[0].actor == "desk");
    CHECK(balanced(w));
    CHECK(w.finish());
}

TEST_CASE("pool face: refs outlive the pool and the runtime") {
    const std::size_t before = blocks_in_use();
    const auto all = std::make_shared<book>();
    {
        ref<worker> as_ref;
        drover::recipient<int(who)> answers;
        drover::pool<worker, by_turns> handle;
        {
            world w;
            handle = spawn_pool<worker, by_turns>(w.rt, {.members = 2}, all);
            as_ref = handle;
            answers = handle;
            as_ref.tell(job{});
            if (GENERATE(true, false)) {
                CHECK(w.finish());
            }
        }
        CHECK(as_ref.stopped());
        CHECK(as_ref.tell(job{}) == delivery::stopped);
        CHECK(as_ref.tell_batch(std::vector<job>(3)) == delivery::stopped);
        CHECK(answers.ask(who{}).result().error().code == ask_error::actor_stopped);
        job message;
        CHECK(as_ref.try_tell(message) == delivery::stopped);
    }
    CHECK(all.use_count() == 1);
    CHECK(blocks_in_use() == before);
}

TEST_CASE("pool face: a pool without members, or whose members are gone, refuses in its name") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, {.members = 0, .name = "desk"}, all);
    const ref<worker> as_ref = pool;
    CHECK(as_ref.tell(job{}) == delivery::no_target);
    CHECK(as_ref.tell_batch(std::vector<job>(3)) == delivery::no_target);
    CHECK(as_ref.ask(who{}).result().error().code == ask_error::no_target);
    w.settle();
    CHECK(w.heard.dead(reason::no_target) == 5);
    CHECK(w.heard.letters()[0].actor == "desk");
    CHECK(pool.add().get());
    CHECK(as_ref.tell(job{}) == delivery::accepted);
    w.settle();
    CHECK(all->sum() == 1);
    CHECK(balanced(w));
}

TEST_CASE("pool face: a declared key is found by a ref, told, asked and in batches") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_key>(w.rt, {.members = 4}, all);
    const ref<worker> as_ref = pool;
    for (int account = 0; account != 20; ++account) {
        const int member = pool.ask(who_has{account}).get();
        CHECK(as_ref.ask(who_has{account}).get() == member);
        const int before = all->handled[static_cast<std::size_t>(member)];
        as_ref.tell(keyed{account});
        as_ref.tell_batch(std::vector<keyed>(5, keyed{account}));
        w.settle();
        CHECK(all->handled[static_cast<std::size_t>(member)] == before + 6);
    }
    CHECK(w.heard.count() == 0);
    CHECK(balanced(w));
}

TEST_CASE("pool face: a message without a key is a dead letter, and the failure sink hears why") {
    world w;
    const auto all = std::make_shared<book>();
    const auto check = [&](const auto& pool, const auto& send) {
        const ref<worker> as_ref = pool;
        CHECK(send(as_ref) == delivery::no_target);
        w.settle();
        REQUIRE(w.heard.failures().size() == 1);
        const auto report = w.heard.failures()[0];
        CHECK(report.actor == "desk");
        CHECK(report.what ==
              "drover: a message without a routing key came by a ref to a pool that picks by key; declare "
              "routing_key(const M&) beside its type in place of keyed_by, or send by the pool itself");
        REQUIRE(w.heard.count() == 1);
        CHECK(w.heard.letters()[0].actor == "desk");
        CHECK(w.heard.letters()[0].reason == reason::no_target);
        CHECK(all->sum() == 0);
        CHECK(balanced(w));
    };
    SECTION("none is declared") {
        check(spawn_pool<worker, by_key>(w.rt, {.members = 2, .name = "desk"}, all),
              [](const auto& to) { return to.tell(job{}); });
    }
    SECTION("the policy has a projection, whatever is declared") {
        check(spawn_pool<worker, drover::keyed_by<&keyed::account, by_key>>(w.rt, {.members = 2, .name = "desk"}, all),
              [](const auto& to) { return to.tell(keyed{1}); });
    }
}

TEST_CASE("pool face: what a routing_key throws is told the failure sink by a ref, and the caller by the pool") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_key>(w.rt, {.members = 2, .name = "desk"}, all);
    const ref<worker> as_ref = pool;
    CHECK_THROWS_WITH(pool.tell(keyed{1, true}), "no account");
    CHECK(as_ref.tell(keyed{1, true}) == delivery::no_target);
    CHECK(as_ref.tell_batch(std::vector<keyed>{{1}, {2, true}, {3}}) == delivery::no_target);
    w.settle();
    CHECK(all->sum() == 2);
    REQUIRE(w.heard.failures().size() == 2);
    CHECK(w.heard.failures()[0].what == "no account");
    CHECK(w.heard.count() == 2);
    CHECK(balanced(w));
}

TEST_CASE("pool face: what full members reject is a dead letter once") {
    world w(3);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<strict, by_turns>(w.rt, {.members = 2, .name = "desk"}, all);
    const ref<strict> as_ref = pool;
    const auto members = pool.members();
    {
        const plugged first(members[0].actor);
        const plugged second(members[1].actor);
        const auto room = [&] {
            int found = 0;
            while (is_accepted(as_ref.tell(job{}))) {
                found += 1;
            }
            return found;
        };
        const int taken = room();
        CHECK(w.heard.count() == 1);
        CHECK(as_ref.tell(job{}) == delivery::rejected_full);
        CHECK(as_ref.ask(who{}).result().error().code == ask_error::mailbox_full);
        job message;
        CHECK(as_ref.try_tell(message) == delivery::rejected_full);
        CHECK(as_ref.tell_batch(std::vector<job>(3)) == delivery::rejected_full);
        as_ref.tell_after(0ms, job{});
        as_ref.tell_after(1ms, job{});
        w.clock.advance(1ms);
        wait_until([&] { return w.heard.count() == 9; });
        CHECK(w.heard.dead(reason::rejected) == 9);
        CHECK(w.heard.letters()[0].actor == "desk");
        first.open();
        second.open();
        w.settle();
        CHECK(all->sum() == taken);
    }
    w.settle();
    CHECK(w.heard.count() == 9);
    CHECK(balanced(w));
    CHECK(w.finish());
}

TEST_CASE("pool face: a message whose first pick is full goes to another") {
    world w(3);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<strict, by_turns>(w.rt, {.members = 2}, all);
    const ref<strict> as_ref = pool;
    {
        const plugged first(pool.members()[0].actor);
        for (int each = 0; each != 20; ++each) {
            wait_until([&] { return all->handled[1] == all->sum(); });
            CHECK(is_accepted(as_ref.tell(job{})));
            wait_until([&] { return w.rt.statistics().pending <= 3; });
        }
    }
    w.settle();
    CHECK(all->sum() == 20);
    CHECK(w.heard.count() == 0);
    CHECK(balanced(w));
}

TEST_CASE("pool face: what a member drops for a newer message is a dead letter of the member") {
    world w(2);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<forgetful, by_turns>(w.rt, {.members = 1, .name = "desk"}, all);
    const ref<forgetful> as_ref = pool;
    std::size_t sent = 0;
    {
        const plugged held(pool.members()[0].actor);
        for (; sent != 10; ++sent) {
            CHECK(is_accepted(as_ref.tell(job{})));
        }
        job message;
        CHECK(is_accepted(as_ref.try_tell(message)));  // as by the member's own ref
        CHECK(is_accepted(as_ref.tell_batch(std::vector<job>(3))));
        as_ref.tell_after(1ms, job{});
        w.clock.advance(1ms);
        sent += 5;
        wait_until([&] { return w.rt.statistics().pending <= 3 && w.rt.statistics().offered == sent + 1; });
    }
    w.settle();
    const auto kept = static_cast<std::size_t>(all->sum());
    CHECK(kept >= 1);
    CHECK(w.heard.dead(reason::dropped) == sent - kept);
    CHECK(w.heard.count() == sent - kept);
    CHECK(w.heard.letters()[0].actor == "desk/0");
    CHECK(balanced(w));
    CHECK(w.finish());
}

TEST_CASE("pool face: a sender from outside waits for a full member, and a try does not") {
    world w(2);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<patient, by_turns>(w.rt, {.members = 1, .name = "desk"}, all);
    const ref<patient> as_ref = pool;
    int sent = 0;
    {
        const plugged held(pool.members()[0].actor);
        job message;
        while (is_accepted(as_ref.try_tell(message))) {
            sent += 1;
        }
        CHECK(w.heard.dead(reason::rejected) == 1);
        std::atomic<int> result{-1};
        std::thread sender([&] { result = static_cast<int>(as_ref.tell(job{})); });
        SECTION("until there is room") {
            held.open();
            sender.join();
            CHECK(is_accepted(static_cast<delivery>(result.load())));
            sent += 1;
        }
        SECTION("until the patience is over") {
            while (result == -1) {
                w.clock.advance(1s);
                std::this_thread::yield();
            }
            sender.join();
            CHECK(static_cast<delivery>(result.load()) == delivery::timed_out);
            CHECK(w.heard.dead(reason::rejected) == 2);
        }
    }
    w.settle();
    CHECK(all->sum() == sent);
    CHECK(balanced(w));
    CHECK(w.finish());
}

namespace {

struct urgent {
    int level;
};
struct triage {
    using mailbox = drover::priority_mailbox<3>;
    explicit triage(std::shared_ptr<std::vector<int>> to) : got(std::move(to)) {}
    static std::size_t priority(const urgent& message) { return static_cast<std::size_t>(message.level); }
    void operator()(urgent message) { got->push_back(message.level); }
    int operator()(who) const { return 0; }
    void operator()(const plug& held) { held.hold(); }
    std::shared_ptr<std::vector<int>> got;
};

}  // namespace

TEST_CASE("pool face: a member's priorities count, and one that it does not have is refused") {
    world w(2);
    const auto got = std::make_shared<std::vector<int>>();
    const auto pool = spawn_pool<triage, by_turns>(w.rt, {.members = 1}, got);
    const ref<triage> as_ref = pool;
    {
        const plugged held(pool.members()[0].actor);
        as_ref.tell(urgent{0});
        as_ref.tell_batch(std::vector<urgent>{{1}, {2}});
        CHECK_THROWS_AS(pool.tell(urgent{3}), std::out_of_range);
        CHECK_THROWS_WITH(as_ref.tell(urgent{3}), Contains("of priority 3 for a mailbox of 3 levels; use 0 to 2"));
        CHECK_THROWS_AS(as_ref.tell_batch(std::vector<urgent>{{1}, {3}}), std::out_of_range);
        CHECK(as_ref.tell(urgent{2}) == delivery::accepted);
    }
    w.settle();
    CHECK(*got == std::vector<int>{2, 2, 1, 0});
    CHECK(w.heard.count() == 0);
    CHECK(balanced(w));
}

namespace {

// Sends by a ref from inside, and by name.
struct clerk {
    void operator()(int count) {
        for (int each = 0; each != count; ++each) {
            to.tell(job{});
        }
    }
    ref<worker> to;
};

}  // namespace

TEST_CASE("pool face: handlers send by a ref, with and without an outbox, and drain is complete") {
    const std::size_t outbox = GENERATE(std::size_t{0}, std::size_t{64});
    world w(2, [&](drover::runtime_options& chosen) { chosen.outbox = outbox; });
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_turns>(w.rt, {.members = 4}, all);
    const auto idle_one = spawn_pool<worker, drover::join_idle_queue<drover::round_robin>>(w.rt, {.members = 4}, all);
    for (int each = 0; each != 4; ++each) {
        w.rt.spawn<clerk>(ref<worker>(pool)).tell(1000);
        w.rt.spawn<clerk>(ref<worker>(idle_one)).tell(1000);
    }
    CHECK(w.finish());
    CHECK(all->sum() == 8000);
    CHECK(w.heard.count() == 0);
    CHECK(w.rt.statistics().pending == 0);
    CHECK(balanced(w));
    CHECK(ref<worker>(pool).tell(job{}) == delivery::stopped);
    CHECK(balanced(w));
}

TEST_CASE("pool face: threads send by refs while the pool ends, and the accounts agree") {
    const bool drains = GENERATE(true, false);
    for (int round = 0; round != 30; ++round) {
        world w(2);
        const auto all = std::make_shared<book>();
        const auto pool = spawn_pool<worker, by_turns>(w.rt, {.members = 3}, all);
        std::vector<std::thread> senders;
        std::atomic<int> taken{0};
        for (int each = 0; each != 2; ++each) {
            senders.emplace_back([&, as_ref = ref<worker>(pool)] {
                for (int count = 0; count != 200; ++count) {
                    taken += as_ref.tell(job{}) == delivery::accepted ? 1 : 0;
                }
            });
        }
        wait_until([&] { return taken > round; });
        drains ? pool.stop_when_drained() : pool.stop();
        for (auto& each : senders) {
            each.join();
        }
        wait_until([&] { return pool.parent().stopped(); });
        w.settle();
        CHECK(balanced(w));
        int dead = 0;
        for (const auto& each : w.heard.letters()) {
            dead += each.message == drover::type_name<job>() ? 1 : 0;
        }
        CHECK(all->sum() + dead == 400);
        CHECK(all->sum() <= taken);
        if (drains) {
            CHECK(all->sum() == taken);
        }
    }
}

// --- what a pool is made to give its members weights by ---------------------------------------------------------------

TEST_CASE("pool weigh: called each time, and what it gives is in force") {
    world w;
    const auto all = std::make_shared<book>();
    std::atomic<int> calls{0};
    std::atomic<int> wrong{0};
    std::atomic<double> first{3};
    const auto pool = spawn_pool<worker>(
        w.rt,
        {.members = 2,
         .weights = {1, 1},
         .name = "desk",
         .weigh =
             [&](const drover::member_figures& each) {
                 calls += 1;
                 wrong += each.name == "desk/" + std::to_string(each.id) && each.weight && each.load == 0 ? 0 : 1;
                 return each.id == 0 ? first.load() : 1.0;
             },
         .weigh_every = 50ms},
        all);
    CHECK(pool.resize(2).get() == 2);  // it has started
    w.clock.advance(49ms);
    w.settle();
    CHECK(calls == 0);
    w.clock.advance(1ms);
    wait_until([&] { return pool.members()[0].weight == 3.0; });
    CHECK(calls == 2);
    for (int each = 0; each != 40; ++each) {
        pool.tell(job{});
    }
    w.settle();
    CHECK(all->first(2) == counts{30, 10});
    first = 0;
    w.clock.advance(50ms);
    wait_until([&] { return pool.members()[0].weight == 0.0; });
    CHECK(calls == 4);
    for (int each = 0; each != 10; ++each) {
        pool.tell(job{});
    }
    w.settle();
    CHECK(all->first(2) == counts{30, 20});
    CHECK(wrong == 0);
    CHECK(w.heard.failures().empty());
    CHECK(balanced(w));
}

TEST_CASE("pool weigh: a bad weight or a throw is a failure report, and the member keeps its weight") {
    const double bad = GENERATE(-1.0, HUGE_VAL, std::nan(""), 1e9);
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker>(w.rt,
                                         {.members = 2,
                                          .weights = {3, 1},
                                          .name = "desk",
                                          .weigh =
                                              [&](const drover::member_figures& each) {
                                                  if (each.id == 0) {
                                                      if (bad == 1e9) {
                                                          throw std::runtime_error("no scales");
                                                      }
                                                      return bad;
                                                  }
                                                  return 6.0;
                                              }},
                                         all);
    CHECK(pool.resize(2).get() == 2);
    w.clock.advance(1s);
    wait_until([&] { return pool.members()[1].weight == 6.0; });
    CHECK(pool.members()[0].weight == 3.0);
    const auto reports = w.heard.failures();
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].actor == "desk");
    CHECK(reports[0].message == "weigh");
    if (bad == 1e9) {
        CHECK_THAT(reports[0].what, Contains("no scales"));
    } else {
        CHECK_THAT(reports[0].what, Contains("drover: pool_options::weigh gave desk/0 the weight ") &&
                                        Contains("; give it a finite one of 0 or more"));
    }
    for (int each = 0; each != 9; ++each) {
        pool.tell(job{});
    }
    w.settle();
    CHECK(all->first(2) == counts{3, 6});
}

TEST_CASE("pool weigh: a period that is not positive is refused") {
    world w;
    const auto all = std::make_shared<book>();
    CHECK_THROWS_WITH(spawn_pool<worker>(w.rt, {.weigh_every = 0ns}, all),
                      "drover: pool_options::weigh_every is 0 ns; use more than 0");
    CHECK_THROWS_WITH(spawn_pool<worker>(w.rt, {.weigh_every = -5ns}, all),
                      "drover: pool_options::weigh_every is -5 ns; use more than 0");
    CHECK(all->built == 0);
}

// --- pick_again by key ------------------------------------------------------------------------------------------------

TEST_CASE("pick_again: what a stopped member leaves goes by its key, and what has none is a dead letter") {
    world w(2);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_key>(
        w.rt, {.members = 2, .name = "desk", .undelivered = drover::undelivered::pick_again}, all);
    const auto members = pool.members();
    int account = 0;  // one of the first member's
    std::size_t owner = 0;
    owner = static_cast<std::size_t>(pool.ask(who_has{account}).get());
    w.settle();
    const int before = all->sum();
    std::optional<drover::answer<int>> reply;
    {
        const plugged held(members[owner].actor);
        for (int each = 0; each != 10; ++each) {
            pool.tell(keyed{account});
        }
        reply.emplace(pool.ask(who_has{account}));
        members[owner].actor.tell(job{});  // by its own ref, and without a key
        CHECK(pool.remove(members[owner].actor).get());
    }
    CHECK(reply->get() == static_cast<int>(1 - owner));
    wait_until([&] { return members[owner].actor.stopped(); });
    w.settle();
    CHECK(all->sum() == before + 11);
    REQUIRE(w.heard.count() == 1);
    CHECK(w.heard.letters()[0].reason == reason::stopped);
    REQUIRE(w.heard.failures().size() == 1);
    CHECK_THAT(w.heard.failures()[0].what, Contains("a message without a routing key"));
    CHECK(balanced(w));
    CHECK(w.finish());
}

TEST_CASE("pick_again: keys of keyed_by are refused in a sentence") {
    world w;
    const auto all = std::make_shared<book>();
    CHECK_THROWS_WITH((spawn_pool<worker, drover::keyed_by<&keyed::account, by_key>>(
                          w.rt, {.undelivered = drover::undelivered::pick_again}, all)),
                      "drover: pool_options::undelivered is pick_again in a pool whose keys come from keyed_by, which "
                      "cannot be asked again; declare routing_key(const M&) beside the message's type in place of it, "
                      "or use dead_letters");
    CHECK(all->built == 0);
}
