#include <drover/base/block_pool.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/failing_new.hpp"
#include "support/wait.hpp"

using drover::block_pool;
using drover::pooled_memory;
using drover_test::failing_new;

namespace {

constexpr std::uint8_t smallest = 0;
constexpr std::uint8_t biggest = drover::detail::block_classes - 1;

std::vector<void*> take(std::size_t count, std::uint8_t size_class) {
    std::vector<void*> blocks;
    blocks.reserve(count);
    while (blocks.size() != count) {
        blocks.push_back(block_pool::allocate(size_class));
    }
    return blocks;
}

void give(const std::vector<void*>& blocks, std::uint8_t size_class) {
    for (void* each : blocks) {
        block_pool::release(each, size_class);
    }
}

// Blocks out of slabs and not in the depot: it changes by a magazine whenever one crosses over.
std::size_t outside_depot(std::uint8_t size_class) {
    return drover::detail::block_depots[size_class].outstanding();
}

struct alignas(128) over_aligned {
    char text[128];
};
struct large {
    char text[513];
};
struct fitting {
    char text[512];
};

// Gives a block back when its thread ends, as an envelope in a thread-local would.
struct late_release {
    void* block = nullptr;
    ~late_release() {
        if (block != nullptr) {
            block_pool::release(block, smallest);
        }
    }
};
thread_local late_release late;

}  // namespace

TEST_CASE("class_of is the smallest class that fits") {
    CHECK(block_pool::class_of(1) == 0);
    CHECK(block_pool::class_of(32) == 0);
    CHECK(block_pool::class_of(33) == 1);
    CHECK(block_pool::class_of(64) == 1);
    CHECK(block_pool::class_of(65) == 2);
    CHECK(block_pool::class_of(512) == 8);
    for (std::size_t bytes = 1; bytes <= block_pool::largest; ++bytes) {
        const std::size_t room = block_pool::bytes_of(block_pool::class_of(bytes));
        REQUIRE(room >= bytes);
        REQUIRE(room < bytes + block_pool::granule);
    }
}

TEST_CASE("blocks of every class are whole, aligned and apart") {
    for (std::uint8_t size_class = 0; size_class <= biggest; ++size_class) {
        const std::size_t bytes = block_pool::bytes_of(size_class);
        const std::vector<void*> blocks = take(1500, size_class);
        for (std::size_t each = 0; each != blocks.size(); ++each) {
            REQUIRE(reinterpret_cast<std::uintptr_t>(blocks[each]) % std::min(bytes, block_pool::granule) == 0);
            std::memset(blocks[each], static_cast<int>(each % 251), bytes);
        }
        for (std::size_t each = 0; each != blocks.size(); ++each) {
            const auto* const text = static_cast<const unsigned char*>(blocks[each]);
            const auto wanted = static_cast<unsigned char>(each % 251);
            REQUIRE(text[0] == wanted);
            REQUIRE(text[bytes - 1] == wanted);
        }
        CHECK(std::set<void*>(blocks.begin(), blocks.end()).size() == blocks.size());
        give(blocks, size_class);
    }
}

TEST_CASE("the block released last is given first") {
    const std::vector<void*> blocks = take(3, smallest);
    give(blocks, smallest);
    CHECK(block_pool::allocate(smallest) == blocks[2]);
    CHECK(block_pool::allocate(smallest) == blocks[1]);
    CHECK(block_pool::allocate(smallest) == blocks[0]);
    give(blocks, smallest);
}

TEST_CASE("a run is of blocks side by side, whatever order the pool has them in, and each is given once") {
    for (const std::uint8_t size_class : {smallest, std::uint8_t{1}, biggest}) {
        const std::size_t before = block_pool::outstanding(size_class);
        const std::size_t bytes = block_pool::bytes_of(size_class);
        auto blocks = take(300, size_class);
        SECTION("as they came") {}
        SECTION("the other way round") {
            std::reverse(blocks.begin(), blocks.end());
        }
        SECTION("out of order") {
            std::swap(blocks[2], blocks[297]);
        }
        give(blocks, size_class);
        std::set<void*> seen;
        std::size_t longest = 0;
        while (seen.size() < 300) {
            block_pool::run part = block_pool::allocate_run(size_class, 7);
            REQUIRE(part.left >= 1);
            REQUIRE(part.left <= 7);
            longest = std::max<std::size_t>(longest, part.left);
            std::byte* last = nullptr;
            while (part.left != 0) {
                auto* const block = static_cast<std::byte*>(part.take());
                CHECK(seen.insert(block).second);
                std::memset(block, 1, bytes);
                if (last != nullptr) {
                    CHECK(static_cast<std::size_t>(std::abs(block - last)) == bytes);
                }
                last = block;
            }
        }
        CHECK(longest == 7);
        CHECK(block_pool::outstanding(size_class) == before + seen.size());
        give({seen.begin(), seen.end()}, size_class);

        block_pool::run unused = block_pool::allocate_run(size_class, 32);
        unused.take();
        const std::size_t left = unused.left;
        const std::size_t in_use = block_pool::outstanding(size_class);
        unused.release();
        CHECK(unused.left == 0);
        CHECK(block_pool::outstanding(size_class) == in_use - left);
    }
}

