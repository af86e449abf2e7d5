#include <drover/balancing/power_of_two_choices.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/balancing/least_loaded.hpp>

#include "support/members.hpp"

using namespace drover;
using drover_test::chi_square;
using drover_test::member_list;
using drover_test::policy_under_test;

namespace {

// Sends by the policy and never finishes, so what is picked becomes busier.
template <class P>
std::vector<std::uint64_t> fill(member_list& members, std::size_t messages) {
    policy_under_test<P> policy(members);
    for (std::size_t each = 0; each != messages; ++each) {
        members.load(policy.pick()).sent();
    }
    std::vector<std::uint64_t> loads;
    for (std::size_t each = 0; each != members.size(); ++each) {
        loads.push_back(members.load(each).read());
    }
    return loads;
}

}  // namespace

TEST_CASE("two choices never pick the one that is strictly the busiest") {
    for (const std::size_t size : {2U, 3U, 16U}) {
        member_list members(std::vector<double>(size, 1));
        policy_under_test<power_of_two_choices> policy(members);
        for (std::size_t busiest = 0; busiest != size; ++busiest) {
            members.load(busiest).sent();
            CHECK(policy.counts(size, 2000)[busiest] == 0);  // were the two ever one, it would be met
            members.load(busiest).finished();
        }
    }
}

TEST_CASE("of two members two choices pick the less busy for its weight") {
    member_list members({3, 1});
    policy_under_test<power_of_two_choices> policy(members);
    members.load(0).sent(4);
    members.load(1).sent(1);
    CHECK(policy.counts(2, 100) == std::vector<std::uint64_t>{100, 0});  // 5/3 and 2/1
    members.load(0).sent(2);
    CHECK(policy.counts(2, 100) == std::vector<std::uint64_t>{0, 100});  // 7/3 and 2/1
}

TEST_CASE("two choices are as likely for all where all are alike") {
    const member_list members(std::vector<double>(9, 2));
    policy_under_test<power_of_two_choices> policy(members);
    CHECK(chi_square(policy.counts(9, 90'000), std::vector<double>(9, 1)) < 26.1);  // 8 degrees of freedom, p = 0.001
}

TEST_CASE("two choices meet every pair of members as often") {
    // With loads that differ, a member is picked of every pair in which the other is busier.
    member_list members(std::vector<double>(5, 1));
    for (std::size_t each = 0; each != 5; ++each) {
        members.load(each).sent(each);
    }
    policy_under_test<power_of_two_choices> policy(members);
    std::vector<std::uint64_t> counts = policy.counts(5, 100'000);
    CHECK(counts[4] == 0);
    counts.pop_back();
    CHECK(chi_square(counts, {4, 3, 2, 1}) < 16.3);  // 3 degrees of freedom
}

TEST_CASE("two choices leave loads within a few of their due, by weight, where chance alone leaves far more") {
    member_list even(std::vector<double>(16, 1));
    const std::vector<std::uint64_t> loads = fill<power_of_two_choices>(even, 16'000);
    CHECK(*std::max_element(loads.begin(), loads.end()) <= 1004);
    member_list skewed({50, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
    const std::vector<std::uint64_t> shares = fill<power_of_two_choices>(skewed, 6900);
    CHECK(shares[0] > 4900);
    CHECK(shares[0] <= 5050);
}

TEST_CASE("the least loaded is picked, for its weight, and of several each as likely") {
    member_list members({1, 2, 1, 1});
    policy_under_test<least_loaded> policy(members);
    members.load(0).sent();
    members.load(1).sent(2);
    members.load(2).sent();
    members.load(3).sent(2);
    CHECK(policy.counts(4, 100) == std::vector<std::uint64_t>{0, 100, 0, 0});  // 2, 3/2, 2, 3
    members.load(1).sent();
    std::vector<std::uint64_t> counts = policy.counts(4, 30'000);  // 2, 2, 2, 3
    CHECK(counts[3] == 0);
    counts.pop_back();
    CHECK(chi_square(counts, {1, 1, 1}) < 13.8);  // 2 degrees of freedom, p = 0.001
}

TEST_CASE("the least loaded get shares by weight, within one message") {
    member_list members({5, 1, 1});
    CHECK(fill<least_loaded>(members, 7) == std::vector<std::uint64_t>{5, 1, 1});
}

TEMPLATE_TEST_CASE("a policy that reads loads refuses a member without one", "", power_of_two_choices, least_loaded) {
    member_list members({1, 1, 1});
    members[2].load = nullptr;
    typename TestType::state state({}, 1);
    const auto built = TestType::build(members, state);
    REQUIRE_FALSE(built);
    CHECK(built.error().code == build_error::no_load);
    CHECK(built.error().index == 2);
}
