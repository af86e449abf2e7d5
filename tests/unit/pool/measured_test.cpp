// Weights by a function of loads and latencies.
#include <drover/balancing/measured.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

using namespace std::chrono_literals;
using drover::spawn_pool;

namespace {

struct book {
    std::vector<std::chrono::milliseconds> takes{};
    std::vector<int> handled = std::vector<int>(8);
    std::size_t made = 0;
};

struct job {};

struct worker {
    explicit worker(book* to) : all(to), mine(all->made++) {}
    drover::task<void> operator()(job) {
        co_await drover::sleep_for(all->takes[mine]);
        all->handled[mine] += 1;
    }
    book* all;
    std::size_t mine;
};

using by_turns = drover::measured<drover::weighted_round_robin>;

// The first comes first, whatever the table's order is.
template <class Pool>
auto in_order(const Pool& pool) {
    auto members = pool.members();
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.actor.id() < b.actor.id(); });
    return members;
}

}  // namespace

static_assert(drover::balancing_policy<by_turns> && drover::measures_latency<by_turns>);
static_assert(drover::claims_idle<drover::measured<drover::join_idle_queue<drover::round_robin>>>);
static_assert(drover::keeps_time<drover::measured<drover::sticky<drover::round_robin>>>);
static_assert(drover::counts_picks<drover::measured<drover::bounded_load<drover::maglev>>>);
static_assert(drover::pulls<drover::measured<drover::shared_queue>> && !drover::pulls<by_turns>);

TEST_CASE("measured: weights may go by how long messages take") {
    book all;
    all.takes = {1ms, 4ms};
    drover::simulated_runtime rt(1);
    std::vector<std::optional<drover::clock_duration>> seen;
    drover::pool_options<by_turns> options{.members = 2, .weigh = [&](const drover::member_figures& each) {
                                               seen.push_back(each.latency);
                                               return each.latency ? 4e6 / static_cast<double>(each.latency->count())
                                                                   : each.weight.value_or(1);
                                           }};
    const auto pool = spawn_pool<worker, by_turns>(rt, options, &all);
    CHECK_FALSE(in_order(pool)[0].latency);
    rt.advance(1s);
    REQUIRE(seen.size() == 2);
    CHECK_FALSE(seen[0]);
    for (int each = 0; each != 2; ++each) {
        pool.tell(job{});
    }
    rt.advance(1s);
    REQUIRE(seen.size() == 4);
    CHECK(seen[2] == drover::clock_duration(1ms));
    CHECK(seen[3] == drover::clock_duration(4ms));
    const auto members = in_order(pool);
    CHECK(members[0].weight == 4.0);
    CHECK(members[1].weight == 1.0);
    CHECK(members[1].latency == drover::clock_duration(4ms));
    all.handled = std::vector<int>(8);
    for (int each = 0; each != 50; ++each) {
        pool.tell(job{});
    }
    rt.advance(900ms);
    CHECK(all.handled[0] == 40);
    CHECK(all.handled[1] == 10);
}

TEST_CASE("measured: weights may go by loads, and a shared queue is measured as well") {
    book all;
    all.takes = {1s, 1s};
    drover::simulated_runtime rt(1);
    std::vector<std::uint64_t> loads;
    drover::pool_options<by_turns> options{.members = 2, .weights = {3, 1}, .weigh = [&](const auto& each) {
                                               loads.push_back(each.load);
                                               return *each.weight;
                                           }};
    options.weigh_every = 1ms;
    const auto pool = spawn_pool<worker, by_turns>(rt, options, &all);
    for (int each = 0; each != 8; ++each) {
        pool.tell(job{});
    }
    rt.advance(1ms);
    CHECK(loads == std::vector<std::uint64_t>{6, 2});
    rt.advance(10s);
    CHECK(in_order(pool)[0].load == 0);

    book some;
    some.takes = {5ms, 5ms};
    const auto queue = spawn_pool<worker, drover::measured<drover::shared_queue>>(rt, {.members = 2}, &some);
    CHECK(queue.tell(job{}) == drover::delivery::accepted);
    CHECK(queue.tell(job{}) == drover::delivery::accepted);
    rt.run_until_idle();
    CHECK(queue.members()[0].load == 1);
    rt.advance(1s);
    CHECK(queue.members()[0].latency == drover::clock_duration(5ms));
    CHECK(queue.members()[1].latency == drover::clock_duration(5ms));
}