TEST_CASE("release_all gives back each block, across the edges of magazines") {
    for (const std::size_t count :
         {std::size_t{0}, std::size_t{1}, std::size_t{127}, std::size_t{128}, std::size_t{129}, std::size_t{1000}}) {
        const std::size_t before = block_pool::outstanding(smallest);
        const auto blocks = take(count, smallest);
        block_pool::release_all(blocks.data(), count, smallest);
        CHECK(block_pool::outstanding(smallest) == before);
        const auto again = take(count + 5, smallest);
        CHECK(std::set<void*>(again.begin(), again.end()).size() == count + 5);
        give(again, smallest);
    }
}

TEST_CASE("outstanding counts what is in use") {
    const std::size_t before = block_pool::outstanding(3);
    const std::vector<void*> blocks = take(1000, 3);
    CHECK(block_pool::outstanding(3) == before + 1000);
    give(blocks, 3);
    CHECK(block_pool::outstanding(3) == before);
}

TEST_CASE("a thread that swings around a magazine's edge stays out of the depot") {
    std::vector<void*> blocks = take(600, 1);
    const std::size_t before = outside_depot(1);
    while (outside_depot(1) == before) {
        block_pool::release(blocks.back(), 1);
        blocks.pop_back();
    }
    const std::size_t now = outside_depot(1);
    std::size_t trips = 0;
    for (int each = 0; each != 100; ++each) {
        const std::vector<void*> few = take(2, 1);
        trips += outside_depot(1) != now ? 1 : 0;
        give(few, 1);
        trips += outside_depot(1) != now ? 1 : 0;
    }
    CHECK(trips == 0);
    give(blocks, 1);
}

TEST_CASE("a thread that ends hands its blocks over") {
    const std::size_t before = block_pool::outstanding(2);
    std::vector<void*> kept;
    std::thread([&] {
        std::vector<void*> blocks = take(500, 2);
        kept.assign(blocks.begin(), blocks.begin() + 5);
        blocks.erase(blocks.begin(), blocks.begin() + 5);
        give(blocks, 2);
    }).join();
    CHECK(block_pool::outstanding(2) == before + 5);
    give(kept, 2);
    CHECK(block_pool::outstanding(2) == before);
}

TEST_CASE("a thread that only releases hands its blocks over") {
    const std::size_t before = block_pool::outstanding(2);
    const std::vector<void*> blocks = take(1000, 2);
    std::thread([&] { give(blocks, 2); }).join();
    CHECK(block_pool::outstanding(2) == before);
}

TEST_CASE("a thread-local may release blocks when its thread ends") {
    const std::size_t before = block_pool::outstanding(smallest);
    std::thread([] { late.block = block_pool::allocate(smallest); }).join();
    std::thread([] {
        // The first touch of the pool by this thread is in the destructor.
        void* taken = nullptr;
        std::thread([&] { taken = block_pool::allocate(smallest); }).join();
        late.block = taken;
    }).join();
    CHECK(block_pool::outstanding(smallest) == before);
}

TEST_CASE("blocks that another thread releases come back to the one that allocates") {
    constexpr std::size_t rounds = 20;
    std::size_t reserved = 0;
    std::vector<void*> passed;
    std::atomic<std::size_t> turn{0};
    std::thread consumer([&] {
        for (std::size_t round = 0; round != rounds; ++round) {
            drover_test::wait_until([&] { return turn.load() == 2 * round + 1; });
            give(passed, smallest);
            turn.store(2 * round + 2);
        }
    });
    for (std::size_t round = 0; round != rounds; ++round) {
        passed = take(5000, smallest);
        turn.store(2 * round + 1);
        drover_test::wait_until([&] { return turn.load() == 2 * round + 2; });
        if (round == 1) {
            reserved = block_pool::reserved_bytes();
        }
    }
    consumer.join();
    CHECK(block_pool::reserved_bytes() == reserved);
}

