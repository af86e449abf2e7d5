#include <drover/scheduling/sleep.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using drover::sleep_list;

TEST_CASE("all workers are awake at first, and nobody is woken") {
    sleep_list list(3);
    CHECK(list.awake() == 3);
    list.notify();
    list.wake_any();
    list.wake_all();
    CHECK(list.awake() == 3);
}

TEST_CASE("at most one worker searches") {
    sleep_list list(2);
    CHECK(list.try_start_search());
    CHECK_FALSE(list.try_start_search());
    CHECK(list.stop_search());
    CHECK(list.try_start_search());
    CHECK(list.stop_search());
}

TEST_CASE("announce tells the last one awake") {
    sleep_list list(3);
    CHECK_FALSE(list.announce(0, false));
    CHECK(list.awake() == 2);
    CHECK_FALSE(list.announce(2, false));
    CHECK(list.announce(1, false));
    CHECK(list.awake() == 0);
}

TEST_CASE("announce ends the caller's search") {
    sleep_list list(2);
    REQUIRE(list.try_start_search());
    list.announce(0, true);
    CHECK(list.try_start_search());
    CHECK(list.stop_search());
}

TEST_CASE("notify wakes one sleeper, who then counts as awake and searching") {
    sleep_list list(3);
    list.announce(0, false);
    list.announce(1, false);
    list.notify();
    CHECK(list.awake() == 2);
    CHECK_FALSE(list.try_start_search());
    list.wait(1);  // the one that went to sleep last has the token, and this does not block
    CHECK_FALSE(list.wait_for(0, 0));
    CHECK(list.stop_search());
}

TEST_CASE("while somebody searches notify wakes nobody") {
    sleep_list list(2);
    list.announce(0, false);
    REQUIRE(list.try_start_search());
    list.notify();
    list.wake_any();
    CHECK(list.awake() == 1);
    CHECK_FALSE(list.wait_for(0, 0));
    CHECK(list.stop_search());
    list.notify();
    CHECK(list.awake() == 2);
    CHECK(list.wait_for(0, 0));
}

TEST_CASE("wake_any wakes a sleeper though nothing was announced") {
    sleep_list list(2);
    list.announce(1, false);
    list.wake_any();
    CHECK(list.awake() == 2);
    list.wait(1);
    CHECK(list.stop_search());
}

TEST_CASE("a worker that withdraws is awake and searching, whether it was found or not") {
    sleep_list list(3);
    list.announce(0, false);
    list.announce(1, false);
    list.withdraw(0);
    CHECK(list.awake() == 2);
    CHECK(list.stop_search());
    list.notify();  // wakes the other, not the one that has gone
    CHECK(list.awake() == 3);
    list.withdraw(1);
    CHECK(list.awake() == 3);
    CHECK(list.stop_search());
}

TEST_CASE("wait_for without a token ends by itself and leaves the worker asleep") {
    sleep_list list(1);
    list.announce(0, false);
    CHECK_FALSE(list.wait_for(0, 1000));
    CHECK(list.awake() == 0);
    list.notify();
    CHECK(list.wait_for(0, 3'600'000'000'000));
    CHECK(list.awake() == 1);
}

TEST_CASE("wake_all brings every sleeper back") {
    sleep_list list(4);
    std::atomic<int> back{0};
    std::vector<std::thread> threads;
    for (std::size_t each = 0; each != 4; ++each) {
        list.announce(each, false);
        threads.emplace_back([&, each] {
            list.wait(each);
            back.fetch_add(1);
        });
    }
    list.wake_all();
    for (std::thread& each : threads) {
        each.join();
    }
    CHECK(back.load() == 4);
    CHECK(list.awake() == 4);
}

TEST_CASE("test_locked gives what the test gives") {
    sleep_list list(1);
    CHECK(list.test_locked([&] { return list.awake() == 1; }));
    CHECK_FALSE(list.test_locked([&] { return list.awake() == 0; }));
}
