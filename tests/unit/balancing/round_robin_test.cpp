#include <drover/balancing/round_robin.hpp>

#include <cstdint>
#include <vector>

#include <catch2/catch.hpp>

#include "support/members.hpp"

using namespace drover;
using drover_test::member_list;
using drover_test::policy_under_test;

TEST_CASE("round robin takes each in turn, whatever its weight") {
    const member_list members({1, 0, 7, 2});
    policy_under_test<round_robin> policy(members, {.first = 0});
    for (int round = 0; round != 3; ++round) {
        CHECK(policy.pick() == 0);
        CHECK(policy.pick() == 2);
        CHECK(policy.pick() == 3);
    }
}

TEST_CASE("round robin serves all alike at any number of threads") {
    const member_list members(std::vector<double>(7, 1));
    policy_under_test<round_robin> policy(members);
    for (const std::size_t threads : {1U, 2U, 3U}) {
        CHECK(policy.counts_of_threads(7, 210'000, threads) == std::vector<std::uint64_t>(7, 30'000 * threads));
    }
}

TEST_CASE("round robin goes on where it was when members come and go") {
    member_list members({1, 1, 1, 1});
    policy_under_test<round_robin> policy(members, {.first = 0});
    CHECK(policy.pick() == 0);
    CHECK(policy.pick() == 1);
    members.remove(3);
    policy.rebuild(members);
    CHECK(policy.pick() == 2);
}

TEST_CASE("round robin begins anywhere") {
    std::vector<std::uint64_t> begun(8);
    const member_list members(std::vector<double>(8, 1));
    for (std::uint64_t seed = 0; seed != 400; ++seed) {
        policy_under_test<round_robin> policy(members, {}, seed);
        begun[policy.pick()] += 1;
    }
    CHECK(drover_test::chi_square(begun, std::vector<double>(8, 1)) < 24.3);  // 7 degrees of freedom, p = 0.001
}
