#include <drover/mailbox/evicting.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/lone_mailbox.hpp"
#include "support/scale.hpp"

using namespace drover;
using drover_test::numbered;

namespace {

template <std::size_t Capacity>
struct box : drover_test::lone_mailbox<bounded_mailbox<Capacity, drop_oldest>> {
    message_node* evict() { return bounded_mailbox<Capacity, drop_oldest>::evict(this->p, this->x, this->owner()); }

    // As a sender that found no room: the place is handed on.
    message_node* push_evicting(message_node& node) {
        message_node* evicted = nullptr;
        if (this->x.room.try_reserve(1) == 0) {
            evicted = evict();
        }
        bounded_mailbox<Capacity, drop_oldest>::push_chain(this->p, this->x, &node, &node);
        return evicted;
    }
};

// A push whose sender stops between its two steps.
struct half_push {
    half_push(tagged_list::producer_side& p, message_node& node)
        : node_(node),
          previous_(reinterpret_cast<message_node*>(p.head.exchange(reinterpret_cast<std::uintptr_t>(&node)) &
                                                    ~tagged_list::marks)) {}
    void finish() { previous_->next.store(&node_); }

private:
    message_node& node_;
    message_node* previous_;
};

}  // namespace

TEST_CASE("evicting mailbox: its limits say drop_oldest") {
    using mailbox = bounded_mailbox<8, drop_oldest, water_marks<50, 0>>;
    STATIC_REQUIRE(mailbox::default_limits().when_full == overflow::drop_oldest);
    STATIC_REQUIRE(mailbox::default_limits().capacity == 8);
    STATIC_REQUIRE(mailbox::default_limits().high_water == 4);
    STATIC_REQUIRE(mailbox::default_limits().low_water == 0);
    STATIC_REQUIRE(mailbox::limited);
}

TEST_CASE("evicting mailbox: what is evicted is the oldest that waits, and its place is handed on") {
    box<3> b;
    numbered nodes[7];
    CHECK(b.evict() == nullptr);
    for (std::size_t each = 0; each != 3; ++each) {
        CHECK(b.push_evicting(nodes[each]) == nullptr);
    }
    for (std::size_t each = 3; each != 7; ++each) {
        CHECK(b.push_evicting(nodes[each]) == &nodes[each - 3]);
        CHECK(b.x.room.level() == 3);
        CHECK(b.count() == 3);
    }
    CHECK(b.pop() == &nodes[4]);
    CHECK(b.pop() == &nodes[5]);
    CHECK(b.pop() == &nodes[6]);
    CHECK(b.pop() == nullptr);
    CHECK(b.x.room.level() == 0);
    CHECK(b.mark_idle());
    CHECK(b.retired == std::vector<const message_node*>{&nodes[4], &nodes[5], &nodes[6]});
}

TEST_CASE("evicting mailbox: the message that is being handled is not evicted") {
    box<2> b;
    numbered nodes[2];
    b.push(nodes[0]);
    b.push(nodes[1]);
    CHECK(b.pop() == &nodes[0]);
    CHECK(b.evict() == &nodes[1]);
    CHECK(b.evict() == nullptr);
    CHECK(b.given() == &nodes[0]);
    CHECK(b.retired.empty());
    CHECK(b.pop() == nullptr);
    CHECK(b.mark_idle());
    CHECK(b.retired == std::vector<const message_node*>{&nodes[0]});
}

TEST_CASE("evicting mailbox: the end mark alone is not evicted") {
    box<2> b;
    b.push_mark();
    CHECK(b.evict() == nullptr);
    CHECK(b.evict() == nullptr);
    CHECK(b.count() == 1);
    CHECK_FALSE(b.mark_idle());
    CHECK(b.pop() == &b.mark);
    CHECK(b.pop() == nullptr);
    CHECK(b.mark_idle());
}

TEST_CASE("evicting mailbox: the end mark stays in front of what came behind it, of which the oldest goes") {
    box<8> b;
    numbered nodes[5];
    b.push(nodes[0]);
    b.push_mark();
    for (std::size_t each = 1; each != 4; ++each) {
        b.push(nodes[each]);
    }
    CHECK(b.evict() == &nodes[0]);
    CHECK(b.evict() == &nodes[1]);
    b.push(nodes[4]);
    CHECK(b.evict() == &nodes[2]);
    CHECK(b.count() == 3);
    CHECK(b.pop() == &b.mark);
    CHECK(b.pop() == &nodes[3]);
    CHECK(b.pop() == &nodes[4]);
    CHECK(b.pop() == nullptr);
}

TEST_CASE("evicting mailbox: behind the end mark everything may go, and the mark still comes") {
    box<8> b;
    numbered nodes[2];
    b.push_mark();
    b.push(nodes[0]);
    CHECK(b.evict() == &nodes[0]);
    CHECK(b.evict() == nullptr);
    b.push(nodes[1]);
    CHECK(b.evict() == &nodes[1]);
    CHECK(b.evict() == nullptr);
    CHECK(b.pop() == &b.mark);
    CHECK(b.mark_idle());
}

