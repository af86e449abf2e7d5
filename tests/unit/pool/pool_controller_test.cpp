#include <drover/pool/pool_controller.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <memory>
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
using Catch::Matchers::Contains;
using drover::ask_error;
using drover::delivery;
using drover::spawn_pool;
using drover_test::blocks_in_use;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;

struct job {};
struct die {};
struct leave_by_itself {};
struct lives {};

struct book {
    std::atomic<int> built{0};
    std::atomic<int> fails_at{-1};
    std::array<std::atomic<int>, 32> handled{};
};

// Its number is that of its construction: 0, 1 … for the first members.
struct worker {
    explicit worker(std::shared_ptr<book> b) : all(std::move(b)), index(all->built++) {
        if (index == all->fails_at) {
            throw std::runtime_error("no room for a desk");
        }
    }
    void operator()(job) { all->handled[static_cast<std::size_t>(index)] += 1; }
    void operator()(die) { throw std::runtime_error("a slip"); }
    void operator()(leave_by_itself, drover::context& me) { me.stop(); }
    void operator()(const plug& p) { p.hold(); }
    int operator()(lives) const { return index; }
    std::shared_ptr<book> all;
    int index;
};

// A policy whose table has room for three.
struct three_at_most : drover::round_robin {
    static drover::expected<table, drover::build_error> build(std::span<const drover::member_info> members,
                                                              state& pool) {
        if (members.size() > 3) {
            return drover::unexpected<drover::build_error>(
                drover::build_error{.code = drover::build_error::too_many_members, .most = 3, .given = members.size()});
        }
        return round_robin::build(members, pool);
    }
};

// Whom `count` tells reach, by the numbers of the workers; each is handled before the next.
template <class Pool>
std::vector<int> told(world& w, const Pool& pool, const book& all, int count) {
    std::vector<int> before;
    for (const auto& each : all.handled) {
        before.push_back(each);
    }
    for (int each = 0; each != count; ++each) {
        pool.tell(job{});
    }
    w.settle();
    std::vector<int> found;
    for (std::size_t each = 0; each != static_cast<std::size_t>(all.built); ++each) {
        found.push_back(all.handled[each] - before[each]);
    }
    return found;
}

using counts = std::vector<int>;

std::string sentence_of(const ask_error& error) {
    REQUIRE(error.code == ask_error::handler_threw);
    return drover::describe(error.exception);
}

}  // namespace

TEST_CASE("pool: members come and go, and the picks with them") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, drover::round_robin>(w.rt, {.members = 2}, all);
    CHECK(told(w, pool, *all, 6) == counts{3, 3});
    const auto third = pool.add().get();
    CHECK(pool.size() == 3);
    CHECK(told(w, pool, *all, 6) == counts{2, 2, 2});
    CHECK(pool.remove(third).get());
    CHECK(pool.size() == 2);
    CHECK(told(w, pool, *all, 6) == counts{3, 3, 0});
    wait_until([&] { return third.stopped(); });
    CHECK_FALSE(pool.remove(third).get());
    CHECK_FALSE(pool.drain(third).get());
    CHECK_FALSE(pool.set_weight(third, 1).get());
    CHECK_FALSE(pool.remove(pool.parent()).get());
    CHECK_FALSE(pool.remove(drover::handle()).get());
    CHECK(pool.remove(pool.members()[0].actor).get());
    CHECK(pool.remove(pool.members()[0].actor).get());
    CHECK(pool.size() == 0);
    CHECK(pool.tell(job{}) == delivery::no_target);
    CHECK(pool.resize(2).get() == 2);
    CHECK(told(w, pool, *all, 4) == counts{0, 0, 0, 2, 2});
}

