#include <drover/metrics/counter_part.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

#include <catch2/catch.hpp>

#include <drover/base/clock.hpp>

#include "support/failing_new.hpp"

using drover::counter_part;
using drover::time_point;

namespace {

// Another number for each counter, so that a sum in the wrong place shows.
void fill(counter_part& part, std::uint64_t from) {
    drover::actor_counters::each_pair(part.actors[3], part.actors[3],
                                      [&](drover::owned_counter& one, auto&) { one.add(from++); });
    for (auto& each : part.dead_letters) {
        each.add(from++);
    }
    for (auto* each : {&part.cache_hits, &part.cache_misses, &part.cache_invalidations, &part.steals, &part.stolen,
                       &part.parks, &part.wakes}) {
        each->add(from++);
    }
    drover::member_counters& its = *part.member(7);
    its.picks.add(from++);
    its.ejections.add(from++);
    its.recoveries.add(from++);
}

}  // namespace

TEST_CASE("a thread that has ended leaves all that it has counted") {
    const auto sum = std::make_unique<counter_part>();
    const auto gone = std::make_unique<counter_part>();
    fill(*sum, 1000);
    fill(*gone, 1);
    gone->parked.begin(time_point(drover::clock_duration(5)));
    gone->parked.end([] { return time_point(drover::clock_duration(8)); });
    sum->absorb(*gone);
    std::uint64_t expected = 1001;
    std::size_t counters = 0;
    const auto next = [&](const drover::owned_counter& one) {
        CHECK(one.read() == expected);
        expected += 2;
        counters += 1;
    };
    drover::actor_counters::each_pair(sum->actors[3], sum->actors[3],
                                      [&](const drover::owned_counter& one, const auto&) { next(one); });
    CHECK(counters == sizeof(drover::actor_counters) / sizeof(drover::owned_counter));
    for (const auto& each : sum->dead_letters) {
        next(each);
    }
    for (const auto* each : {&sum->cache_hits, &sum->cache_misses, &sum->cache_invalidations, &sum->steals,
                             &sum->stolen, &sum->parks, &sum->wakes}) {
        next(*each);
    }
    next(sum->member(7)->picks);
    next(sum->member(7)->ejections);
    next(sum->member(7)->recoveries);
    CHECK(sum->actors[4].enqueued.read() == 0);
    CHECK(sum->member(8)->picks.read() == 0);
    CHECK(sum->parked.read([] { return time_point(drover::clock_duration(100)); }) == drover::clock_duration(3));
}

TEST_CASE("the table of members is made by the first that is counted") {
    const auto part = std::make_unique<counter_part>();
    const auto other = std::make_unique<counter_part>();
    part->absorb(*other);
    CHECK(part->members.load() == nullptr);
    drover::member_counters* const first = part->member(1);
    CHECK(part->members.load() != nullptr);
    CHECK(part->member(1) == first);
    CHECK(part->member(2) == first + 1);
    other->absorb(*part);
    CHECK(other->members.load() != nullptr);
}

TEST_CASE("without memory for it members are not counted, and nothing else is lost") {
    const auto part = std::make_unique<counter_part>();
    const auto gone = std::make_unique<counter_part>();
    fill(*gone, 1);
    drover::member_counters* found = gone->member(1);
    {
        const drover_test::failing_new none;
        found = part->member(1);
        part->absorb(*gone);
    }
    CHECK(found == nullptr);
    CHECK(part->members.load() == nullptr);
    CHECK(part->actors[3].enqueued.read() == 1);
    CHECK(part->member(1) != nullptr);
}

TEST_CASE("one type's counters share no cache line with another's") {
    STATIC_REQUIRE(alignof(drover::actor_counters) == 2 * drover::cache_line);
    STATIC_REQUIRE(sizeof(drover::actor_counters) % (2 * drover::cache_line) == 0);
}
