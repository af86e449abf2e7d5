// What every balancing policy promises, whatever it prefers.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/balancing/bounded_load.hpp>
#include <drover/balancing/consistent_hash.hpp>
#include <drover/balancing/join_idle_queue.hpp>
#include <drover/balancing/least_loaded.hpp>
#include <drover/balancing/maglev.hpp>
#include <drover/balancing/peak_ewma.hpp>
#include <drover/balancing/power_of_two_choices.hpp>
#include <drover/balancing/random_pick.hpp>
#include <drover/balancing/rendezvous.hpp>
#include <drover/balancing/round_robin.hpp>
#include <drover/balancing/sticky.hpp>
#include <drover/balancing/weighted_random.hpp>
#include <drover/balancing/weighted_round_robin.hpp>

#include "support/failing_new.hpp"
#include "support/members.hpp"

using namespace drover;
using drover_test::member_list;
using drover_test::policy_under_test;

#define POLICIES                                                                                              \
    round_robin, weighted_round_robin, random_pick, weighted_random, power_of_two_choices, least_loaded,      \
        consistent_hash<rendezvous>, consistent_hash<maglev>, bounded_load<rendezvous>, bounded_load<maglev>, \
        peak_ewma, join_idle_queue<>, join_idle_queue<peak_ewma>, join_idle_queue<bounded_load<rendezvous>>,  \
        sticky<round_robin>, sticky<join_idle_queue<peak_ewma>>, sticky<bounded_load<maglev>>

TEMPLATE_TEST_CASE("a policy refuses a weight that is none, and names member and value", "", POLICIES) {
    typename TestType::state state({}, 1);
    for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL, -1.0, -std::numeric_limits<double>::denorm_min()}) {
        member_list members({1, 0, 2, 3});
        members[2].weight = bad;
        members[2].name = "parser";
        const auto built = TestType::build(members, state);
        REQUIRE_FALSE(built);
        CHECK(built.error().code == build_error::bad_weight);
        CHECK(built.error().index == 2);
        CHECK(built.error().id == 3);
        CHECK(to_string(built.error()).find("member 2 \"parser\" (id 3) is ") != std::string::npos);
    }
}

TEMPLATE_TEST_CASE("a policy without members, or with none that takes messages, picks nobody", "", POLICIES) {
    for (const member_list& members : {member_list(), member_list({0}), member_list({0, 0, -0.0})}) {
        policy_under_test<TestType> policy(members);
        for (std::uint64_t key = 0; key != 100; ++key) {
            REQUIRE(policy.pick(key) == no_member);
        }
    }
}

TEMPLATE_TEST_CASE("a policy picks the only one that takes messages", "", POLICIES) {
    const member_list members({0, 0, 3, 0});
    policy_under_test<TestType> policy(members);
    for (std::uint64_t key = 0; key != 100; ++key) {
        REQUIRE(policy.pick(key) == 2);
    }
}

TEMPLATE_TEST_CASE("a policy reaches everyone but those of weight 0", "", POLICIES) {
    member_list members({1, 0, 2, 0, 1});
    policy_under_test<TestType> policy(members);
    std::set<member_index> met;
    for (std::uint64_t key = 0; key != 2000; ++key) {
        const member_index picked = policy.pick(key);
        met.insert(picked);
        members.load(picked).sent();  // for policies that read loads
    }
    CHECK(met == std::set<member_index>{0, 2, 4});
}

TEMPLATE_TEST_CASE("a policy takes the widest ratios and an unknown weight", "", POLICIES) {
    using limits = std::numeric_limits<double>;
    member_list members({limits::max(), limits::max(), limits::denorm_min(), limits::min()});
    members.add(std::nullopt);
    policy_under_test<TestType> policy(members);
    for (std::uint64_t key = 0; key != 2000; ++key) {
        REQUIRE(policy.pick(key) < 5);
    }
}

TEMPLATE_TEST_CASE("a policy's table goes on with its state, and is independent of the list it was built from", "",
                   POLICIES) {
    member_list members({1, 1, 1});
    policy_under_test<TestType> policy(members);
    members[1].weight = 0;
    policy.rebuild(members);
    for (std::uint64_t key = 0; key != 100; ++key) {
        REQUIRE(policy.pick(key) != 1);
    }
}

TEMPLATE_TEST_CASE("a policy refuses more members than it has room for", "", POLICIES) {
    typename TestType::state state({}, 1);
    const std::vector<member_info> members(most_members + 1);
    const auto built = TestType::build(members, state);
    REQUIRE_FALSE(built);
    CHECK(built.error().code == build_error::too_many_members);
    CHECK(to_string(built.error()).find("65537") != std::string::npos);
}

TEMPLATE_TEST_CASE("a pick does not allocate", "", POLICIES) {
    const member_list members({1, 2, 3});
    policy_under_test<TestType> policy(members);
    const std::size_t before = drover_test::allocations();
    for (std::uint64_t key = 0; key != 100; ++key) {
        policy.pick(key);
    }
    CHECK(drover_test::allocations() == before);
}