TEST_CASE("pool: what waits for a removed member is a dead letter, and a drained one handles it") {
    world w(3);  // two are kept in a handler
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, drover::round_robin>(w.rt, {.members = 3}, all);
    const auto members = pool.members();
    {
        const plugged removed(members[0].actor);
        const plugged drained(members[1].actor);
        for (int each = 0; each != 12; ++each) {
            pool.tell(job{});
        }
        CHECK(pool.remove(members[0].actor).get());
        CHECK(pool.drain(members[1].actor).get());
        for (int each = 0; each != 5; ++each) {
            CHECK(pool.tell(job{}) == delivery::accepted);
        }
        CHECK(pool.size() == 1);
        CHECK_FALSE(members[0].actor.stopped());  // it is in a handler
    }
    w.settle();
    wait_until([&] { return members[0].actor.stopped() && members[1].actor.stopped(); });
    w.settle();
    CHECK(all->handled[0] == 0);
    CHECK(all->handled[1] == 4);
    CHECK(all->handled[2] == 9);
    CHECK(w.heard.dead(reason::stopped) == 4);
    CHECK(w.heard.count() == 4);
}

TEST_CASE("pool: weights are changed, 0 takes nothing, and bad ones are refused in a sentence") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker>(w.rt, {.members = 2, .weights = {3, 1}}, all);
    CHECK(told(w, pool, *all, 8) == counts{6, 2});
    const auto first = pool.members()[0].actor;
    CHECK(pool.set_weight(first, 0).get());
    CHECK(told(w, pool, *all, 8) == counts{0, 8});
    CHECK(pool.members()[0].picked);
    CHECK(pool.members()[0].weight == 0.0);
    CHECK(pool.set_weight(first, 1).get());
    CHECK(told(w, pool, *all, 8) == counts{4, 4});
    CHECK(pool.add(2.0).get());
    CHECK(told(w, pool, *all, 8) == counts{2, 2, 4});
    CHECK(pool.add().get());  // not known: the mean of the others
    CHECK(told(w, pool, *all, 16) == counts{3, 3, 6, 4});
    CHECK_THROWS_WITH(pool.set_weight(first, -1),
                      "drover: the weight given to pool::set_weight is -1; give it a finite one above 0, or 0 if it "
                      "shall take no new messages");
    CHECK_THROWS_AS(pool.set_weight(first, std::nan("")), std::invalid_argument);
    CHECK_THROWS_WITH(pool.add(HUGE_VAL), Contains("pool::add is infinite; "));
    CHECK(pool.size() == 4);
}

TEST_CASE("pool: resize adds members and drains the youngest") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, drover::round_robin>(w.rt, {.members = 2}, all);
    const auto first = pool.members()[0].actor;
    CHECK(pool.resize(4).get() == 4);
    CHECK(told(w, pool, *all, 8) == counts{2, 2, 2, 2});
    const auto youngest = pool.members()[3].actor;
    {
        const plugged busy(youngest);
        for (int each = 0; each != 4; ++each) {
            pool.tell(job{});
        }
        CHECK(pool.resize(1).get() == 1);
        CHECK(pool.members()[0].actor == first);
    }
    wait_until([&] { return youngest.stopped(); });
    CHECK(all->handled[3] == 3);
    CHECK(pool.resize(1).get() == 1);
    CHECK(pool.resize(0).get() == 0);
    CHECK(pool.tell(job{}) == delivery::no_target);
    w.settle();
    CHECK(w.heard.count() == 1);
}

TEST_CASE("pool: changes that come together make one table") {
    // Counts its tables.
    static std::atomic<int> builds;
    struct counting : drover::round_robin {
        static drover::expected<table, drover::build_error> build(std::span<const drover::member_info> members,
                                                                  state& pool) {
            builds += 1;
            return round_robin::build(members, pool);
        }
    };
    builds = 0;
    // One worker, which is kept busy while the changes are asked for.
    world w(1);
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, counting>(w.rt, {.members = 1}, all);
    w.settle();
    CHECK(builds == 2);  // the last one is made first
    std::vector<drover::answer<drover::ref<worker>>> answers;
    {
        const plugged busy(pool.members()[0].actor);
        for (int each = 0; each != 10; ++each) {
            answers.push_back(pool.add());
        }
    }
    for (auto& each : answers) {
        CHECK(each.get());
    }
    CHECK(builds == 3);
    CHECK(pool.size() == 11);
}

