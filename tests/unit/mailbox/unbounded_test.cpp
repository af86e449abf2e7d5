#include <drover/mailbox/unbounded.hpp>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/lone_mailbox.hpp"
#include "support/scale.hpp"

using namespace drover;
using drover_test::numbered;
using box = drover_test::lone_mailbox<unbounded_mailbox>;

TEST_CASE("unbounded mailbox: it has no limit and one level") {
    constexpr mailbox_limits limits = unbounded_mailbox::default_limits();
    STATIC_REQUIRE_FALSE(unbounded_mailbox::limited);
    STATIC_REQUIRE(unbounded_mailbox::levels == 1);
    STATIC_REQUIRE(limits.capacity == mailbox_limits::no_limit);
    STATIC_REQUIRE(limits.high_water == mailbox_limits::no_limit);
    STATIC_REQUIRE(limits.wake_at == mailbox_limits::no_limit);
}

TEST_CASE("unbounded mailbox: it is always quiet, for nothing waits outside of the list") {
    box b;
    numbered node;
    CHECK(unbounded_mailbox::quiet(b.x));
    b.push(node);
    CHECK(unbounded_mailbox::quiet(b.x));
    CHECK_FALSE(b.mark_idle());
}

TEST_CASE("unbounded mailbox: the message given last stays until the next is asked for, wanted or not") {
    box b;
    numbered nodes[2];
    CHECK(b.given() == nullptr);
    b.push(nodes[0]);
    b.push(nodes[1]);
    CHECK(b.given() == nullptr);
    CHECK(b.pop() == &nodes[0]);
    CHECK(b.given() == &nodes[0]);
    CHECK(b.retired.empty());
    CHECK(b.pop_if([](const message_node*) noexcept { return false; }) == nullptr);
    CHECK(b.count() == 1);
    CHECK(b.pop() == &nodes[1]);
    CHECK(b.given() == &nodes[1]);
    CHECK(b.retired == std::vector<const message_node*>{&nodes[0]});
    CHECK(b.pop() == nullptr);
    CHECK(b.mark_idle());
    CHECK(b.given() == nullptr);
    CHECK(b.retired == std::vector<const message_node*>{&nodes[0], &nodes[1]});
}

TEST_CASE("unbounded mailbox: closing retires the message given last") {
    box b;
    numbered node;
    b.push(node);
    CHECK_FALSE(b.close());
    CHECK(b.pop() == &node);
    CHECK(b.close());
    CHECK(b.given() == nullptr);
    CHECK(b.retired == std::vector<const message_node*>{&node});
}

TEST_CASE("unbounded mailbox: the end mark is a message as any other") {
    box b;
    numbered nodes[2];
    b.push(nodes[0]);
    b.push_mark();
    b.push(nodes[1]);
    CHECK(b.count() == 3);
    CHECK(b.pop() == &nodes[0]);
    CHECK(b.pop() == &b.mark);
    CHECK(b.pop() == &nodes[1]);
    CHECK(b.falls == 0);
}

TEST_CASE("unbounded mailbox: it takes all that its senders have, while the consumer counts") {
    constexpr std::size_t senders = 3;
    const std::size_t messages = drover_test::scaled(2000);
    box b;
    std::vector<std::vector<numbered>> nodes;
    for (std::size_t sender = 0; sender != senders; ++sender) {
        nodes.emplace_back(messages);
    }
    std::vector<std::thread> threads;
    std::atomic<std::size_t> sending{senders};
    for (std::size_t sender = 0; sender != senders; ++sender) {
        threads.emplace_back([&, sender] {
            for (numbered& each : nodes[sender]) {
                unbounded_mailbox::push_chain(b.p, b.x, &each, &each);
            }
            sending -= 1;
        });
    }
    std::size_t last = 0;
    std::size_t fell = 0;
    while (sending.load() != 0) {
        const std::size_t now = b.count();
        fell += now < last ? 1U : 0U;
        last = now;
    }
    for (std::thread& each : threads) {
        each.join();
    }
    CHECK(fell == 0);
    CHECK(b.count() == senders * messages);
}
