#include <drover/scheduling/this_thread.hpp>

#include <new>
#include <thread>

#include <catch2/catch.hpp>

#include "support/failing_new.hpp"
#include "support/test_core.hpp"

using namespace drover;
using drover_test::test_core;

TEST_CASE("a thread has one lane to each runtime") {
    test_core first;
    test_core second;
    std::thread([&] {
        lane& to_first = lane_to(first);
        lane& to_second = lane_to(second);
        CHECK(&to_first.core == &first);
        CHECK(&to_second.core == &second);
        CHECK_FALSE(to_first.worker);
        CHECK(&lane_to(first) == &to_first);
        CHECK(&lane_to(second) == &to_second);
        CHECK(&lane_to(second) == &to_second);
        CHECK(this_thread().current == &to_second);
    }).join();
}

TEST_CASE("a thread that ends gives its lane back and its accounts stay") {
    test_core core;
    std::thread([&] { lane_to(core).pushed.add(7); }).join();
    std::thread([&] { lane_to(core).pushed.add(1); }).join();
    CHECK(core.lanes().sum(&lane::pushed) == 8);
    CHECK(core.destroyed.load() == 0);
    core.release();  // the lanes hold no count any more
    CHECK(core.destroyed.load() == 1);
}

TEST_CASE("a lane keeps the record alive after the runtime") {
    test_core core;
    std::thread([&] {
        lane_to(core);
        core.end(nullptr);
        core.release();
        CHECK(core.destroyed.load() == 0);
    }).join();
    CHECK(core.destroyed.load() == 1);
}

TEST_CASE("lanes to runtimes that have ended go when another is looked for") {
    test_core ended;
    test_core busy;
    test_core alive;
    test_core fresh;
    test_core last;
    std::thread([&] {
        lane_to(alive);
        lane& inside = lane_to(busy);
        lane_to(ended);
        {
            const send_bracket bracket(inside);
            for (test_core* each : {&ended, &busy}) {
                each->end(&inside);
                each->release();
            }
            CHECK(ended.destroyed.load() == 0);
            CHECK(&lane_to(fresh).core == &fresh);
            CHECK(ended.destroyed.load() == 1);
            CHECK(busy.destroyed.load() == 0);  // its lane is in use
            CHECK(&lane_to(alive).core == &alive);
        }
        CHECK(&lane_to(last).core == &last);
        CHECK(busy.destroyed.load() == 1);
        CHECK(&lane_to(alive).core == &alive);
        CHECK(&lane_to(fresh).core == &fresh);
    }).join();
    CHECK(alive.destroyed.load() == 0);
}

TEST_CASE("the end of the lane used last is noticed") {
    test_core ended;
    test_core next;
    std::thread([&] {
        lane_to(ended);
        CHECK(this_thread().current == this_thread().outside);
        ended.end(nullptr);
        ended.release();
        lane& fresh = lane_to(next);
        CHECK(ended.destroyed.load() == 1);
        CHECK(this_thread().current == &fresh);
        CHECK(this_thread().outside == &fresh);
        CHECK(fresh.next_in_thread == nullptr);
    }).join();
}

TEST_CASE("without memory for a lane the thread is as before, less what has ended") {
    test_core ended;
    test_core next;
    std::thread([&] {
        lane_to(ended);
        ended.end(nullptr);
        ended.release();
        bool threw = false;
        {
            const drover_test::failing_new refuse;
            try {
                lane_to(next);
            } catch (const std::bad_alloc&) {
                threw = true;
            }
        }
        CHECK(threw);
        CHECK(this_thread().current == nullptr);
        CHECK(this_thread().outside == nullptr);
        CHECK(&lane_to(next).core == &next);
    }).join();
    next.release();
    CHECK(next.destroyed.load() == 1);
}

TEST_CASE("a worker keeps its own lane as the current one") {
    test_core own;
    test_core other;
    std::thread([&] {
        lane mine(own, true);
        this_thread().current = &mine;
        this_thread().worker = true;
        CHECK(&lane_to(own) == &mine);
        lane& away = lane_to(other);
        CHECK(&away.core == &other);
        CHECK_FALSE(away.worker);
        CHECK(&lane_to(other) == &away);
        CHECK(this_thread().current == &mine);
        CHECK(&lane_to(own) == &mine);
        this_thread().current = nullptr;
        this_thread().worker = false;
    }).join();
}
