#include <drover/balancing/sticky.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/balancing/bounded_load.hpp>
#include <drover/balancing/join_idle_queue.hpp>
#include <drover/balancing/maglev.hpp>
#include <drover/balancing/peak_ewma.hpp>
#include <drover/balancing/power_of_two_choices.hpp>
#include <drover/balancing/random_pick.hpp>
#include <drover/balancing/rendezvous.hpp>
#include <drover/balancing/round_robin.hpp>

#include "support/members.hpp"

using namespace drover;
using namespace std::chrono_literals;
using drover_test::member_list;
using drover_test::policy_under_test;

template <class P>
constexpr bool nests = balancing_policy<P> && keeps_time<P>;
static_assert(nests<sticky<round_robin>> && nests<sticky<bounded_load<rendezvous>>>);
static_assert(nests<sticky<consistent_hash<maglev>>> && nests<sticky<consistent_hash<rendezvous>>>);
static_assert(nests<sticky<join_idle_queue<peak_ewma>>> && nests<sticky<join_idle_queue<bounded_load<maglev>>>>);
static_assert(binds_keys<sticky<round_robin>> && !binds_keys<join_idle_queue<>> && !binds_keys<bounded_load<maglev>>);
static_assert(claims_idle<sticky<join_idle_queue<>>> && measures_latency<sticky<join_idle_queue<peak_ewma>>>);
static_assert(!claims_idle<sticky<peak_ewma>> && !measures_latency<sticky<random_pick>> && !keeps_time<random_pick>);
static_assert(counts_picks<sticky<bounded_load<maglev>>> && !counts_picks<sticky<consistent_hash<maglev>>>);
static_assert(sticky<join_idle_queue<>>::needs == (signals::depth | signals::idle | signals::key));

namespace {

// Does what another thread might, once, just before it picks.
template <class Policy>
struct interrupted : Policy {
    static inline std::function<void()> meanwhile;

    static member_index pick(const typename Policy::table& from, typename Policy::state& pool,
                             typename Policy::local& own, pick_key key) noexcept {
        if (meanwhile) std::exchange(meanwhile, nullptr)();
        return Policy::pick(from, pool, own, key);
    }
};

// A policy of another's making that is told the time, too.
struct timed : round_robin {
    struct state : round_robin::state {
        using round_robin::state::state;
        void advance(time_point now) noexcept { told = now; }
        time_point told{};
    };
};

}  // namespace

TEST_CASE("a key stays with its member, however the policy would pick now") {
    member_list members({1, 1, 1});
    policy_under_test<sticky<power_of_two_choices>> policy(members);
    std::vector<member_index> first;
    for (std::uint64_t key = 0; key != 100; ++key) {
        first.push_back(policy.pick(key));
    }
    members.load(1).sent(1000);
    members.load(2).sent(500);
    for (std::uint64_t key = 0; key != 100; ++key) {
        REQUIRE(policy.pick(key) == first[key]);
    }
    CHECK(policy.state.keys.size() == 100);
    for (std::uint64_t key = 100; key != 120; ++key) {
        REQUIRE(policy.pick(key) != 1);  // new ones go where there is less to do
    }
}

TEST_CASE("a key is bound anew when its member is gone, once, and the others stay") {
    member_list members({1, 1, 1, 1});
    policy_under_test<sticky<round_robin>> policy(members);
    std::vector<std::uint64_t> first;
    for (std::uint64_t key = 0; key != 80; ++key) {
        first.push_back(members[policy.pick(key)].id);
    }
    const std::uint64_t gone = members[1].id;
    members.remove(1);
    members.reverse();
    policy.rebuild(members);
    std::uint64_t moved = 0;
    for (std::uint64_t key = 0; key != 80; ++key) {
        const std::uint64_t now = members[policy.pick(key)].id;
        moved += now != first[key] ? 1 : 0;
        REQUIRE((first[key] == gone) == (now != first[key]));
        REQUIRE(members[policy.pick(key)].id == now);
    }
    CHECK(moved == 20);
    CHECK(policy.state.keys.size() == 80);
}

TEST_CASE("a member of weight 0 keeps its keys and gets no new ones") {
    member_list members({1, 1});
    policy_under_test<sticky<round_robin>> policy(members);
    const member_index first = policy.pick(1);
    members[first].weight = 0;
    policy.rebuild(members);
    for (std::uint64_t key = 2; key != 50; ++key) {
        REQUIRE(policy.pick(key) != first);
        REQUIRE(policy.pick(1) == first);
    }
}

TEST_CASE("a member that is back has those of its keys that were not used meanwhile") {
    member_list members({1, 1});
    policy_under_test<sticky<round_robin>> policy(members);
    const member_index first = policy.pick(1);
    REQUIRE(policy.pick(2) != first);
    REQUIRE(policy.pick(3) == first);
    member_list others = std::move(members);
    const std::vector<member_info> both{others[0], others[1]};
    policy.rebuild(std::vector<member_info>{both[1 - first]});
    CHECK(policy.pick(3) == 0);
    policy.rebuild(both);
    CHECK(policy.pick(1) == first);
    CHECK(policy.pick(3) == 1 - first);
}