TEST_CASE("above its bound the depot gives memory back") {
    using drover::detail::depot_bytes;
    using drover::detail::slab_bytes;
    using drover::detail::spare_bytes;
    const std::size_t before = block_pool::reserved_bytes();
    constexpr std::size_t much = 2 * (depot_bytes + spare_bytes);
    const std::vector<void*> blocks = take(much / block_pool::largest, biggest);
    CHECK(block_pool::reserved_bytes() >= much);
    give(blocks, biggest);
    CHECK(block_pool::reserved_bytes() <= before + depot_bytes + spare_bytes + 3 * slab_bytes);
    CHECK(block_pool::reserved_bytes() % slab_bytes == 0);
}

TEST_CASE("without memory allocate throws, and nothing has changed") {
    constexpr std::uint8_t size_class = 5;
    const std::size_t before = block_pool::outstanding(size_class);
    std::vector<void*> blocks;
    blocks.reserve(200000);
    bool threw = false;
    bool again = false;
    {
        const failing_new refuse;
        try {
            while (blocks.size() != blocks.capacity()) {
                blocks.push_back(block_pool::allocate(size_class));
            }
        } catch (const std::bad_alloc&) {
            threw = true;
        }
        try {
            blocks.push_back(block_pool::allocate(size_class));
        } catch (const std::bad_alloc&) {
            again = true;
        }
    }
    CHECK(threw);
    CHECK(again);
    CHECK(block_pool::outstanding(size_class) == before + blocks.size());
    blocks.push_back(block_pool::allocate(size_class));
    CHECK(block_pool::outstanding(size_class) == before + blocks.size());
    give(blocks, size_class);
    CHECK(block_pool::outstanding(size_class) == before);
}

TEST_CASE("without memory release loses nothing") {
    constexpr std::uint8_t size_class = 6;
    const std::size_t before = block_pool::outstanding(size_class);
    const std::vector<void*> blocks = take(20000, size_class);
    std::size_t refused = 0;
    {
        const failing_new refuse;
        give(blocks, size_class);
        refused = refuse.refused();
    }
    CHECK(refused != 0);
    CHECK(block_pool::outstanding(size_class) == before);

    // A thread that gets no magazine at all gives blocks back one by one.
    const std::vector<void*> more = take(300, size_class);
    std::thread([&] {
        const failing_new refuse;
        give(more, size_class);
        refused = refuse.refused();
    }).join();
    CHECK(refused != 0);
    CHECK(block_pool::outstanding(size_class) == before);
}

TEST_CASE("pooled_memory takes what fits from the pool and the rest from the allocator") {
    STATIC_REQUIRE(pooled_memory<int>::pooled());
    STATIC_REQUIRE(pooled_memory<fitting>::pooled());
    STATIC_REQUIRE_FALSE(pooled_memory<large>::pooled());
    STATIC_REQUIRE_FALSE(pooled_memory<over_aligned>::pooled());

    const std::size_t before = block_pool::outstanding(biggest);
    void* const pooled = pooled_memory<fitting>::allocate();
    CHECK(block_pool::outstanding(biggest) == before + 1);
    pooled_memory<fitting>::deallocate(pooled);
    CHECK(block_pool::outstanding(biggest) == before);

    const std::size_t allocations = drover_test::allocations();
    void* const own = pooled_memory<large>::allocate();
    void* const aligned = pooled_memory<over_aligned>::allocate();
    CHECK(drover_test::allocations() >= allocations + 2);
    CHECK(reinterpret_cast<std::uintptr_t>(aligned) % 128 == 0);
    std::memset(own, 1, sizeof(large));
    std::memset(aligned, 1, sizeof(over_aligned));
    pooled_memory<large>::deallocate(own);
    pooled_memory<over_aligned>::deallocate(aligned);
}

#ifdef DROVER_ADDRESS_SANITIZER
TEST_CASE("a released block is poisoned for its whole length, and not the one beside it") {
    for (const std::uint8_t size_class : {smallest, biggest}) {
        const std::size_t bytes = block_pool::bytes_of(size_class);
        void* const block = block_pool::allocate(size_class);
        void* const other = block_pool::allocate(size_class);
        CHECK(__asan_region_is_poisoned(block, bytes) == nullptr);
        block_pool::release(block, size_class);
        CHECK(__asan_address_is_poisoned(block) == 1);
        CHECK(__asan_address_is_poisoned(static_cast<char*>(block) + bytes - 1) == 1);
        CHECK(__asan_region_is_poisoned(other, bytes) == nullptr);
        CHECK(block_pool::allocate(size_class) == block);
        CHECK(__asan_region_is_poisoned(block, bytes) == nullptr);
        block_pool::release(block, size_class);
        block_pool::release(other, size_class);
    }
}
#endif