TEST_CASE("pool: a policy whose table is full refuses the add, and the pool goes on") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, three_at_most>(w.rt, {.members = 2}, all);
    CHECK(pool.add().get());
    const long holders = all.use_count();
    const auto refused = pool.add().result();
    REQUIRE_FALSE(refused);
    wait_until([&] { return all.use_count() == holders; });  // the one that was made for it has stopped
    CHECK_THAT(sentence_of(refused.error()), Contains("a pool of 4 members is too large for its policy; have 3"));
    CHECK(pool.size() == 3);
    CHECK(told(w, pool, *all, 6) == counts{2, 2, 2, 0});
    CHECK_THROWS_AS((spawn_pool<worker, three_at_most>(w.rt, {.members = 4}, all)), std::invalid_argument);

    // As many as it has no room for, by resize.
    const auto too_large = pool.resize(5).result();
    REQUIRE_FALSE(too_large);
    CHECK_THAT(sentence_of(too_large.error()), Contains("a pool of 5 members is too large for its policy; have 3"));
    CHECK(pool.size() == 3);
    CHECK(pool.resize(1).get() == 1);
    CHECK(pool.resize(3).get() == 3);
    CHECK(pool.tell(job{}) == delivery::accepted);
}

TEST_CASE("pool: a resize that asked for fewer does not hear that adds beside it were refused") {
    world w(1);  // which is kept busy, so that the changes are made together
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, three_at_most>(w.rt, {.members = 3}, all);
    std::vector<drover::answer<std::size_t>> sizes;
    std::vector<drover::answer<drover::ref<worker>>> added;
    {
        const plugged busy(pool.members()[0].actor);
        sizes.push_back(pool.resize(2));
        sizes.push_back(pool.resize(4));
        added.push_back(pool.add());
    }
    CHECK(sizes[0].get() == 2);
    const auto refused = sizes[1].result();
    REQUIRE_FALSE(refused);
    CHECK_THAT(sentence_of(refused.error()), Contains("a pool of 5 members is too large for its policy; have 3"));
    CHECK_FALSE(added[0].result());
    CHECK(pool.size() == 2);
    CHECK(told(w, pool, *all, 4) == counts{2, 2, 0, 0, 0, 0});
}

TEST_CASE("pool: one that comes back when the table is full waits, and the pool goes on") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, three_at_most>(
        w.rt, {.members = 3, .plan = drover::supervision{.backoff = {.first = 1s, .most = 1s, .jitter = 0}}}, all);
    const auto member = pool.members()[0].actor;
    member.tell(die{});
    wait_until([&] { return !pool.members().back().picked; });
    CHECK(pool.add().get());
    CHECK(pool.size() == 4);
    w.clock.advance(1s);
    CHECK(member.ask(lives{}).get() >= 3);  // it has a new state
    w.settle();
    CHECK(pool.tell(job{}) == delivery::accepted);
    CHECK(pool.size() == 4);
    CHECK_FALSE(pool.members().back().picked);
    CHECK(pool.remove(pool.members()[0].actor).get());
    for (const auto& each : pool.members()) {
        CHECK(each.picked);
    }
}

TEST_CASE("pool: a constructor that throws fails the change, and the pool goes on") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, drover::round_robin>(w.rt, {.members = 2}, all);
    all->fails_at = 2;
    const auto refused = pool.add().result();
    REQUIRE_FALSE(refused);
    CHECK(sentence_of(refused.error()) == "no room for a desk");
    CHECK(pool.size() == 2);
    CHECK(told(w, pool, *all, 4) == counts{2, 2, 0});
    CHECK(pool.add().get());
    CHECK(told(w, pool, *all, 6) == counts{2, 2, 0, 2});
    all->fails_at = 5;
    const long holders = all.use_count();
    const auto larger = pool.resize(6).result();
    REQUIRE_FALSE(larger);
    wait_until([&] { return all.use_count() == holders; });  // those that were made before it threw have stopped
    CHECK(sentence_of(larger.error()) == "no room for a desk");
    CHECK(pool.resize(3).get() == 3);
    CHECK(told(w, pool, *all, 6) == counts{2, 2, 0, 2, 0, 0});
    CHECK_FALSE(pool.stopped());
}

TEST_CASE("pool: a member that fails is restarted, and keeps its ref and its place") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, drover::round_robin>(w.rt, {.members = 2}, all);
    const auto members = pool.members();
    members[0].actor.tell(die{});
    CHECK(members[0].actor.ask(lives{}).get() == 2);  // the third state
    w.settle();
    CHECK(pool.size() == 2);
    CHECK(pool.members()[0].actor == members[0].actor);
    CHECK(told(w, pool, *all, 4) == counts{0, 2, 2});
    CHECK(w.heard.failures().size() == 1);
}

