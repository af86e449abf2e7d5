#include <drover/mailbox/bounded.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/lone_mailbox.hpp"
#include "support/scale.hpp"

using namespace drover;
using drover_test::lone_mailbox;
using drover_test::numbered;

TEST_CASE("bounded mailbox: water marks are percentages of the capacity, rounded down") {
    using usual = water_marks<>;
    STATIC_REQUIRE(usual::high_of(100) == 75);
    STATIC_REQUIRE(usual::low_of(100) == 25);
    STATIC_REQUIRE(usual::high_of(1) == 0);
    STATIC_REQUIRE(usual::low_of(1) == 0);
    STATIC_REQUIRE(usual::high_of(2) == 1);
    STATIC_REQUIRE(usual::high_of(7) == 5);
    STATIC_REQUIRE(usual::low_of(7) == 1);
    STATIC_REQUIRE(usual::high_of(199) == 149);
    STATIC_REQUIRE(usual::low_of(199) == 49);
    STATIC_REQUIRE(water_marks<100, 0>::high_of(123) == 123);
    STATIC_REQUIRE(water_marks<100, 0>::low_of(123) == 0);
    STATIC_REQUIRE(water_marks<1, 0>::high_of(99) == 0);
    STATIC_REQUIRE(water_marks<1, 0>::high_of(100) == 1);
    for (std::size_t capacity = 0; capacity != 1000; ++capacity) {
        REQUIRE(usual::high_of(capacity) == capacity * 75 / 100);
        REQUIRE(water_marks<99, 33>::low_of(capacity) == capacity * 33 / 100);
    }
}

TEST_CASE("bounded mailbox: percentages of the largest capacity do not overflow") {
    constexpr std::size_t most = mailbox_limits::no_limit;
    STATIC_REQUIRE(water_marks<100, 0>::high_of(most) == most);
    STATIC_REQUIRE(water_marks<75, 50>::low_of(most) == most / 2);
    STATIC_REQUIRE(water_marks<100, 99>::high_of(std::numeric_limits<std::size_t>::max()) ==
                   std::numeric_limits<std::size_t>::max());
}

TEST_CASE("bounded mailbox: its limits are what its parameters say") {
    constexpr mailbox_limits usual = bounded_mailbox<8>::default_limits();
    STATIC_REQUIRE(usual.capacity == 8);
    STATIC_REQUIRE(usual.high_water == 6);
    STATIC_REQUIRE(usual.low_water == 2);
    STATIC_REQUIRE(usual.when_full == overflow::reject_newest);
    STATIC_REQUIRE(usual.patience == clock_duration::zero());
    STATIC_REQUIRE(usual.wake_at == mailbox_limits::no_limit);
    constexpr mailbox_limits other = bounded_mailbox<200, block_sender<7>, water_marks<50, 10>>::default_limits();
    STATIC_REQUIRE(other.capacity == 200);
    STATIC_REQUIRE(other.high_water == 100);
    STATIC_REQUIRE(other.low_water == 20);
    STATIC_REQUIRE(other.when_full == overflow::block_sender);
    STATIC_REQUIRE(other.patience == std::chrono::milliseconds(7));
    STATIC_REQUIRE(bounded_mailbox<4, drop_newest>::default_limits().when_full == overflow::drop_newest);
    STATIC_REQUIRE(bounded_mailbox<4, fail_actor>::default_limits().when_full == overflow::fail_actor);
    STATIC_REQUIRE(bounded_mailbox<given_at_spawn>::default_limits().capacity == given_at_spawn);
    STATIC_REQUIRE(bounded_mailbox<8>::limited);
    STATIC_REQUIRE(bounded_mailbox<8>::levels == 1);
}

TEST_CASE("bounded mailbox: it takes its capacity, and a popped message makes room for one") {
    lone_mailbox<bounded_mailbox<4>> b;
    numbered nodes[6];
    for (std::size_t each = 0; each != 4; ++each) {
        CHECK(b.push(nodes[each]));
    }
    CHECK_FALSE(b.push(nodes[4]));
    CHECK(b.count() == 4);
    CHECK(b.pop() == &nodes[0]);
    CHECK(b.push(nodes[4]));
    CHECK_FALSE(b.push(nodes[5]));
    for (std::size_t each = 1; each != 5; ++each) {
        CHECK(b.pop() == &nodes[each]);
    }
    CHECK(b.pop() == nullptr);
    CHECK(b.x.room.level() == 0);
}

