#include <drover/base/futex.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/wait.hpp"

using drover_test::wait_until;

TEST_CASE("futex_wait returns at once when the word has changed") {
    const std::atomic<std::uint32_t> word{1};
    drover::futex_wait(word, 0);
    drover::futex_wait_for(word, 0, 3'600'000'000'000);
    CHECK(word.load() == 1);
}

TEST_CASE("futex_wait_for ends by itself") {
    const std::atomic<std::uint32_t> word{0};
    drover::futex_wait_for(word, 0, 0);
    drover::futex_wait_for(word, 0, 1'000);
    CHECK(word.load() == 0);
}

TEST_CASE("a waiter is woken by a change and a wake") {
    std::atomic<std::uint32_t> word{0};
    std::atomic<int> back{0};
    std::vector<std::thread> waiters;
    for (int each = 0; each != 3; ++each) {
        waiters.emplace_back([&] {
            while (word.load() == 0) {
                drover::futex_wait(word, 0);
            }
            back.fetch_add(1);
        });
    }
    word.store(1);
    drover::futex_wake_all(word);
    for (std::thread& each : waiters) {
        each.join();
    }
    CHECK(back.load() == 3);

    std::thread one([&] {
        while (word.load() == 1) {
            drover::futex_wait(word, 1);
        }
    });
    word.store(2);
    drover::futex_wake_one(word);
    one.join();
}

TEST_CASE("a futex_mutex is held by one") {
    drover::futex_mutex mutex;
    CHECK(mutex.try_lock());
    CHECK_FALSE(mutex.try_lock());
    mutex.unlock();
    mutex.lock();
    bool taken = true;
    std::thread([&] { taken = mutex.try_lock(); }).join();
    CHECK_FALSE(taken);
    mutex.unlock();
    CHECK(mutex.try_lock());
    mutex.unlock();
}

TEST_CASE("a futex_mutex excludes, and wakes who waits for it") {
    const std::size_t rounds = drover_test::scaled(20000);
    drover::futex_mutex mutex;
    std::size_t count = 0;
    std::vector<std::thread> threads;
    for (int each = 0; each != 4; ++each) {
        threads.emplace_back([&] {
            for (std::size_t round = 0; round != rounds; ++round) {
                const std::lock_guard lock(mutex);
                const std::size_t seen = count;
                if (round % 64 == 0) {
                    std::this_thread::yield();  // so that others meet it held, and wait
                }
                count = seen + 1;
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    CHECK(count == 4 * rounds);
}