TEST_CASE("pool: a member that waits for its new state is not picked") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, drover::round_robin>(
        w.rt, {.members = 2, .plan = drover::supervision{.backoff = {.first = 10ms, .most = 10ms, .jitter = 0}}}, all);
    const auto member = pool.members()[0].actor;
    member.tell(die{});
    wait_until([&] { return !pool.members().back().picked; });
    CHECK(pool.size() == 2);
    CHECK(pool.members().back().actor == member);
    CHECK(told(w, pool, *all, 4) == counts{0, 4});
    member.tell(job{});  // by its own ref it can be told all the same
    CHECK(pool.broadcast(job{}) == 2);
    w.clock.advance(10ms);
    wait_until([&] { return pool.members()[1].picked && pool.members()[0].picked; });
    CHECK(told(w, pool, *all, 4)[2] >= 2);
    CHECK(told(w, pool, *all, 4) == counts{0, 2, 2});
    CHECK(all->handled[2] == 6);
    CHECK(w.heard.failures().size() == 1);
}

TEST_CASE("pool: beyond its limit a member is held for the longest delay, and the pool lives") {
    world w;
    const auto all = std::make_shared<book>();
    drover::supervision plan{.limit = {.count = 1, .within = 1h}, .backoff = {.first = 0ns, .most = 50ms}};
    SECTION("whatever its plan says of that") {
        plan.beyond = GENERATE(drover::directive::stop, drover::directive::escalate);
    }
    const auto pool = spawn_pool<worker, drover::round_robin>(w.rt, {.members = 2, .plan = plan}, all);
    const auto member = pool.members()[0].actor;
    member.tell(die{});
    CHECK(member.ask(lives{}).get() == 2);
    for (int round = 0; round != 3; ++round) {
        member.tell(die{});
        wait_until([&] { return !pool.members().back().picked; });
        CHECK(pool.members().back().actor == member);
        w.clock.advance(49ms);
        const auto now = told(w, pool, *all, 4);
        CHECK(now[1] == 4);
        CHECK_FALSE(pool.members().back().picked);
        w.clock.advance(1ms);
        wait_until([&] { return pool.members()[0].picked && pool.members()[1].picked; });
        CHECK(member.ask(lives{}).get() == 3 + round);
    }
    CHECK_FALSE(member.stopped());
    CHECK(pool.size() == 2);
}

TEST_CASE("pool: a member that stops itself is a member no longer") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, drover::round_robin>(w.rt, {.members = 3}, all);
    const auto members = pool.members();
    members[1].actor.tell(leave_by_itself{});
    wait_until([&] { return pool.size() == 2; });
    CHECK(members[1].actor.stopped());
    CHECK(told(w, pool, *all, 4) == counts{2, 0, 2});
    members[0].actor.stop();
    members[2].actor.stop_when_drained();
    wait_until([&] { return pool.size() == 0; });
    CHECK(pool.tell(job{}) == delivery::no_target);
    CHECK(pool.add().get());
    CHECK(pool.tell(job{}) == delivery::accepted);
}

namespace {

struct stoic {
    static constexpr drover::supervision supervision{.on_failure = drover::directive::resume};
    void operator()(die) { throw std::runtime_error("a slip"); }
    int operator()(lives) { return ++asked; }
    int asked = 0;
};

}  // namespace

TEST_CASE("pool: a member whose plan stops it leaves, and the type's own plan counts") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, drover::round_robin>(
        w.rt, {.members = 2, .plan = drover::supervision{.on_failure = drover::directive::stop}}, all);
    pool.members()[0].actor.tell(die{});
    wait_until([&] { return pool.size() == 1; });
    CHECK(told(w, pool, *all, 2) == counts{0, 2});

    const auto steady = spawn_pool<stoic>(w.rt, {});
    CHECK(steady.ask(lives{}).get() == 1);
    steady.tell(die{});
    CHECK(steady.ask(lives{}).get() == 2);
}
