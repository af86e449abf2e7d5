#include <drover/base/block_pool.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/base/random.hpp>

#include "support/scale.hpp"

using drover::block_pool;

namespace {

// A shelf where threads leave blocks for others.
class shelf {
public:
    void* swap(std::size_t place, void* block) { return places_[place % places_.size()].exchange(block); }
    std::size_t size() const { return places_.size(); }

private:
    std::array<std::atomic<void*>, 4096> places_{};
};

// Every block bears who wrote it last; a block that two hold at once is found out.
struct stamp {
    std::uint64_t owner;
    std::uint64_t again;
};

bool write_and_check(void* block, std::uint64_t owner) {
    auto* const text = static_cast<stamp*>(block);
    text->owner = owner;
    text->again = owner;
    return text->owner == owner && text->again == owner;
}

}  // namespace

TEST_CASE("threads that come, trade blocks and go lose none and share none") {
    const std::size_t generations = drover_test::scaled(160);
    constexpr std::size_t threads_at_once = 4;
    constexpr std::uint8_t size_class = 1;
    const std::size_t before = block_pool::outstanding(size_class);
    shelf shared;
    std::atomic<std::size_t> broken{0};
    std::size_t reserved = 0;
    for (std::size_t generation = 0; generation != generations; ++generation) {
        std::vector<std::thread> threads;
        for (std::size_t thread = 0; thread != threads_at_once; ++thread) {
            threads.emplace_back([&, seed = generation * threads_at_once + thread + 1] {
                drover::random_source random(seed);
                for (std::uint64_t round = 0; round != 20000; ++round) {
                    void* const block = block_pool::allocate(size_class);
                    if (!write_and_check(block, seed << 32U | round)) {
                        broken.fetch_add(1);
                    }
                    const auto place = random.below(static_cast<std::uint32_t>(shared.size()));
                    if (void* const other = shared.swap(place, block)) {
                        write_and_check(other, seed);
                        block_pool::release(other, size_class);
                    }
                }
            });
        }
        for (std::thread& each : threads) {
            each.join();
        }
        if (generation == generations / 2) {
            reserved = block_pool::reserved_bytes();
        }
    }
    CHECK(broken.load() == 0);
    CHECK(block_pool::reserved_bytes() <= reserved + std::size_t{4} * drover::detail::slab_bytes);
    for (std::size_t place = 0; place != shared.size(); ++place) {
        if (void* const block = shared.swap(place, nullptr)) {
            block_pool::release(block, size_class);
        }
    }
    CHECK(block_pool::outstanding(size_class) == before);
}

TEST_CASE("one thread allocates and another releases, without end of memory") {
    constexpr std::uint8_t size_class = 7;
    const std::size_t rounds = drover_test::scaled(10'000'000);
    const std::size_t before = block_pool::outstanding(size_class);
    std::array<std::atomic<void*>, 1024> ring{};
    std::thread releaser([&] {
        for (std::size_t round = 0; round != rounds; ++round) {
            std::atomic<void*>& place = ring[round % ring.size()];
            void* block = nullptr;
            while ((block = place.load(std::memory_order_acquire)) == nullptr) {
                std::this_thread::yield();
            }
            place.store(nullptr, std::memory_order_release);
            block_pool::release(block, size_class);
        }
    });
    for (std::size_t round = 0; round != rounds; ++round) {
        std::atomic<void*>& place = ring[round % ring.size()];
        while (place.load(std::memory_order_acquire) != nullptr) {
            std::this_thread::yield();
        }
        void* const block = block_pool::allocate(size_class);
        *static_cast<std::size_t*>(block) = round;
        place.store(block, std::memory_order_release);
    }
    releaser.join();
    CHECK(block_pool::outstanding(size_class) == before);
    CHECK(block_pool::reserved_bytes() < drover::detail::depot_bytes + drover::detail::spare_bytes);
}
