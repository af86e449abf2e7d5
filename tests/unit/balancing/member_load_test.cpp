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

TEST_CASE("a load is never below 0 while others send and finish") {
    member_load load;
    std::atomic<bool> over{false};
    std::thread member([&] {
        for (int each = 0; each != 500'000; ++each) {
            load.sent();
            load.finished();
        }
        over = true;
    });
    // What is read first can be out of date; were that what was sent, less than nothing could be left.
    std::uint64_t largest = 0;
    while (!over) {
        largest = std::max(largest, load.read());
    }
    member.join();
    CHECK(largest < 1'000'000'000);
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
}

TEST_CASE("a load within one is had by one thread at a time") {
    member_load load;
    std::atomic<int> inside{0};
    std::atomic<int> together{0};
    const auto take = [&] {
        for (int had = 0; had != 20'000;) {
            if (!load.sent_within(1)) continue;
            if (inside.fetch_add(1) != 0) together += 1;
            inside.fetch_sub(1);
            load.finished();
            had += 1;
        }
    };
    std::thread one(take);
    std::thread other(take);
    one.join();
    other.join();
    CHECK(together == 0);
    CHECK(load.read() == 0);
}
