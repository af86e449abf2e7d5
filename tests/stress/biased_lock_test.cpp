#include <drover/base/biased_lock.hpp>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"

TEST_CASE("owner, thieves and inspectors exclude each other") {
    const std::size_t rounds = drover_test::scaled(4'000'000);
    drover::biased_lock lock;
    std::size_t count = 0;  // plain: guarded by the lock, which is what a sanitizer checks here
    std::size_t also = 0;
    std::atomic<bool> over{false};
    std::atomic<std::size_t> by_others{0};
    std::atomic<std::size_t> torn{0};
    const auto touch = [&] {
        if (count != also) {
            torn.fetch_add(1);
        }
        count += 1;
        also += 1;
    };
    std::vector<std::thread> others;
    others.emplace_back([&] {
        while (!over.load()) {
            if (lock.try_revoke()) {
                touch();
                lock.restore();
                by_others.fetch_add(1);
            }
            std::this_thread::yield();
        }
    });
    others.emplace_back([&] {
        while (!over.load()) {
            lock.revoke();
            touch();
            lock.restore();
            by_others.fetch_add(1);
            std::this_thread::yield();
        }
    });
    std::size_t by_owner = 0;
    while (by_owner < rounds || by_others.load(std::memory_order_relaxed) < rounds / 10000) {
        lock.enter();
        touch();
        lock.leave();
        by_owner += 1;
    }
    over.store(true);
    for (std::thread& each : others) {
        each.join();
    }
    CHECK(torn.load() == 0);
    CHECK(count == by_owner + by_others.load());
}
