#include <drover/balancing/weighted_random.hpp>

#include <cstdint>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/balancing/alias_table.hpp>
#include <drover/balancing/random_pick.hpp>

#include "support/members.hpp"

using namespace drover;
using drover_test::chi_square;
using drover_test::member_list;
using drover_test::policy_under_test;

// Bounds of chi-square at p = 0.001; the seeds are fixed, so a test that holds goes on to.

TEST_CASE("random picks are as likely for each that takes messages") {
    const member_list members({1, 0, 5, 2, 0.1});
    policy_under_test<random_pick> policy(members);
    std::vector<std::uint64_t> counts = policy.counts(5, 100'000);
    CHECK(counts[1] == 0);
    counts.erase(counts.begin() + 1);
    CHECK(chi_square(counts, {1, 1, 1, 1}) < 16.3);  // 3 degrees of freedom
}

TEST_CASE("weighted random picks have the probability of the weight") {
    const std::vector<double> skewed{5, 1, 1};
    const std::vector<double> wide{100, 50, 20, 7, 3, 1, 0.5, 0.25};
    std::vector<double> many;
    for (std::size_t each = 0; each != 50; ++each) {
        many.push_back(1 + static_cast<double>(each % 7));
    }
    policy_under_test<weighted_random> one{member_list(skewed)};
    CHECK(chi_square(one.counts(3, 100'000), skewed) < 13.8);  // 2 degrees of freedom
    policy_under_test<weighted_random> two{member_list(wide)};
    CHECK(chi_square(two.counts(8, 200'000), wide) < 24.3);  // 7
    policy_under_test<weighted_random> three{member_list(many)};
    CHECK(chi_square(three.counts(50, 200'000), many) < 85.4);  // 49
}

TEST_CASE("threads with seeds of their own pick as likely as one") {
    const std::vector<double> weights{3, 1, 2};
    policy_under_test<weighted_random> policy{member_list(weights)};
    CHECK(chi_square(policy.counts_of_threads(3, 30'000, 3), weights) < 13.8);
}

TEST_CASE("an alias table's columns are exact") {
    // Every 16th of a column's height: the counts are the weights, with no chance in it.
    const alias_table table({0.5, 0, 0.25, 0.125, 0.125});
    std::vector<std::uint64_t> counts(5);
    for (std::uint64_t column = 0; column != 4; ++column) {
        for (std::uint64_t height = 0; height != 16; ++height) {
            counts.at(table.draw((column << 62U) | (height << 28U))) += 1;
        }
    }
    CHECK(counts == std::vector<std::uint64_t>{32, 0, 16, 8, 8});
}

TEST_CASE("an alias table reaches the smallest positive weight, and nobody where there is none") {
    const alias_table table({0.5, std::numeric_limits<double>::min()});
    CHECK(table.draw(std::uint64_t{1} << 63U) == 1);
    CHECK(table.draw((std::uint64_t{1} << 63U) + 1) == 0);
    CHECK(table.draw(0) == 0);
    CHECK(table.draw(0xffff'ffffU) == 0);
    CHECK(alias_table({0.0, 0.0}).draw(~std::uint64_t{0}) == no_member);
    CHECK(alias_table({}).draw(0) == no_member);
}
