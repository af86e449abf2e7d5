#include <drover/balancing/member_load.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <thread>

#include <catch2/catch.hpp>

using drover::member_load;

TEST_CASE("a load is what was sent, less what is finished or was withdrawn") {
    member_load load;
    CHECK(load.read() == 0);
    load.sent();
    load.sent(5);
    CHECK(load.read() == 6);
    load.finished(2);
    load.withdrawn();
    CHECK(load.read() == 3);
    load.finished();
    load.withdrawn(2);
    CHECK(load.read() == 0);
}

TEST_CASE("a load is never below what waits, while others send and finish") {
    member_load load;
    std::atomic<std::uint64_t> pushed{0};
    std::atomic<bool> over{false};
    std::thread member([&] {
        for (std::uint64_t done = 0; done != 20'000;) {
            // As a mailbox does: what is taken was pushed, and so counted.
            while (done != pushed.load(std::memory_order_acquire)) {
                load.finished();
                done += 1;
            }
        }
        over = true;
    });
    std::thread sender([&] {
        for (int each = 0; each != 20'000; ++each) {
            load.sent();
            pushed.fetch_add(1, std::memory_order_release);
        }
    });
    std::uint64_t largest = 0;
    while (!over) {
        largest = std::max(largest, load.read());
    }
    member.join();
    sender.join();
    CHECK(largest <= 20'000);  // one below 0 would be very large
    CHECK(load.read() == 0);
}

TEST_CASE("a load takes messages within a limit only, from any number of threads") {
    member_load load;
    load.sent(4);
    load.finished(3);
    CHECK_FALSE(load.sent_within(0));
    CHECK_FALSE(load.sent_within(1));
    CHECK(load.sent_within(2));
    CHECK_FALSE(load.sent_within(2));
    std::atomic<std::uint64_t> taken{0};
    const auto take = [&] {
        for (int each = 0; each != 5000; ++each) {
            taken += load.sent_within(3002) ? 1 : 0;
        }
    };
    std::thread one(take);
    std::thread other(take);
    one.join();
    other.join();
    CHECK(taken == 3000);
    CHECK(load.read() == 3002);
}
