#include <drover/balancing/join_idle_queue.hpp>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/balancing/bounded_load.hpp>
#include <drover/balancing/maglev.hpp>
#include <drover/balancing/peak_ewma.hpp>
#include <drover/balancing/round_robin.hpp>

#include "support/members.hpp"

using namespace drover;
using drover_test::member_list;
using drover_test::policy_under_test;
using counted = std::vector<std::uint64_t>;

static_assert(join_idle_queue<>::needs == (signals::depth | signals::idle));
static_assert(join_idle_queue<peak_ewma>::needs == (signals::depth | signals::latency | signals::idle));
static_assert(measures_latency<join_idle_queue<peak_ewma>> && claims_idle<join_idle_queue<peak_ewma>>);
static_assert(!measures_latency<join_idle_queue<>> && !claims_idle<peak_ewma>);
static_assert(counts_picks<join_idle_queue<bounded_load<maglev>>> && !counts_picks<join_idle_queue<>>);
static_assert(sizeof(join_idle_queue<>::seat) == sizeof(member_index));  // what is not counted has no room
// The members of the fallback's state and of its thread's part that are empty take none.
static_assert(sizeof(join_idle_queue<>::state) == sizeof(idle_mask));

TEST_CASE("idle members come first, whatever their weights and loads, and then the fallback") {
    member_list members({100, 1, 1, 1});
    policy_under_test<join_idle_queue<>> policy(members);
    for (std::size_t each = 1; each != 4; ++each) {
        members.load(each).sent(each);
    }
    policy.state.idle.announce(2);
    policy.state.idle.announce(3);
    const member_index first = policy.pick();
    CHECK(policy.local.claimed == first);
    const member_index second = policy.pick();
    CHECK(first + second == 5);
    CHECK_FALSE(policy.state.idle.marked(2));
    CHECK_FALSE(policy.state.idle.marked(3));
    for (int each = 0; each != 50; ++each) {
        const member_index picked = policy.pick();
        REQUIRE(policy.local.claimed == no_slot);
        REQUIRE(picked != 3);  // the busiest of all: two choices
    }
}

TEST_CASE("idle members take turns") {
    const member_list members(std::vector<double>(70, 1));
    policy_under_test<join_idle_queue<round_robin>> policy(members);
    for (std::uint32_t slot = 0; slot != 70; ++slot) {
        policy.state.idle.announce(slot);
    }
    counted counts(70);
    for (int each = 0; each != 70 * 10; ++each) {
        const member_index picked = policy.pick();
        counts[picked] += 1;
        policy.state.idle.announce(picked);
    }
    CHECK(counts == counted(70, 10));
}

TEST_CASE("who is idle is not picked unless it is in the table and takes messages") {
    member_list members({1, 0, 1, 1});
    members.remove(2);
    policy_under_test<join_idle_queue<round_robin>> policy(members);
    for (std::uint32_t slot = 0; slot != 200; ++slot) {
        policy.state.idle.announce(slot);
    }
    counted counts(3);
    for (int each = 0; each != 100; ++each) {
        counts[policy.pick()] += 1;
    }
    CHECK(counts[1] == 0);
    CHECK(policy.state.idle.marked(1));
    CHECK(policy.state.idle.marked(2));
    CHECK_FALSE(policy.state.idle.marked(0));
    CHECK_FALSE(policy.state.idle.marked(3));
}

TEST_CASE("a mark stays when the members change, and leads to the member's new place") {
    member_list members({1, 1, 1});
    policy_under_test<join_idle_queue<>> policy(members);
    policy.state.idle.announce(2);
    members.remove(0);
    policy.rebuild(members);
    CHECK(policy.pick() == 1);
    CHECK(policy.local.claimed == 2);
    policy.state.idle.restore(policy.local.claimed);
    CHECK(policy.pick() == 1);
}

TEST_CASE("of several threads none picks a member that another has claimed") {
    const member_list members(std::vector<double>(100, 1));
    policy_under_test<join_idle_queue<>> policy(members);
    std::vector<std::atomic<int>> inside(100);
    std::atomic<int> together{0};
    for (std::uint32_t slot = 0; slot < 100; slot += 3) {
        policy.state.idle.announce(slot);
    }
    std::vector<std::thread> threads;
    for (std::uint64_t thread = 0; thread != 3; ++thread) {
        threads.emplace_back([&, thread] {
            join_idle_queue<>::local own(thread);
            for (int each = 0; each != 20'000; ++each) {
                const member_index picked = join_idle_queue<>::pick(policy.table, policy.state, own, {});
                if (own.claimed == no_slot) continue;
                if (picked != own.claimed || inside[picked].fetch_add(1) != 0) together += 1;
                inside[picked].fetch_sub(1);
                policy.state.idle.restore(own.claimed);
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    CHECK(together == 0);
    for (std::uint32_t slot = 0; slot != 100; ++slot) {
        CHECK(policy.state.idle.marked(slot) == (slot % 3 == 0));
    }
}

TEST_CASE("where the fallback counts its picks, idle ones are counted, too") {
    member_list members({1, 1, 1});
    policy_under_test<join_idle_queue<bounded_load<maglev>>> policy(members);
    policy.state.idle.announce(1);
    CHECK(policy.pick(9) == 1);
    CHECK(members.load(1).read() == 1);
    const member_index next = policy.pick(9);
    CHECK(members.load(0).read() + members.load(1).read() + members.load(2).read() == 2);
    CHECK(members.load(next).read() >= 1);
}

TEST_CASE("members need slots, each its own and below the pool's number") {
    using policy = join_idle_queue<>;
    policy::state state({.most_slots = 100}, 1);
    member_list members({1, 0, 1});
    members[1].slot = no_slot;
    CHECK(policy::build(members, state).error().code == build_error::missing_slot);
    CHECK(policy::build(members, state).error().index == 1);
    members[1].slot = 100;
    const build_error beyond = policy::build(members, state).error();
    CHECK(beyond.code == build_error::slot_beyond);
    CHECK(beyond.most == 100);
    CHECK(beyond.slot == 100);
    members[1].slot = 2;
    const build_error same = policy::build(members, state).error();
    CHECK(same.code == build_error::same_slot);
    CHECK(same.index == 2);
    members[1].slot = 99;
    CHECK(policy::build(members, state));
    members[1].load = nullptr;
    CHECK(policy::build(members, state).error().code == build_error::no_load);  // the fallback's
}

TEST_CASE("options of an idle queue and of its fallback are checked, and handed on") {
    using policy = join_idle_queue<peak_ewma>;
    CHECK_THROWS_AS(policy::state({.most_slots = 0}, 1), std::invalid_argument);
    CHECK_THROWS_WITH(policy::state({.fallback = {.decay = clock_duration(0)}}, 1),
                      "drover: latency_options::decay is 0 ns; give it a time above 0");
    CHECK(policy::latency({.fallback = {.decay = clock_duration(5)}}).decay == clock_duration(5));
}
