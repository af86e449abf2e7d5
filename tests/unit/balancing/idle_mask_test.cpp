#include <drover/balancing/idle_mask.hpp>

#include <atomic>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace drover;
using words = std::vector<std::uint64_t>;

TEST_CASE("a mark is set, withdrawn once, and restored") {
    idle_mask mask(130);
    CHECK(mask.slots() == 130);
    for (const std::uint32_t slot : {0U, 63U, 64U, 129U}) {
        CHECK_FALSE(mask.marked(slot));
        CHECK_FALSE(mask.withdraw(slot));
        mask.announce(slot);
        CHECK(mask.marked(slot));
        CHECK_FALSE(mask.marked(slot ^ 1U));
        mask.announce(slot);
        CHECK(mask.withdraw(slot));
        CHECK_FALSE(mask.withdraw(slot));
        mask.restore(slot);
        CHECK(mask.marked(slot));
    }
}

TEST_CASE("a claim takes one mark, of an eligible slot") {
    idle_mask mask(128);
    mask.announce(5);
    mask.announce(70);
    std::uint32_t place = 0;
    CHECK(mask.claim(words{}, place) == no_slot);
    CHECK(mask.claim(words{~(std::uint64_t{1} << 5), 0}, place) == no_slot);
    CHECK(mask.claim(words{0, 1U << 6}, place) == 70);
    CHECK_FALSE(mask.marked(70));
    CHECK(mask.marked(5));
    CHECK(mask.claim(words{~std::uint64_t{0}, ~std::uint64_t{0}}, place) == 5);
    CHECK(mask.claim(words{~std::uint64_t{0}, ~std::uint64_t{0}}, place) == no_slot);
}

TEST_CASE("claims go on behind the last one, round and round") {
    idle_mask mask(192);
    const words all(3, ~std::uint64_t{0});
    for (const std::uint32_t slot : {3U, 7U, 63U, 64U, 190U}) {
        mask.announce(slot);
    }
    std::uint32_t place = 5;
    for (const std::uint32_t due : {7U, 63U, 64U, 190U, 3U, 7U, 63U}) {
        REQUIRE(mask.claim(all, place) == due);
        mask.announce(due);
    }
    CHECK(mask.withdraw(64));
    CHECK(mask.withdraw(190));
    CHECK(mask.claim(all, place) == 3);
    CHECK(mask.claim(all, place) == 7);
    CHECK(mask.claim(all, place) == 63);
    CHECK(mask.claim(all, place) == no_slot);
    mask.announce(3);
    place = 4;
    CHECK(mask.claim(words(1, ~std::uint64_t{0}), place) == 3);  // before the place, in the same word
}

TEST_CASE("a claim looks at 16 words and at others the next time") {
    idle_mask mask(64 * 40);
    const words all(40, ~std::uint64_t{0});
    mask.announce(64 * 35);
    std::uint32_t place = 0;
    CHECK(mask.claim(all, place) == no_slot);
    CHECK(place == 64 * 16);
    CHECK(mask.claim(all, place) == no_slot);
    CHECK(mask.claim(all, place) == 64 * 35);
    place = 5;
    mask.announce(64 * 16);
    CHECK(mask.claim(all, place) == no_slot);  // a part of a word is one of the 16
    CHECK(mask.claim(all, place) == 64 * 16);
    place = 4'000'000'000;  // a first place is any number
    mask.announce(64 * 35);
    std::uint32_t found = no_slot;
    for (int tries = 0; tries != 3 && found == no_slot; ++tries) {
        found = mask.claim(all, place);
    }
    CHECK(found == 64 * 35);
}

TEST_CASE("each mark is claimed exactly once, by however many threads") {
    constexpr std::uint32_t slots = 66;
    idle_mask mask(slots);
    const words all(2, ~std::uint64_t{0});
    constexpr std::uint32_t in_use[] = {0, 1, 65};  // few, so that threads meet
    for (const std::uint32_t slot : in_use) {
        mask.announce(slot);
    }
    // Who has a mark is alone with it, and nobody else sets it again.
    std::vector<std::atomic<int>> inside(slots);
    std::atomic<int> together{0};
    std::atomic<std::uint64_t> had{0};
    const auto hold = [&](std::uint32_t slot) {
        if (inside[slot].fetch_add(1) != 0) together += 1;
        for (int each = 0; each != 20; ++each) {
            if (mask.marked(slot)) together += 1;
        }
        inside[slot].fetch_sub(1);
        had += 1;
        mask.announce(slot);
    };
    std::vector<std::thread> threads;
    for (std::uint32_t thread = 0; thread != 3; ++thread) {
        threads.emplace_back([&, thread] {
            std::uint32_t place = 0;
            for (std::uint32_t each = 0; each != 1'000'000; ++each) {
                place = 0;  // all at the same one
                const std::uint32_t slot = mask.claim(all, place);
                if (slot != no_slot) hold(slot);
                const std::uint32_t other = in_use[(each + thread) % 3];
                if (mask.withdraw(other)) hold(other);
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    CHECK(together == 0);
    CHECK(had > 1000);
    std::set<std::uint32_t> left;
    std::uint32_t place = 0;
    for (int each = 0; each != 3; ++each) {
        left.insert(mask.claim(all, place));
    }
    CHECK(left == std::set<std::uint32_t>{0, 1, 65});
}

TEST_CASE("a mask refuses no slots and too many, in a sentence") {
    CHECK_THROWS_WITH(idle_mask(0),
                      "drover: most_slots is 0; give it 1 to 65536, and as many as the pool ever has members");
    CHECK_THROWS_WITH(idle_mask(65'537),
                      "drover: most_slots is 65537; give it 1 to 65536, and as many as the pool ever has members");
    idle_mask largest(65'536);
    largest.announce(65'535);
    CHECK(largest.marked(65'535));
}