TEST_CASE("bounded mailbox: the limits given when it is made count, not those of its type") {
    mailbox_limits limits = bounded_mailbox<given_at_spawn>::default_limits();
    limits.capacity = 2;
    limits.high_water = 2;
    lone_mailbox<bounded_mailbox<given_at_spawn>> b(limits);
    numbered nodes[3];
    CHECK(b.push(nodes[0]));
    CHECK(b.push(nodes[1]));
    CHECK_FALSE(b.push(nodes[2]));
}

TEST_CASE("bounded mailbox: the owner hears once that the water fell") {
    lone_mailbox<bounded_mailbox<8>> b;  // 6 and 2
    numbered nodes[8];
    for (std::size_t round = 1; round != 4; ++round) {
        for (numbered& each : nodes) {
            each.next.store(nullptr);
            const std::size_t level = b.x.room.try_reserve(1);
            REQUIRE(level != 0);
            CHECK(b.x.room.rose(level) == (level == 7));
            bounded_mailbox<8>::push_chain(b.p, b.x, &each, &each);
        }
        for (std::size_t left = 7; left != 2; --left) {
            CHECK(b.pop() == &nodes[7 - left]);
            CHECK(b.falls == round - 1);
        }
        CHECK(b.pop() == &nodes[5]);
        CHECK(b.falls == round);
        CHECK(b.pop() == &nodes[6]);
        CHECK(b.pop() == &nodes[7]);
        CHECK(b.falls == round);
        CHECK(b.mark_idle());
        CHECK(tagged_list::clear_idle(b.p));
    }
}

TEST_CASE("bounded mailbox: the end mark takes no room and gives none back") {
    lone_mailbox<bounded_mailbox<2>> b;
    numbered nodes[3];
    CHECK(b.push(nodes[0]));
    CHECK(b.push(nodes[1]));
    b.push_mark();
    CHECK(b.count() == 3);
    CHECK(b.x.room.level() == 2);
    CHECK(b.pop() == &nodes[0]);
    CHECK(b.pop() == &nodes[1]);
    CHECK(b.x.room.level() == 0);
    CHECK(b.pop() == &b.mark);
    CHECK(b.x.room.level() == 0);
}

TEST_CASE("bounded mailbox: a message that is not wanted keeps its place") {
    lone_mailbox<bounded_mailbox<1>> b;
    numbered nodes[2];
    CHECK(b.push(nodes[0]));
    CHECK(b.pop_if([](const message_node*) noexcept { return false; }) == nullptr);
    CHECK(b.x.room.level() == 1);
    CHECK_FALSE(b.push(nodes[1]));
    CHECK(b.pop() == &nodes[0]);
    CHECK(b.push(nodes[1]));
}

TEST_CASE(
    "bounded mailbox: of many senders each message is handled or was refused, and none waits beyond the capacity") {
    constexpr std::size_t senders = 3;
    const std::size_t messages = drover_test::scaled(20000);
    using small = bounded_mailbox<16>;
    lone_mailbox<small> b;
    std::vector<std::vector<numbered>> nodes;
    for (std::size_t sender = 0; sender != senders; ++sender) {
        nodes.emplace_back(messages);
    }
    std::atomic<std::size_t> accepted{0};
    std::atomic<std::size_t> sending{senders};
    std::vector<std::thread> threads;
    for (std::size_t sender = 0; sender != senders; ++sender) {
        threads.emplace_back([&, sender] {
            std::size_t mine = 0;
            for (numbered& each : nodes[sender]) {
                each.sender = sender;
                each.number = mine;
                if (b.x.room.try_reserve(1) == 0) {
                    std::this_thread::yield();
                    continue;
                }
                small::push_chain(b.p, b.x, &each, &each);
                mine += 1;
            }
            accepted += mine;
            sending -= 1;
        });
    }
    std::vector<std::size_t> next(senders);
    std::size_t handled = 0;
    std::size_t out_of_order = 0;
    std::size_t most = 0;
    for (bool last = false;;) {
        most = std::max(most, b.count());
        if (const message_node* const node = b.pop()) {
            const auto& message = *static_cast<const numbered*>(node);
            out_of_order += next[message.sender] == message.number ? 0U : 1U;
            next[message.sender] += 1;
            handled += 1;
        } else if (last) {
            break;
        } else {
            last = sending.load() == 0;
        }
    }
    for (std::thread& each : threads) {
        each.join();
    }
    CHECK(handled == accepted.load());
    CHECK(out_of_order == 0);
    CHECK(most <= 16);
    CHECK(b.x.room.level() == 0);
}
