#include <drover/mailbox/single_producer.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/death.hpp"
#include "support/lone_mailbox.hpp"
#include "support/scale.hpp"

using namespace drover;
using drover_test::numbered;

namespace {

template <std::size_t Capacity>
using box = drover_test::lone_mailbox<single_producer_mailbox<Capacity>>;

constexpr std::size_t most_until_look = 64;

}  // namespace

TEST_CASE("single-producer mailbox: its limits are what its parameters say") {
    using mailbox = single_producer_mailbox<40, block_sender<3>, water_marks<50, 10>>;
    constexpr mailbox_limits limits = mailbox::default_limits();
    STATIC_REQUIRE(limits.capacity == 40);
    STATIC_REQUIRE(limits.high_water == 20);
    STATIC_REQUIRE(limits.low_water == 4);
    STATIC_REQUIRE(limits.when_full == overflow::block_sender);
    STATIC_REQUIRE(limits.patience == std::chrono::milliseconds(3));
    STATIC_REQUIRE(mailbox::limited);
    STATIC_REQUIRE(mailbox::levels == 1);
}

TEST_CASE("single-producer mailbox: it takes its capacity again and again, in order") {
    box<3> b;
    std::vector<numbered> nodes(40);
    std::size_t next = 0;
    std::size_t sent = 0;
    while (next != nodes.size()) {
        while (sent != nodes.size() && b.push(nodes[sent])) {
            sent += 1;
        }
        CHECK(b.count() == sent - next);
        if (sent != nodes.size()) {
            REQUIRE(sent - next == 3);
        }
        for (std::size_t each = 0; each != 2 && next != sent; ++each) {
            REQUIRE(b.pop() == &nodes[next]);
            next += 1;
        }
    }
    CHECK(b.pop() == nullptr);
    CHECK(b.x.room.level() == 0);
    CHECK(b.mark_idle());
    CHECK(b.retired.size() == nodes.size());
}

TEST_CASE("single-producer mailbox: a chain goes in whole, and its links are not looked at again") {
    box<4> b;
    numbered nodes[4];
    for (std::size_t each = 0; each != 3; ++each) {
        nodes[each].next.store(&nodes[each + 1]);
    }
    REQUIRE(b.x.room.try_reserve(4) == 4);
    CHECK(single_producer_mailbox<4>::push_chain(b.p, b.x, &nodes[0], &nodes[3]) == push_result::queued);
    CHECK(b.x.room.try_reserve(1) == 0);
    for (numbered& each : nodes) {
        CHECK(b.pop() == &each);
        CHECK(each.next.load() == nullptr);
    }
    CHECK(b.pop() == nullptr);
}

