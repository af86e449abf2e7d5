#include <drover/balancing/bounded_load.hpp>

#include <cmath>
#include <cstdint>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/balancing/maglev.hpp>
#include <drover/balancing/rendezvous.hpp>

#include "support/members.hpp"

using namespace drover;
using drover_test::member_list;
using drover_test::policy_under_test;

#define HASHES rendezvous, maglev

static_assert(balancing_policy<bounded_load<rendezvous>> && balancing_policy<bounded_load<maglev, 200>>);
static_assert(counts_picks<bounded_load<maglev>> && !counts_picks<consistent_hash<maglev>>);

namespace {

std::uint64_t total(member_list& members) {
    std::uint64_t sum = 0;
    for (std::size_t each = 0; each != members.size(); ++each) {
        sum += members.load(each).read();
    }
    return sum;
}

}  // namespace

TEMPLATE_TEST_CASE("a key goes to its own member while that has room", "", HASHES) {
    member_list members({1, 1, 1, 2});
    policy_under_test<consistent_hash<TestType>> plain(members);
    policy_under_test<bounded_load<TestType>> bounded(members);
    for (std::uint64_t key = 0; key != 200; ++key) {
        const member_index picked = bounded.pick(key);
        REQUIRE(picked == plain.pick(key));
        REQUIRE(members.load(picked).read() == 1);
        members.load(picked).finished();
    }
}

TEMPLATE_TEST_CASE("no member has more than its cap, though all use one key", "", HASHES) {
    const std::vector<double> weights{1, 2, 1, 4};
    member_list members(weights);
    policy_under_test<bounded_load<TestType>> policy(members);
    for (std::uint64_t message = 0; message != 1000; ++message) {
        const double all = static_cast<double>(total(members)) + 1;
        const member_index picked = policy.pick(7);
        const auto load = static_cast<double>(members.load(picked).read());
        REQUIRE(load <= std::ceil(1.25 * all * weights[picked] / 8));
        if (message % 3 == 2) members.load(picked).finished();
    }
    CHECK(total(members) == 1000 - 333);
}

TEMPLATE_TEST_CASE("caps hold after dispatch from several threads, and each message is counted once", "", HASHES) {
    member_list members(std::vector<double>(6, 1));
    policy_under_test<bounded_load<TestType>> policy(members);
    const std::vector<std::uint64_t> counts = policy.counts_of_threads(6, 3000, 3);
    std::uint64_t sum = 0;
    for (std::size_t each = 0; each != 6; ++each) {
        CHECK(members.load(each).read() == counts[each]);
        CHECK(counts[each] <= 1875);  // 1.25 * 9000 / 6
        sum += counts[each];
    }
    CHECK(sum == 9000);
}

TEST_CASE("caps hold under contention for one key") {
    for (std::uint64_t round = 0; round != 20; ++round) {
        member_list members(std::vector<double>(5, 1));
        policy_under_test<bounded_load<rendezvous>> policy(members);
        std::vector<std::thread> threads;
        for (int thread = 0; thread != 3; ++thread) {
            threads.emplace_back([&policy, round] {
                keeps_nothing own(0);
                for (int each = 0; each != 400; ++each) {
                    bounded_load<rendezvous>::pick(policy.table, policy.state, own, pick_key{round});
                }
            });
        }
        for (std::thread& each : threads) {
            each.join();
        }
        CHECK(total(members) == 1200);
        for (std::size_t each = 0; each != 5; ++each) {
            CHECK(members.load(each).read() <= 300);
        }
    }
}

TEST_CASE("a full member's keys go elsewhere, and those of the others stay") {
    member_list members(std::vector<double>(8, 1));
    policy_under_test<consistent_hash<rendezvous>> plain(members);
    policy_under_test<bounded_load<rendezvous>> bounded(members);
    members.load(3).sent(50);
    for (std::uint64_t key = 0; key != 300; ++key) {
        const member_index first = bounded.pick(key);
        members.load(first).finished();
        const member_index second = bounded.pick(key);
        members.load(second).finished();
        REQUIRE(first == second);
        const member_index own = plain.pick(key);
        REQUIRE((own == 3 ? first != 3 : first == own));
    }
}

TEST_CASE("a bounded load wants a load of every member that takes messages") {
    member_list members({1, 1});
    members[1].load = nullptr;
    bounded_load<rendezvous>::state state({}, 1);
    const auto built = bounded_load<rendezvous>::build(members, state);
    REQUIRE_FALSE(built);
    CHECK(built.error().code == build_error::no_load);
    CHECK(built.error().index == 1);
}