TEST_CASE("evicting mailbox: a message whose link is still missing cannot be had, and is not lost") {
    box<8> b;
    numbered nodes[3];
    half_push first(b.p, nodes[0]);
    CHECK(b.evict() == nullptr);
    CHECK_FALSE(b.mark_idle());
    first.finish();
    half_push second(b.p, nodes[1]);
    CHECK(b.evict() == nullptr);  // the first is there, but what follows it is not known
    CHECK(b.pop() == nullptr);
    CHECK_FALSE(b.mark_idle());
    second.finish();
    CHECK(b.evict() == &nodes[0]);
    half_push third(b.p, nodes[2]);
    CHECK(b.evict() == &nodes[1]);
    CHECK(b.evict() == nullptr);
    CHECK_FALSE(b.mark_idle());
    third.finish();
    CHECK(b.evict() == &nodes[2]);
    CHECK(b.mark_idle());
}

TEST_CASE("evicting mailbox: an end mark whose follower is not linked yet stays") {
    box<8> b;
    numbered nodes[2];
    b.push_mark();
    half_push first(b.p, nodes[0]);
    CHECK(b.evict() == nullptr);
    CHECK(b.pop() == nullptr);
    first.finish();
    half_push second(b.p, nodes[1]);
    CHECK(b.evict() == &nodes[0]);
    CHECK(b.evict() == nullptr);
    second.finish();
    CHECK(b.evict() == &nodes[1]);
    CHECK(b.pop() == &b.mark);
    CHECK(b.mark_idle());
}

TEST_CASE("evicting mailbox: what has left the list still keeps it from going idle and from closing") {
    box<8> b;
    numbered nodes[3];
    for (numbered& each : nodes) {
        b.push(each);
    }
    CHECK(b.evict() == &nodes[0]);  // the others are taken off the list with it
    CHECK(b.count() == 2);
    CHECK_FALSE(b.mark_idle());
    CHECK_FALSE(b.close());
    CHECK(b.pop_if([](const message_node*) noexcept { return false; }) == nullptr);
    CHECK(b.pop() == &nodes[1]);
    CHECK(b.evict() == &nodes[2]);
    CHECK(b.close());
}

TEST_CASE("evicting mailbox: the owner hears that the water fell when it pops, not when a sender evicts") {
    box<8> b;  // 6 and 2
    numbered nodes[8];
    for (numbered& each : nodes) {
        const std::size_t level = b.x.room.try_reserve(1);
        b.x.room.rose(level);
        bounded_mailbox<8, drop_oldest>::push_chain(b.p, b.x, &each, &each);
    }
    for (std::size_t each = 0; each != 3; ++each) {
        b.evict();
        b.x.room.give_back(1);
    }
    CHECK(b.falls == 0);
    CHECK(b.pop() == &nodes[3]);
    CHECK(b.pop() == &nodes[4]);
    CHECK(b.falls == 0);
    CHECK(b.x.room.level() == 3);
    CHECK(b.pop() == &nodes[5]);
    CHECK(b.falls == 1);
    CHECK(b.pop() == &nodes[6]);
    CHECK(b.falls == 1);
}

TEST_CASE("evicting mailbox: of many senders each message is handled or evicted, once, and never more wait than fit") {
    constexpr std::size_t senders = 3;
    constexpr std::size_t capacity = 8;
    const std::size_t messages = drover_test::scaled(20000);
    using mailbox = bounded_mailbox<capacity, drop_oldest>;
    box<capacity> b;
    const auto owner = b.owner();
    std::vector<std::vector<numbered>> nodes;
    for (std::size_t sender = 0; sender != senders; ++sender) {
        nodes.emplace_back(messages);
    }
    std::vector<std::vector<std::atomic<unsigned>>> fates;
    for (std::size_t sender = 0; sender != senders; ++sender) {
        fates.emplace_back(messages);
    }
    const auto meet = [&](const message_node* node) {
        const auto& message = *static_cast<const numbered*>(node);
        fates[message.sender][message.number] += 1;
    };
    std::atomic<std::size_t> evicted{0};
    std::atomic<std::size_t> sending{senders};
    std::vector<std::thread> threads;
    for (std::size_t sender = 0; sender != senders; ++sender) {
        threads.emplace_back([&, sender] {
            for (std::size_t number = 0; number != messages; ++number) {
                numbered& mine = nodes[sender][number];
                mine.sender = sender;
                mine.number = number;
                while (b.x.room.try_reserve(1) == 0) {
                    if (const message_node* const oldest = mailbox::evict(b.p, b.x, owner)) {
                        meet(oldest);
                        evicted += 1;
                        break;
                    }
                    std::this_thread::yield();
                }
                mailbox::push_chain(b.p, b.x, &mine, &mine);
            }
            sending -= 1;
        });
    }
    std::vector<std::size_t> next(senders);
    std::size_t handled = 0;
    std::size_t out_of_order = 0;
    std::size_t too_many = 0;
    for (bool last = false;;) {
        too_many += b.x.room.level() > capacity ? 1U : 0U;
        if (const message_node* const node = b.pop()) {
            const auto& message = *static_cast<const numbered*>(node);
            out_of_order += message.number >= next[message.sender] ? 0U : 1U;
            next[message.sender] = message.number + 1;
            meet(node);
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
    std::size_t not_once = 0;
    for (const auto& each : fates) {
        for (const std::atomic<unsigned>& fate : each) {
            not_once += fate.load() == 1 ? 0U : 1U;
        }
    }
    CHECK(not_once == 0);
    CHECK(out_of_order == 0);
    CHECK(too_many == 0);
    CHECK(handled + evicted.load() == senders * messages);
    CHECK(b.x.room.level() == 0);
    CHECK(b.mark_idle());
}
