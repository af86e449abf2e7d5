#include <drover/pool/locals_by_thread.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/test_core.hpp"

using namespace drover;
using drover_test::test_core;

namespace {

std::atomic<int> alive{0};

struct seeded {
    explicit seeded(std::uint64_t s) noexcept : seed(s) { alive += 1; }
    seeded(const seeded&) = delete;
    seeded& operator=(const seeded&) = delete;
    ~seeded() { alive -= 1; }
    std::uint64_t seed;
};

// Lanes with the places 0 to count - 1, without a list.
struct lanes_at_places {
    explicit lanes_at_places(std::size_t count) {
        for (std::size_t each = 0; each != count; ++each) {
            all.push_back(std::make_unique<lane>(core, false));
            all.back()->place = static_cast<std::uint32_t>(each);
        }
    }
    test_core core;
    std::vector<std::unique_ptr<lane>> all;
};

}  // namespace

TEST_CASE("each place has a local of its own, which stays where it is") {
    {
        lanes_at_places lanes(1000);
        locals_by_thread<seeded> locals(7);
        CHECK(alive == 0);
        std::vector<seeded*> found;
        std::set<seeded*> different;
        std::set<std::uint64_t> seeds;
        for (const auto& each : lanes.all) {
            found.push_back(&locals.of(*each));
            different.insert(found.back());
            seeds.insert(found.back()->seed);
        }
        CHECK(different.size() == 1000);
        CHECK(seeds.size() == 1000);
        for (std::size_t each = 1000; each-- != 0;) {
            REQUIRE(&locals.of(*lanes.all[each]) == found[each]);
        }
        // No more than places that are used, rounded up to a power of two.
        CHECK(alive >= 1000);
        CHECK(alive <= 2040);
    }
    CHECK(alive == 0);
}

TEST_CASE("the same seed gives each place the same local, and another seed another") {
    lanes_at_places lanes(100);
    locals_by_thread<seeded> one(7);
    locals_by_thread<seeded> same(7);
    locals_by_thread<seeded> other(8);
    int alike = 0;
    for (std::size_t each = 100; each-- != 0;) {  // in another order
        static_cast<void>(same.of(*lanes.all[each]));
    }
    for (const auto& each : lanes.all) {
        CHECK(one.of(*each).seed == same.of(*each).seed);
        alike += one.of(*each).seed == other.of(*each).seed ? 1 : 0;
    }
    CHECK(alike == 0);
}

TEST_CASE("threads that meet at a new group agree on it") {
    lanes_at_places lanes(64);
    for (int round = 0; round != 50; ++round) {
        locals_by_thread<seeded> locals(7);
        std::atomic<int> ready{0};
        std::vector<std::vector<seeded*>> found(2);
        std::vector<std::thread> threads;
        for (std::size_t which = 0; which != 2; ++which) {
            threads.emplace_back([&, which] {
                ready += 1;
                while (ready != 2) {
                    std::this_thread::yield();
                }
                // Places that are neighbours in the groups, and no two threads with one.
                for (std::size_t each = which; each < 64; each += 2) {
                    found[which].push_back(&locals.of(*lanes.all[each]));
                    found[which].back()->seed = each;
                }
            });
        }
        for (std::thread& each : threads) {
            each.join();
        }
        for (std::size_t each = 0; each != 64; ++each) {
            REQUIRE(&locals.of(*lanes.all[each]) == found[each % 2][each / 2]);
            REQUIRE(locals.of(*lanes.all[each]).seed == each);
        }
    }
    CHECK(alive == 0);
}

TEST_CASE("a local without members takes no memory") {
    struct nothing {
        explicit nothing(std::uint64_t) noexcept {}
    };
    static_assert(sizeof(locals_by_thread<nothing>) == 1);
    lanes_at_places lanes(2);
    locals_by_thread<nothing> locals(7);
    CHECK(&locals.of(*lanes.all[0]) == &locals.of(*lanes.all[1]));
}
