#include <drover/balancing/consistent_hash.hpp>

#include <cstdint>
#include <vector>

#include <catch2/catch.hpp>
#include <drover/balancing/maglev.hpp>
#include <drover/balancing/rendezvous.hpp>
#include <drover/balancing/round_robin.hpp>

#include "support/members.hpp"

using namespace drover;
using drover_test::chi_square;
using drover_test::member_list;
using drover_test::policy_under_test;

#define HASHES rendezvous, maglev

static_assert(key_hash<rendezvous> && key_hash<maglev> && !key_hash<round_robin>);

namespace {

constexpr std::uint64_t keys = 20'000;

// The ids that keys from 0 lead to.
template <class Hash>
std::vector<std::uint64_t> ids(member_list& members) {
    policy_under_test<consistent_hash<Hash>> policy(members);
    std::vector<std::uint64_t> found;
    for (std::uint64_t key = 0; key != keys; ++key) {
        found.push_back(members[policy.pick(key)].id);
    }
    return found;
}

struct movement {
    double of_others = 0;  // keys that were not the changed member's and are not now, but moved; as a share of all
    double to_it = 0;
    double from_it = 0;
};

movement compare(const std::vector<std::uint64_t>& before, const std::vector<std::uint64_t>& after, std::uint64_t id) {
    movement seen;
    for (std::size_t key = 0; key != before.size(); ++key) {
        if (before[key] == after[key]) continue;
        double& which = before[key] == id ? seen.from_it : after[key] == id ? seen.to_it : seen.of_others;
        which += 1.0 / static_cast<double>(keys);
    }
    return seen;
}

}  // namespace

TEMPLATE_TEST_CASE("a key leads to the same member whatever the order and the seed", "", HASHES) {
    member_list members({3, 1, 0, 2, 1, 1});
    const std::vector<std::uint64_t> before = ids<TestType>(members);
    members.reverse();
    CHECK((ids<TestType>(members) == before));
    policy_under_test<consistent_hash<TestType>> other(members, {}, 99);
    for (std::uint64_t key = 0; key != 100; ++key) {
        REQUIRE(members[other.pick(key)].id == before[key]);
    }
}

TEMPLATE_TEST_CASE("a member that goes and comes back has its keys back", "", HASHES) {
    member_list members(std::vector<double>(16, 1));
    const std::vector<std::uint64_t> before = ids<TestType>(members);
    members[5].weight = 0;
    CHECK((ids<TestType>(members) != before));
    members[5].weight = 1;
    CHECK((ids<TestType>(members) == before));
}

TEST_CASE("rendezvous moves the keys of the removed member alone, over all others by weight") {
    for (const bool even : {true, false}) {
        std::vector<double> weights(16, 1);
        if (!even) weights = {1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 40};
        member_list members(weights);
        const std::vector<std::uint64_t> before = ids<rendezvous>(members);
        const std::uint64_t gone = members[15].id;
        members.remove(15);
        const std::vector<std::uint64_t> after = ids<rendezvous>(members);
        const movement seen = compare(before, after, gone);
        CHECK(seen.of_others == 0);
        CHECK(seen.from_it == Approx(weights[15] / (even ? 16 : 75)).epsilon(0.1));
        std::vector<std::uint64_t> heirs(15);
        for (std::size_t key = 0; key != keys; ++key) {
            heirs[after[key] - 1] += before[key] == gone ? 1 : 0;
        }
        weights.pop_back();
        CHECK(chi_square(heirs, weights) < 36.1);  // 14 degrees of freedom, p = 0.001
    }
}

TEST_CASE("rendezvous moves keys only to a member whose weight grows") {
    member_list members({1, 2, 3, 4});
    const std::vector<std::uint64_t> before = ids<rendezvous>(members);
    members[1].weight = 9;
    const movement seen = compare(before, ids<rendezvous>(members), members[1].id);
    CHECK(seen.of_others == 0);
    CHECK(seen.from_it == 0);
    CHECK(seen.to_it > 0.2);
}

TEST_CASE("maglev moves few keys but those of the removed member") {
    for (const std::size_t which : {0U, 7U, 15U}) {
        member_list members(std::vector<double>(16, 1));
        const std::vector<std::uint64_t> before = ids<maglev>(members);
        const std::uint64_t gone = members[which].id;
        members.remove(which);
        const movement seen = compare(before, ids<maglev>(members), gone);
        INFO(seen.of_others);
        CHECK(seen.of_others < 0.01);
        CHECK(seen.to_it == 0);
        CHECK(seen.from_it == Approx(1.0 / 16).epsilon(0.1));
    }
}

TEMPLATE_TEST_CASE("keys are spread by weight", "", HASHES) {
    const std::vector<double> weights{5, 1, 2, 1, 8, 3};
    policy_under_test<consistent_hash<TestType>> uneven{member_list(weights)};
    CHECK(chi_square(uneven.counts(6, keys), weights) < 20.5);  // 5 degrees of freedom, p = 0.001
    policy_under_test<consistent_hash<TestType>> even{member_list(std::vector<double>(10, 2))};
    CHECK(chi_square(even.counts(10, keys), std::vector<double>(10, 1)) < 27.9);  // 9
}

TEST_CASE("maglev's slots are the next prime, and one at least for each member") {
    member_list few({1, 1e-300, 1});
    policy_under_test<consistent_hash<maglev>> policy(few, {.slots = 5});
    CHECK(policy.counts(3, 1000)[1] > 100);  // one slot of five
    policy_under_test<consistent_hash<maglev>> small(few, {.slots = 0});
    CHECK(small.counts(3, 1000)[1] > 200);  // of three
    member_list many(std::vector<double>(50, 1));
    policy_under_test<consistent_hash<maglev>> crowded(many, {.slots = 4});
    for (const std::uint64_t each : crowded.counts(50, keys)) {
        CHECK(each > 200);  // of 53 slots
    }
}

TEMPLATE_TEST_CASE("two members of one id are refused", "", HASHES) {
    member_list members({1, 0, 1, 1});
    members[1].id = 4;
    typename consistent_hash<TestType>::state state({}, 1);
    const auto built = consistent_hash<TestType>::build(members, state);
    REQUIRE_FALSE(built);
    CHECK(built.error().code == build_error::same_id);
    CHECK(built.error().index == 3);
    CHECK(built.error().id == 4);
}
