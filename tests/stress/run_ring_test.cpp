#include <drover/scheduling/run_ring.hpp>
#include <drover/scheduling/shared_queues.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"

using namespace drover;

namespace {

struct counted : runnable {
    counted() noexcept : runnable(nullptr) {}
    std::atomic<int> runs{0};
};

void run(runnable* item) {
    static_cast<counted*>(item)->runs.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

TEST_CASE("owner and thieves take each item once") {
    const std::size_t items_count = drover_test::scaled(1'000'000);
    std::deque<counted> items(items_count);
    std::vector<std::unique_ptr<run_ring>> rings;
    for (int each = 0; each != 3; ++each) {
        rings.push_back(std::make_unique<run_ring>());
    }
    std::atomic<bool> over{false};
    std::vector<std::thread> thieves;
    for (std::size_t thief = 1; thief != rings.size(); ++thief) {
        thieves.emplace_back([&, thief] {
            run_ring& mine = *rings[thief];
            while (!over.load(std::memory_order_acquire)) {
                // From the owner and from each other, as workers do.
                std::size_t taken = 0;
                runnable* item = rings[0]->steal_half(mine, taken);
                if (item == nullptr) {
                    item = rings[3 - thief]->steal_half(mine, taken);
                }
                if (item == nullptr) {
                    std::this_thread::yield();
                    continue;
                }
                run(item);
                // Half of what was taken waits in the ring for a while, so that it can be stolen.
                while (mine.size() > taken / 2) {
                    if (runnable* const own = mine.pop()) {
                        run(own);
                    }
                }
                while (runnable* const own = mine.pop()) {
                    run(own);
                }
            }
        });
    }
    for (counted& each : items) {
        while (!rings[0]->push(&each)) {
            if (runnable* const item = rings[0]->pop()) {
                run(item);
            }
        }
    }
    while (runnable* const item = rings[0]->pop()) {
        run(item);
    }
    over.store(true, std::memory_order_release);
    for (std::thread& each : thieves) {
        each.join();
    }
    std::size_t wrong = 0;
    for (const counted& each : items) {
        wrong += each.runs.load() != 1 ? 1 : 0;
    }
    CHECK(wrong == 0);
}

TEST_CASE("the injector and the overflow list give each item once") {
    const std::size_t items_count = drover_test::scaled(500'000);
    constexpr std::size_t producers = 2;
    std::vector<std::deque<counted>> items(producers);
    for (std::deque<counted>& each : items) {
        each.resize(items_count);
    }
    injector outside;
    overflow_list overflow;
    std::atomic<std::size_t> done{0};
    std::vector<std::thread> threads;
    for (std::size_t producer = 0; producer != producers; ++producer) {
        threads.emplace_back([&, producer] {
            for (counted& each : items[producer]) {
                outside.push(&each);
            }
        });
    }
    for (int consumer = 0; consumer != 2; ++consumer) {
        threads.emplace_back([&] {
            while (done.load(std::memory_order_relaxed) != producers * items_count) {
                // All that came from outside goes to the shared list, and a few come back.
                run_chain chain;
                for (runnable* each = outside.take_all(); each != nullptr;) {
                    runnable* const next = each->next_runnable;
                    chain.append(each);
                    each = next;
                }
                if (chain.first != nullptr) {
                    overflow.push(chain);
                }
                runnable* item = overflow.take(16);
                if (item == nullptr) {
                    std::this_thread::yield();
                }
                while (item != nullptr) {
                    runnable* const next = item->next_runnable;
                    run(item);
                    done.fetch_add(1, std::memory_order_relaxed);
                    item = next;
                }
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    std::size_t wrong = 0;
    for (const std::deque<counted>& each : items) {
        for (const counted& item : each) {
            wrong += item.runs.load() != 1 ? 1 : 0;
        }
    }
    CHECK(wrong == 0);
    CHECK(outside.empty());
    CHECK(overflow.empty());
}