TEST_CASE("single-producer mailbox: a message without a reserved place ends the process when there is no room") {
    const drover_test::death end = drover_test::in_child([] {
        box<2> b;
        numbered nodes[3];
        for (numbered& each : nodes) {
            single_producer_mailbox<2>::push_chain(b.p, b.x, &each, &each);
        }
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.said == "drover: a single-producer mailbox has no room for a message that had reserved it\n");
}

TEST_CASE("single-producer mailbox: the end mark comes after just what was sent before it") {
    for (std::size_t before = 0; before != 200; ++before) {
        CAPTURE(before);
        box<256> b;
        std::vector<numbered> nodes(before + 3);
        for (std::size_t each = 0; each != before; ++each) {
            b.push(nodes[each]);
        }
        b.push_mark();
        CHECK(b.count() == before + 1);
        for (std::size_t each = 0; each != before; ++each) {
            REQUIRE(b.pop() == &nodes[each]);
        }
        CHECK_FALSE(b.mark_idle());
        CHECK_FALSE(b.close());
        CHECK(b.pop() == &b.mark);
        CHECK(b.count() == 0);
        CHECK(b.pop() == nullptr);
        for (std::size_t each = before; each != nodes.size(); ++each) {
            b.push(nodes[each]);
            REQUIRE(b.pop() == &nodes[each]);
        }
        CHECK(b.x.room.level() == 0);
        CHECK(b.close());
    }
}

TEST_CASE("single-producer mailbox: what is sent after the end mark was seen comes after it") {
    box<8> b;
    numbered nodes[4];
    b.push(nodes[0]);
    b.push(nodes[1]);
    b.push_mark();
    CHECK(b.pop() == &nodes[0]);  // and the mark has been seen
    b.push(nodes[2]);
    CHECK(b.pop() == &nodes[1]);
    b.push(nodes[3]);
    CHECK(b.count() == 3);
    CHECK(b.pop_if([](const message_node*) noexcept { return false; }) == nullptr);
    CHECK(b.count() == 3);
    CHECK(b.pop() == &b.mark);
    CHECK(b.given() == nullptr);  // it is the actor's own
    CHECK(b.pop() == &nodes[2]);
    CHECK(b.pop() == &nodes[3]);
    CHECK(b.pop() == nullptr);
    CHECK(b.close());
}

TEST_CASE("single-producer mailbox: the end mark is found although the ring never runs dry") {
    // Sent at each place of the look-out's round; the ring always holds three.
    for (std::size_t place = 0; place != 2 * most_until_look; ++place) {
        CAPTURE(place);
        box<8> b;
        std::deque<numbered> nodes;
        std::size_t sent = 0;
        const auto push = [&] {
            b.push(nodes.emplace_back());
            sent += 1;
        };
        push();
        push();
        push();
        for (std::size_t each = 0; each != place; ++each) {
            REQUIRE(b.pop() == &nodes[each]);
            push();
        }
        const std::size_t before = sent;
        b.push_mark();
        std::size_t given = place;
        for (;;) {
            push();
            const message_node* const next = b.pop();
            REQUIRE(next != nullptr);
            if (next == &b.mark) {
                break;
            }
            REQUIRE(next == &nodes[given]);
            given += 1;
            REQUIRE(b.pop_if([](const message_node*) noexcept { return false; }) == nullptr);
            REQUIRE(given <= place + most_until_look + 8);
        }
        CHECK(given >= before);
        CHECK(b.count() == sent - given);
        b.retired.clear();
    }
}

TEST_CASE("single-producer mailbox: the end mark counts no room, and wakes as any push does") {
    box<2> b;
    numbered nodes[2];
    CHECK(b.mark_idle());
    CHECK(tagged_list::push_chain(b.p, &b.mark, &b.mark) == push_result::woke);
    CHECK(b.push(nodes[0]));
    CHECK(b.push(nodes[1]));
    CHECK(b.x.room.level() == 2);
    CHECK(b.count() == 3);
}

TEST_CASE("single-producer mailbox: it is not quiet while the ring holds a message") {
    using mailbox = single_producer_mailbox<4>;
    box<4> b;
    numbered node;
    CHECK(mailbox::quiet(b.x));
    CHECK(b.mark_idle());
    REQUIRE(b.x.room.try_reserve(1) == 1);
    // The sender stops between its two steps: the mark alone would have the message wait for ever.
    b.x.ring.push(&node);
    CHECK_FALSE(mailbox::quiet(b.x));
    CHECK(tagged_list::clear_idle(b.p));
    CHECK(tagged_list::announce(b.p) == push_result::queued);
    CHECK_FALSE(b.mark_idle());
    CHECK(b.pop() == &node);
    CHECK(mailbox::quiet(b.x));
    CHECK(b.mark_idle());
}

TEST_CASE("single-producer mailbox: a message announces itself to an idle, a running and a closed mailbox") {
    using mailbox = single_producer_mailbox<4>;
    box<4> b;
    numbered nodes[5];
    const auto push = [&](numbered& node) {
        REQUIRE(b.x.room.try_reserve(1) != 0);
        return mailbox::push_chain(b.p, b.x, &node, &node);
    };
    CHECK(push(nodes[0]) == push_result::queued);
    CHECK(b.pop() == &nodes[0]);
    CHECK(b.mark_idle());
    CHECK(push(nodes[1]) == push_result::woke);
    CHECK(push(nodes[2]) == push_result::queued);
    CHECK(b.pop() == &nodes[1]);
    CHECK(b.pop() == &nodes[2]);
    CHECK(b.close());
    CHECK(push(nodes[3]) == push_result::closed);
    CHECK(push(nodes[4]) == push_result::queued);  // the first sender drains it
    CHECK(b.pop() == &nodes[3]);
    CHECK_FALSE(b.close());
    CHECK(b.pop() == &nodes[4]);
    CHECK(b.close());
    CHECK(tagged_list::announce(b.p) == push_result::closed);
    CHECK(tagged_list::announce(b.p) == push_result::queued);
}

TEST_CASE("single-producer mailbox: the owner hears once that the water fell") {
    box<8> b;  // 6 and 2
    numbered nodes[8];
    for (numbered& each : nodes) {
        const std::size_t level = b.x.room.try_reserve(1);
        CHECK(b.x.room.rose(level) == (level == 7));
        single_producer_mailbox<8>::push_chain(b.p, b.x, &each, &each);
    }
    for (std::size_t each = 0; each != 8; ++each) {
        CHECK(b.falls == (each < 6 ? 0U : 1U));
        CHECK(b.pop() == &nodes[each]);
    }
    CHECK(b.falls == 1);
}

TEST_CASE("single-producer mailbox: an end mark from another thread comes after all that happened before it") {
    using mailbox = single_producer_mailbox<16>;
    const std::size_t rounds = drover_test::scaled(300);
    constexpr std::size_t messages = 200;
    std::size_t early = 0;
    std::size_t out_of_order = 0;
    std::size_t marks = 0;
    for (std::size_t round = 0; round != rounds; ++round) {
        box<16> b;
        std::vector<numbered> nodes(messages);
        std::atomic<std::size_t> sent{0};
        std::atomic<std::size_t> sent_before_mark{0};
        std::thread sender([&] {
            for (numbered& each : nodes) {
                while (b.x.room.try_reserve(1) == 0) {
                    std::this_thread::yield();
                }
                mailbox::push_chain(b.p, b.x, &each, &each);
                sent += 1;
            }
        });
        std::thread stopper([&] {
            while (sent.load() < round % messages) {
                std::this_thread::yield();
            }
            sent_before_mark = sent.load();
            b.push_mark();
        });
        std::size_t given = 0;
        for (std::size_t taken = 0; taken != messages + 1;) {
            const message_node* const next = b.pop();
            if (next == nullptr) {
                std::this_thread::yield();
                continue;
            }
            taken += 1;
            if (next == &b.mark) {
                early += given < sent_before_mark.load() ? 1U : 0U;
                marks += 1;
            } else {
                out_of_order += next == &nodes[given] ? 0U : 1U;
                given += 1;
            }
        }
        sender.join();
        stopper.join();
    }
    CHECK(early == 0);
    CHECK(out_of_order == 0);
    CHECK(marks == rounds);
}
