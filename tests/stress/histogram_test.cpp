#include <drover/metrics/histogram_block.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/base/random.hpp>

#include "support/scale.hpp"

namespace {

using drover::histogram;
using drover::histogram_block;
using ns = drover::clock_duration;

// Few sizes, so that threads meet in a bucket; some are above the top.
ns value_of(drover::random_source& random) {
    return ns(std::int64_t{1} << (30 + random.below(8)));
}

// Reads until told to end. How often a number was seen to shrink, which subtraction refuses, or the count was not the
// sum of the buckets.
std::size_t watch(const std::vector<const histogram_block*>& blocks, const std::atomic<bool>& over) {
    std::size_t wrong = 0;
    histogram earlier;
    do {
        histogram later;
        for (const histogram_block* each : blocks) {
            each->add_to(later);
        }
        std::uint64_t sum = later.saturated();
        for (std::size_t each = 0; each != histogram::buckets; ++each) {
            sum += later.count_in(each);
        }
        try {
            wrong += (later - earlier).count() != later.count() - earlier.count() ? 1 : 0;
        } catch (const std::invalid_argument&) {
            wrong += 1;
        }
        wrong += sum != later.count() || later.sum_nanoseconds() < earlier.sum_nanoseconds() ? 1 : 0;
        earlier = later;
        std::this_thread::yield();
    } while (!over.load());
    return wrong;
}

}  // namespace

TEST_CASE("one writer and many outside threads lose nothing, and a reader sees numbers that only grow") {
    const std::size_t rounds = drover_test::scaled(4'000'000);
    histogram_block worker;
    histogram_block outside;
    std::atomic<int> missing{4};
    const auto begin_together = [&] {
        missing.fetch_sub(1);
        while (missing.load() != 0) {
            std::this_thread::yield();
        }
    };
    std::atomic<bool> over{false};
    std::size_t wrong = 0;
    std::thread reader([&] { wrong = watch({&worker, &outside}, over); });
    std::vector<std::thread> writers;
    writers.emplace_back([&] {
        drover::random_source random(0);
        begin_together();
        for (std::size_t each = 0; each != rounds; ++each) {
            worker.record(value_of(random));
        }
    });
    for (std::uint64_t seed = 1; seed != 4; ++seed) {
        writers.emplace_back([&, seed] {
            drover::random_source random(seed);
            begin_together();
            for (std::size_t each = 0; each != rounds; ++each) {
                outside.record_shared(value_of(random));
            }
        });
    }
    for (std::thread& each : writers) {
        each.join();
    }
    over.store(true);
    reader.join();
    CHECK(wrong == 0);

    histogram wanted;
    for (std::uint64_t seed = 0; seed != 4; ++seed) {
        drover::random_source random(seed);
        for (std::size_t each = 0; each != rounds; ++each) {
            wanted.record(value_of(random));
        }
    }
    CHECK(worker.read() + outside.read() == wanted);
}
