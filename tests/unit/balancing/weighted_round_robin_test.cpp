#include <drover/balancing/weighted_round_robin.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/base/random.hpp>

#include "support/members.hpp"

using namespace drover;
using drover_test::member_list;
using drover_test::policy_under_test;

namespace {

// How many turns a member has been ahead or behind at most, times the length: whole numbers.
std::uint64_t largest_deviation(const std::vector<member_index>& order, const std::vector<std::uint32_t>& turns) {
    std::vector<std::int64_t> ahead(turns.size());
    std::int64_t largest = 0;
    for (const member_index taken : order) {
        ahead.at(taken) += static_cast<std::int64_t>(order.size());
        for (std::size_t each = 0; each != turns.size(); ++each) {
            ahead[each] -= turns[each];
            largest = std::max(largest, std::abs(ahead[each]));
        }
    }
    return static_cast<std::uint64_t>(largest);
}

// Of the table that the policy has for these weights, in messages.
double deviation(const std::vector<double>& weights) {
    const turn_shares given = find_shares(weights);
    const std::vector<member_index> order = tijdeman_order(given);
    return static_cast<double>(largest_deviation(order, given.turns)) / given.length;
}

bool within_bound(const turn_shares& given) {
    const std::uint64_t bound = 2 * given.turns.size() - 2;
    return largest_deviation(tijdeman_order(given), given.turns) * bound <= (bound - 1) * given.length;
}

std::vector<double> random_weights(random_source& random, std::uint32_t members, std::uint32_t greatest) {
    std::vector<double> weights(members);
    for (double& each : weights) {
        each = 1 + random.below(greatest);
    }
    return weights;
}

}  // namespace

TEST_CASE("the order by Tijdeman has the deviations that are known of it") {
    CHECK(deviation({5, 1, 1}) == Approx(5.0 / 7));
    std::vector<double> one_large(20, 1);
    one_large[0] = 50;
    CHECK(deviation(one_large) == Approx(0.97).margin(0.005));
    std::vector<double> sixteen(16);
    for (std::size_t each = 0; each != 16; ++each) {
        sixteen[each] = 0.6 + 0.4 * static_cast<double>(each) / 15;
    }
    CHECK(deviation(sixteen) == Approx(921.0 / 960));
}

TEST_CASE("at every prefix the order by Tijdeman is within 1 - 1/(2n - 2) turns of each share") {
    random_source random(1);
    for (int set = 0; set != 1000; ++set) {
        const turn_shares given = find_shares(random_weights(random, 2 + random.below(20), 1 + random.below(60)));
        CAPTURE(set, given.turns);
        REQUIRE(within_bound(given));
    }
    for (int set = 0; set != 3; ++set) {  // and of rounded tables
        std::vector<double> weights = random_weights(random, 100, 1'000'000);
        weights[0] *= 1000;
        const turn_shares given = find_shares(weights);
        REQUIRE(given.length == 4096);
        REQUIRE(within_bound(given));
    }
}

TEST_CASE("an order has each member as often as its share, also the largest") {
    random_source random(2);
    for (const std::uint32_t members : {1U, 2U, 16U, 1000U, 65536U}) {
        const turn_shares given = find_shares(random_weights(random, members, 1'000'000));
        const std::vector<member_index> order = tijdeman_order(given);
        REQUIRE(order.size() == given.length);
        std::vector<std::uint32_t> turns(members);
        for (const member_index each : order) {
            turns.at(each) += 1;
        }
        CHECK((turns == given.turns));
    }
}

TEST_CASE("equal weights are round robin") {
    for (const std::size_t members : {1U, 2U, 3U, 16U, 1000U, 5000U}) {
        std::vector<member_index> in_turn(members);
        std::iota(in_turn.begin(), in_turn.end(), 0U);
        CHECK((tijdeman_order(find_shares(std::vector<double>(members, 0.7))) == in_turn));
    }
}

TEST_CASE("between two picks of a member are at most 2W/w turns, rounded up") {
    random_source random(3);
    for (int set = 0; set != 300; ++set) {
        const turn_shares given = find_shares(random_weights(random, 2 + random.below(20), 60));
        const std::vector<member_index> order = tijdeman_order(given);
        std::vector<std::uint64_t> last(given.turns.size());
        bool seldom = false;
        for (std::uint64_t turn = 1; turn <= 2 * order.size(); ++turn) {  // twice, as the table comes round
            const member_index taken = order[(turn - 1) % order.size()];
            const std::uint64_t most = (2ULL * given.length + given.turns[taken] - 1) / given.turns[taken];
            seldom = seldom || turn - last[taken] > most;
            last[taken] = turn;
        }
        CAPTURE(set);
        REQUIRE_FALSE(seldom);
    }
}

TEST_CASE("weighted round robin serves exact shares at any number of threads, from any first turn") {
    const member_list members({5, 1, 0, 2});
    for (const std::size_t threads : {1U, 2U, 3U}) {
        policy_under_test<weighted_round_robin> policy(members, {}, threads);
        CHECK(policy.counts_of_threads(4, 160'000, threads) ==
              std::vector<std::uint64_t>{100'000 * threads, 20'000 * threads, 0, 40'000 * threads});
    }
}

TEST_CASE("weighted round robin begins anywhere, and goes on where it was after a rebuild") {
    member_list members({3, 1});
    std::vector<std::uint64_t> begun(2);
    for (std::uint64_t seed = 0; seed != 400; ++seed) {
        policy_under_test<weighted_round_robin> policy(members, {}, seed);
        begun[policy.pick()] += 1;
    }
    CHECK(drover_test::chi_square(begun, {3, 1}) < 10.8);  // 1 degree of freedom, p = 0.001

    policy_under_test<weighted_round_robin> policy(members, {.first = 0});
    policy_under_test<weighted_round_robin> twin(members, {.first = 0});
    for (int each = 0; each != 103; ++each) {
        policy.rebuild(members);
        REQUIRE(policy.pick() == twin.pick());
    }
}

TEST_CASE("an unknown weight has the mean's share") {
    member_list members({3, 1});
    members.add(std::nullopt);
    policy_under_test<weighted_round_robin> policy(members);
    CHECK(policy.counts(3, 600) == std::vector<std::uint64_t>{300, 100, 200});
}
