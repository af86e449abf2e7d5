#include <drover/scheduling/sleep.hpp>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"

using drover::sleep_list;

namespace {

// Work is a number: who makes it more notifies, workers take one at a time and sleep over 0. What is lost is a wake-up,
// and then the test never ends; ctest ends it.
class counter_queue {
public:
    explicit counter_queue(std::size_t workers) : sleep_(workers) {}

    void add() {
        waiting_.fetch_add(1, std::memory_order_seq_cst);
        sleep_.notify();
    }

    void work(std::size_t me) {
        bool searching = false;
        while (!over_.load(std::memory_order_seq_cst)) {
            if (take()) {
                if (searching && sleep_.stop_search()) {
                    sleep_.notify();
                }
                searching = false;
                handled_.fetch_add(1, std::memory_order_relaxed);
                continue;
            }
            if (!searching) {
                searching = sleep_.try_start_search();
                if (searching) {
                    continue;
                }
            }
            sleep_.announce(me, searching);
            if (waiting_.load(std::memory_order_seq_cst) != 0 || over_.load(std::memory_order_seq_cst)) {
                sleep_.withdraw(me);
            } else if (me % 2 == 0 || !sleep_.wait_for(me, 1000)) {
                sleep_.wait(me);
            }
            searching = true;
        }
        if (searching) {
            sleep_.stop_search();
        }
    }

    std::size_t handled() const { return handled_.load(); }

    void end() {
        over_.store(true, std::memory_order_seq_cst);
        sleep_.wake_all();
    }

    bool asleep() {
        return sleep_.test_locked([&] { return sleep_.awake() == 0; });
    }

private:
    bool take() {
        std::size_t seen = waiting_.load(std::memory_order_seq_cst);
        while (seen != 0) {
            if (waiting_.compare_exchange_weak(seen, seen - 1, std::memory_order_seq_cst)) {
                return true;
            }
        }
        return false;
    }

    sleep_list sleep_;
    std::atomic<std::size_t> waiting_{0};
    std::atomic<std::size_t> handled_{0};
    std::atomic<bool> over_{false};
};

}  // namespace

TEST_CASE("no wake-up is lost between workers that park and threads that notify") {
    constexpr std::size_t workers = 3;
    const std::size_t rounds = drover_test::scaled(20'000);
    counter_queue queue(workers);
    std::vector<std::thread> threads;
    for (std::size_t worker = 0; worker != workers; ++worker) {
        threads.emplace_back([&, worker] { queue.work(worker); });
    }
    std::size_t added = 0;
    for (std::size_t round = 0; round != rounds; ++round) {
        // One at a time, so that each must wake somebody; then a few at once.
        const std::size_t burst = round % 4 == 3 ? 5 : 1;
        for (std::size_t each = 0; each != burst; ++each) {
            queue.add();
        }
        added += burst;
        while (queue.handled() != added) {
            std::this_thread::yield();
        }
    }
    while (!queue.asleep()) {
        std::this_thread::yield();
    }
    CHECK(queue.handled() == added);
    queue.end();
    for (std::thread& each : threads) {
        each.join();
    }
}

TEST_CASE("several notifiers at once lose nothing either") {
    constexpr std::size_t workers = 2;
    const std::size_t rounds = drover_test::scaled(500'000);
    counter_queue queue(workers);
    std::vector<std::thread> threads;
    for (std::size_t worker = 0; worker != workers; ++worker) {
        threads.emplace_back([&, worker] { queue.work(worker); });
    }
    std::vector<std::thread> notifiers;
    for (int notifier = 0; notifier != 2; ++notifier) {
        notifiers.emplace_back([&] {
            for (std::size_t round = 0; round != rounds; ++round) {
                queue.add();
            }
        });
    }
    for (std::thread& each : notifiers) {
        each.join();
    }
    while (!queue.asleep()) {
        std::this_thread::yield();
    }
    CHECK(queue.handled() == 2 * rounds);
    queue.end();
    for (std::thread& each : threads) {
        each.join();
    }
}