TEST_CASE("a key of a member that a thread's table does not have yet is left bound") {
    using tested = sticky<round_robin>;
    member_list members({1, 1});
    policy_under_test<tested> policy(members);
    members.add(1.0);
    members[0].weight = 0;
    members[1].weight = 0;
    const tested::table newer = tested::build(members, policy.state).value();
    REQUIRE(tested::pick(newer, policy.state, policy.local, {7}) == 2);
    CHECK(policy.pick(7) < 2);
    CHECK(tested::pick(newer, policy.state, policy.local, {7}) == 2);
}

TEST_CASE("keys expire, and a policy within is told the time, too") {
    const member_list members({1, 1});
    policy_under_test<sticky<timed>> policy(members, {.most_keys = 100, .idle_for = 16s});
    policy.state.advance(time_point(0s));
    policy.pick(1);
    CHECK(policy.state.keys.size() == 1);
    policy.state.advance(time_point(1s));
    policy.state.advance(time_point(12s));
    CHECK(policy.state.keys.size() == 1);
    CHECK(static_cast<timed::state&>(policy.state).told == time_point(12s));
    policy.state.advance(time_point(13s));
    policy.state.advance(time_point(40s));
    CHECK(policy.state.keys.size() == 0);
}

TEST_CASE("a pick keeps its key from expiring") {
    const member_list members({1, 1});
    policy_under_test<sticky<round_robin>> policy(members, {.idle_for = 8s});
    const member_index first = policy.pick(1);
    for (int second = 0; second != 100; second += 5) {
        policy.state.advance(time_point(second * 1s));
        REQUIRE(policy.pick(1) == first);
    }
}

TEST_CASE("a key for which there is no room goes where the policy says") {
    const member_list members({1, 1});
    policy_under_test<sticky<round_robin>> policy(members, {.most_keys = 8});
    for (std::uint64_t key = 0; key != 8; ++key) {
        policy.pick(key);
    }
    const member_index next = policy.pick(100);
    CHECK(policy.pick(100) == 1 - next);
    CHECK(policy.pick(100) == next);
    CHECK(policy.state.keys.size() == 8);
}

TEST_CASE("threads that pick a new key at the same time agree on its member") {
    constexpr std::size_t threads = 3;
    constexpr std::uint64_t keys = 3000;
    const member_list members(std::vector<double>(16, 1));
    policy_under_test<sticky<random_pick>> policy(members);
    std::vector<std::vector<member_index>> picked(threads, std::vector<member_index>(keys));
    std::atomic<std::uint64_t> arrived{0};
    std::vector<std::thread> running;
    for (std::size_t thread = 0; thread != threads; ++thread) {
        running.emplace_back([&, thread] {
            sticky<random_pick>::local own(thread);
            for (std::uint64_t key = 0; key != keys; ++key) {
                arrived += 1;
                while (arrived < (key + 1) * threads) std::this_thread::yield();
                picked[thread][key] = sticky<random_pick>::pick(policy.table, policy.state, own, {key});
            }
        });
    }
    for (std::thread& each : running) {
        each.join();
    }
    CHECK(picked[0] == picked[1]);
    CHECK(picked[0] == picked[2]);
    CHECK(policy.state.keys.size() <= keys);
    CHECK(policy.state.keys.size() >= keys - 5);
}

TEST_CASE("threads agree where a key of a member that is gone goes") {
    constexpr std::uint64_t keys = 2000;
    member_list members(std::vector<double>(8, 1));
    policy_under_test<sticky<random_pick>> policy(members);
    for (std::uint64_t key = 0; key != keys; ++key) {
        policy.pick(key);
    }
    members.remove(0);
    members.remove(0);
    policy.rebuild(members);
    std::vector<std::vector<member_index>> picked(2, std::vector<member_index>(keys));
    std::atomic<std::uint64_t> arrived{0};
    const auto pick_all = [&](std::size_t thread) {
        sticky<random_pick>::local own(thread);
        for (std::uint64_t key = 0; key != keys; ++key) {
            arrived += 1;
            while (arrived < (key + 1) * 2) std::this_thread::yield();
            picked[thread][key] = sticky<random_pick>::pick(policy.table, policy.state, own, {key});
        }
    };
    std::thread other(pick_all, 1);
    pick_all(0);
    other.join();
    CHECK(picked[0] == picked[1]);
}

TEST_CASE("a key that has its member takes no idle one's mark") {
    const member_list members({1, 1, 1});
    policy_under_test<sticky<join_idle_queue<>>> policy(members);
    policy.state.idle.announce(1);
    CHECK(policy.pick(5) == 1);
    CHECK(policy.local.claimed == 1);
    policy.state.idle.announce(2);
    CHECK(policy.pick(5) == 1);
    CHECK(policy.local.claimed == no_slot);
    CHECK(policy.state.idle.marked(2));
}

