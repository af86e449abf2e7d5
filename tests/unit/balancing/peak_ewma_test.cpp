#include <drover/balancing/peak_ewma.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/members.hpp"

using namespace drover;
using namespace std::chrono_literals;
using drover_test::chi_square;
using drover_test::member_list;
using drover_test::policy_under_test;
using counted = std::vector<std::uint64_t>;

namespace {

time_point at(clock_duration moment) {
    return time_point(moment);
}

}  // namespace

TEST_CASE("the lower of average times load more one is picked, for its weight") {
    member_list members({2, 1});
    policy_under_test<peak_ewma> policy(members);
    members.load(0).sent(2);
    members.load(1).sent(1);
    members.latency(0).record(5ms, at(1s), false);
    members.latency(1).record(4ms, at(1s), false);
    CHECK(policy.counts(2, 100) == counted{100, 0});  // 5 * 3 / 2 and 4 * 2 / 1
    members.load(0).sent(1);
    CHECK(policy.counts(2, 100) == counted{0, 100});  // 5 * 4 / 2
    members.latency(1).record(6ms, at(1s), false);
    CHECK(policy.counts(2, 100) == counted{100, 0});  // 6 * 2 / 1
}

TEST_CASE("the costliest is never picked, and of equals each is as likely") {
    member_list members(std::vector<double>(6, 1));
    policy_under_test<peak_ewma> policy(members);
    for (std::size_t each = 0; each != 6; ++each) {
        members.latency(each).record(each == 4 ? 2ms : 1ms, at(1s), false);
        members.load(each).sent();
    }
    counted counts = policy.counts(6, 60'000);
    CHECK(counts[4] == 0);
    counts.erase(counts.begin() + 4);
    CHECK(chi_square(counts, std::vector<double>(5, 1)) < 18.5);  // 4 degrees of freedom, p = 0.001
}

TEST_CASE("first choices come by weight") {
    member_list members({3, 1, 1, 1});
    policy_under_test<peak_ewma> policy(members);  // all unknown and idle: the first of the two is taken
    CHECK(chi_square(policy.counts(4, 60'000), {3, 1, 1, 1}) < 16.3);  // 3 degrees of freedom
}

TEST_CASE("a slow member is tried again once, when it has faded below those that work") {
    member_list members({1, 1});
    policy_under_test<peak_ewma> policy(members, {.decay = 2s});
    member_latency slow({.decay = 2s});
    member_latency quick({.decay = 2s});
    members[0].latency = &slow;
    members[1].latency = &quick;
    policy.rebuild(members);
    slow.record(1s, at(10s), false);
    const clock_duration fades = std::chrono::nanoseconds(static_cast<std::int64_t>(2e9 * std::log(1000.0)));
    quick.record(1ms, at(10s + fades - 1ms), false);
    CHECK(policy.counts(2, 100) == counted{0, 100});
    quick.record(1ms, at(10s + fades + 1ms), false);
    CHECK(policy.counts(2, 100) == counted{100, 0});
    members.load(0).sent();
    CHECK(policy.counts(2, 100) == counted{0, 100});  // one message is a try
    slow.record(1ms, at(10s + fades + 2ms), false);
    members.load(0).finished();
    members.load(1).sent();
    CHECK(policy.counts(2, 100) == counted{100, 0});  // it has become quick
}

TEST_CASE("an order does not change while nobody works, however long") {
    member_list members({1, 1});
    policy_under_test<peak_ewma> policy(members);
    members.latency(0).record(3ms, at(5s), false);
    members.latency(1).record(2ms, at(5s), false);
    CHECK(policy.counts(2, 100) == counted{0, 100});
    // The first that works after an hour makes up for it.
    members.latency(1).record(2ms, at(3605s), false);
    CHECK(policy.counts(2, 100) == counted{100, 0});
}

TEST_CASE("a member that hangs does not fade") {
    member_list members({1, 1});
    policy_under_test<peak_ewma> policy(members);
    members.latency(0).record(2ms, at(1s), false);
    members.latency(1).record(1ms, at(1s), false);
    members.load(0).sent();
    members.latency(1).record(1ms, at(1000s), false);
    CHECK(policy.counts(2, 100) == counted{0, 100});
}

TEST_CASE("a member that fails at once attracts nothing") {
    member_list members({1, 1});
    policy_under_test<peak_ewma> policy(members);
    members.latency(0).record(1us, at(1s), true);
    members.latency(1).record(10ms, at(1s), false);
    members.load(1).sent(50);
    CHECK(policy.counts(2, 100) == counted{0, 100});
}

TEST_CASE("a new member gets one message, and more when it has answered or the others are worse") {
    member_list members({1, 1});
    policy_under_test<peak_ewma> policy(members);  // penalty 1 s
    members.latency(1).record(1ms, at(1s), false);
    members.load(1).sent();
    CHECK(policy.counts(2, 100) == counted{100, 0});
    members.load(0).sent();
    CHECK(policy.counts(2, 100) == counted{0, 100});
    members.load(1).sent(1997);
    CHECK(policy.counts(2, 100) == counted{0, 100});  // 2 * 1 s and 1999 * 1 ms
    members.load(1).sent(2);
    CHECK(policy.counts(2, 100) == counted{100, 0});  // not starved
    members.load(1).finished(1990);
    members.latency(0).record(1ms, at(1s), false);
    members.load(0).finished();
    CHECK(policy.counts(2, 100) == counted{100, 0});
}

TEST_CASE("new members alone are filled evenly, by weight") {
    member_list members({1, 1, 1, 3});
    policy_under_test<peak_ewma> policy(members);
    for (int each = 0; each != 6000; ++each) {
        members.load(policy.pick()).sent();
    }
    CHECK(members.load(0).read() == Approx(1000).margin(10));
    CHECK(members.load(1).read() == Approx(1000).margin(10));
    CHECK(members.load(3).read() == Approx(3000).margin(30));
}

TEST_CASE("latencies are recorded beside picks") {
    member_list members({1, 1, 1});
    policy_under_test<peak_ewma> policy(members);
    std::atomic<bool> over{false};
    std::thread working([&] {
        for (int each = 0; each != 20'000; ++each) {
            const auto which = static_cast<std::size_t>(each % 3);
            members.load(which).sent();
            members.latency(which).record(std::chrono::microseconds(each % 7), at(std::chrono::microseconds(each)),
                                          each % 50 == 0);
            members.load(which).finished();
        }
        over = true;
    });
    do {
        REQUIRE(policy.pick() < 3);
    } while (!over);
    working.join();
    CHECK(members.latency(2).last() == at(19'997us));
}

TEST_CASE("peak ewma wants a load and a latency of every member") {
    peak_ewma::state state({}, 1);
    member_list members({1, 0});
    members[1].latency = nullptr;
    const auto built = peak_ewma::build(members, state);
    REQUIRE_FALSE(built);
    CHECK(built.error().code == build_error::no_latency);
    CHECK(built.error().index == 1);
    members[0].load = nullptr;
    CHECK(peak_ewma::build(members, state).error().code == build_error::no_load);
}

TEST_CASE("peak ewma says how latencies are averaged, and refuses options that make no sense") {
    CHECK(peak_ewma::latency({.decay = 7s}).decay == 7s);
    CHECK_THROWS_WITH(peak_ewma::state({.decay = -1ns}, 1),
                      "drover: latency_options::decay is -1 ns; give it a time above 0");
}
