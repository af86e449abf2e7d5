#include <drover/scheduling/run_ring.hpp>

#include <memory>
#include <vector>

#include <catch2/catch.hpp>

using drover::run_ring;
using drover::runnable;

namespace {

std::vector<std::unique_ptr<runnable>> make(std::size_t count) {
    std::vector<std::unique_ptr<runnable>> items;
    while (items.size() != count) {
        items.push_back(std::make_unique<runnable>(nullptr));
    }
    return items;
}

std::vector<runnable*> pop_all(run_ring& ring) {
    std::vector<runnable*> found;
    while (runnable* const item = ring.pop()) {
        found.push_back(item);
    }
    return found;
}

}  // namespace

TEST_CASE("a ring gives back in order, many times round") {
    const auto ring = std::make_unique<run_ring>();
    const auto items = make(7);
    CHECK(ring->empty());
    CHECK(ring->pop() == nullptr);
    for (int round = 0; round != 200; ++round) {
        for (const auto& each : items) {
            REQUIRE(ring->push(each.get()));
        }
        REQUIRE(ring->size() == items.size());
        REQUIRE_FALSE(ring->empty());
        for (const auto& each : items) {
            REQUIRE(ring->pop() == each.get());
        }
        REQUIRE(ring->empty());
        REQUIRE(ring->size() == 0);
    }
}

TEST_CASE("a full ring refuses, and takes again after a pop") {
    const auto ring = std::make_unique<run_ring>();
    const auto items = make(run_ring::capacity + 1);
    for (std::size_t each = 0; each != run_ring::capacity; ++each) {
        REQUIRE(ring->push(items[each].get()));
    }
    CHECK_FALSE(ring->push(items.back().get()));
    CHECK(ring->size() == run_ring::capacity);
    CHECK(ring->pop() == items[0].get());
    CHECK(ring->push(items.back().get()));
    const std::vector<runnable*> rest = pop_all(*ring);
    REQUIRE(rest.size() == run_ring::capacity);
    CHECK(rest.front() == items[1].get());
    CHECK(rest.back() == items.back().get());
}

TEST_CASE("a thief takes the older half, rounded up, in order") {
    for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{10},
                                    static_cast<std::size_t>(run_ring::capacity)}) {
        const auto victim = std::make_unique<run_ring>();
        const auto thief = std::make_unique<run_ring>();
        const auto items = make(count);
        for (const auto& each : items) {
            victim->push(each.get());
        }
        std::size_t taken = 0;
        runnable* const first = victim->steal_half(*thief, taken);
        const std::size_t half = (count + 1) / 2;
        CHECK(first == items[0].get());
        CHECK(taken == half);
        CHECK(thief->size() == half - 1);
        CHECK(victim->size() == count - half);
        const std::vector<runnable*> stolen = pop_all(*thief);
        for (std::size_t each = 0; each != stolen.size(); ++each) {
            REQUIRE(stolen[each] == items[each + 1].get());
        }
        const std::vector<runnable*> kept = pop_all(*victim);
        for (std::size_t each = 0; each != kept.size(); ++each) {
            REQUIRE(kept[each] == items[half + each].get());
        }
    }
}

TEST_CASE("there is nothing to steal from an empty ring") {
    const auto victim = std::make_unique<run_ring>();
    const auto thief = std::make_unique<run_ring>();
    std::size_t taken = 5;
    CHECK(victim->steal_half(*thief, taken) == nullptr);
    CHECK(taken == 5);
    CHECK(thief->empty());
}