TEST_CASE("who loses a key to another thread gives back the idle member and the count") {
    constexpr std::uint64_t keys = 2000;
    using tested = sticky<join_idle_queue<bounded_load<rendezvous>>>;
    member_list members(std::vector<double>(8, 1));
    policy_under_test<tested> policy(members);
    for (std::uint32_t slot = 0; slot != 8; ++slot) {
        policy.state.idle.announce(slot);
    }
    std::atomic<std::uint64_t> arrived{0};
    std::vector<std::thread> running;
    for (std::size_t thread = 0; thread != 3; ++thread) {
        running.emplace_back([&, thread] {
            tested::local own(thread);
            for (std::uint64_t key = 0; key != keys; ++key) {
                arrived += 1;
                while (arrived < (key + 1) * 3) std::this_thread::yield();
                tested::pick(policy.table, policy.state, own, {key});
                if (own.claimed != no_slot) policy.state.idle.restore(own.claimed);
            }
        });
    }
    for (std::thread& each : running) {
        each.join();
    }
    std::uint64_t sent = 0;
    for (std::uint32_t each = 0; each != 8; ++each) {
        CHECK(policy.state.idle.marked(each));
        sent += members.load(each).read();
    }
    CHECK(sent == 3 * keys);
}

TEST_CASE("a new key that another thread binds during the pick goes where that said, and nothing is kept of the pick") {
    using inner = interrupted<join_idle_queue<bounded_load<rendezvous>>>;
    using tested = sticky<inner>;
    member_list members({1, 1});
    policy_under_test<tested> policy(members);
    policy.state.idle.announce(0);
    policy.state.idle.announce(1);
    tested::local others(9);
    others.place = 0;
    policy.local.place = 1;
    inner::meanwhile = [&] { CHECK(tested::pick(policy.table, policy.state, others, {7}) == 0); };
    CHECK(policy.pick(7) == 0);
    CHECK(others.claimed == 0);
    CHECK(policy.local.claimed == no_slot);
    CHECK(policy.state.idle.marked(1));
    CHECK_FALSE(policy.state.idle.marked(0));
    CHECK(members.load(0).read() == 2);
    CHECK(members.load(1).read() == 0);
}

TEST_CASE("a key that another thread binds anew during the pick goes where that said") {
    using inner = interrupted<round_robin>;
    using tested = sticky<inner>;
    member_list members({1, 1, 1});
    policy_under_test<tested> policy(members, {.policy = {.first = 0}});
    REQUIRE(policy.pick(7) == 0);
    members.remove(0);
    policy.rebuild(members);
    tested::local others(9);
    member_index said = no_member;
    inner::meanwhile = [&] { said = tested::pick(policy.table, policy.state, others, {7}); };
    CHECK(policy.pick(7) == said);
    CHECK(policy.pick(7) == said);
    CHECK(policy.state.keys.size() == 1);
}

TEST_CASE("a key that expires during the pick is bound again") {
    using inner = interrupted<round_robin>;
    member_list members({1, 1});
    policy_under_test<sticky<inner>> policy(members, {.idle_for = 8s});
    policy.state.advance(time_point(0s));
    policy.pick(7);
    members.remove(0);
    members.remove(0);
    members.add(1.0);
    policy.rebuild(members);
    inner::meanwhile = [&] {
        policy.state.advance(time_point(1h));
        policy.state.advance(time_point(2h));
        CHECK(policy.state.keys.size() == 0);
    };
    CHECK(policy.pick(7) == 0);
    CHECK(policy.state.keys.size() == 1);
}

TEST_CASE("where the policy counts its picks, those of known keys are counted, too") {
    member_list members({1, 1});
    policy_under_test<sticky<bounded_load<maglev>>> policy(members);
    const member_index first = policy.pick(3);
    policy.pick(3);
    CHECK(members.load(first).read() == 2);
    members[1].load = nullptr;
    members[1].weight = 0;
    const auto built = sticky<bounded_load<maglev>>::build(members, policy.state);
    REQUIRE_FALSE(built);
    CHECK(built.error().code == build_error::no_load);
    CHECK(built.error().index == 1);
}

TEST_CASE("sticky refuses members of one id, and options that make no sense") {
    member_list members({1, 1});
    sticky<round_robin>::state state({}, 1);
    members[1].id = members[0].id;
    CHECK(sticky<round_robin>::build(members, state).error().code == build_error::same_id);
    CHECK_THROWS_AS(sticky<round_robin>::state({.most_keys = 0}, 1), std::invalid_argument);
    CHECK_THROWS_AS(sticky<round_robin>::state({.idle_for = 0s}, 1), std::invalid_argument);
    CHECK_THROWS_AS(sticky<peak_ewma>::state({.policy = {.decay = 0s}}, 1), std::invalid_argument);
    CHECK(sticky<peak_ewma>::latency({.policy = {.decay = 3s}}).decay == 3s);
}
