// One body for every model of the mailbox concept: the duties that mailbox/concept.hpp states in words.
#include <drover/mailbox/concept.hpp>
#include <drover/mailbox/unbounded.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"

using namespace drover;

namespace {

struct numbered : message_node {
    std::size_t sender = 0;
    std::size_t number = 0;
};

template <mailbox_policy M>
struct box {
    typename M::producer_side p;
    typename M::consumer_side c;
    std::vector<message_node*> retired;

    push_result push(message_node& n) { return M::push_chain(p, &n, &n); }
    message_node* pop() {
        return M::pop(p, c, [this](message_node* n) noexcept { retired.push_back(n); });
    }
    bool mark_idle() {
        return M::try_mark_idle(p, c, [this](message_node* n) noexcept { retired.push_back(n); });
    }
    bool close() {
        return M::try_close(p, c, [this](message_node* n) noexcept { retired.push_back(n); });
    }
    std::size_t count() { return M::count(p, c); }
};

void link(std::vector<numbered>& nodes) {
    for (std::size_t each = 0; each + 1 < nodes.size(); ++each) {
        nodes[each].next.store(&nodes[each + 1]);
    }
}

}  // namespace

#define DROVER_MAILBOXES unbounded_mailbox

TEMPLATE_TEST_CASE("a mailbox that starts idle wakes by the first push only", "", DROVER_MAILBOXES) {
    box<TestType> b;
    TestType::start_idle(b.p, b.c);
    std::array<numbered, 3> nodes{};
    CHECK(b.push(nodes[0]) == push_result::woke);
    CHECK(b.push(nodes[1]) == push_result::queued);
    CHECK(b.push(nodes[2]) == push_result::queued);
}

TEMPLATE_TEST_CASE("a mailbox that starts scheduled wakes nobody until it has gone idle", "", DROVER_MAILBOXES) {
    box<TestType> b;
    TestType::start_scheduled(b.p, b.c);
    std::array<numbered, 2> nodes{};
    CHECK(b.push(nodes[0]) == push_result::queued);
    CHECK(b.pop() == &nodes[0]);
    CHECK(b.pop() == nullptr);
    CHECK(b.mark_idle());
    CHECK(b.push(nodes[1]) == push_result::woke);
}

TEMPLATE_TEST_CASE("messages come out in order, chains and single ones alike", "", DROVER_MAILBOXES) {
    box<TestType> b;
    TestType::start_idle(b.p, b.c);
    numbered before;
    std::vector<numbered> chain(5);
    numbered after;
    link(chain);
    CHECK(b.push(before) == push_result::woke);
    CHECK(TestType::push_chain(b.p, &chain.front(), &chain.back()) == push_result::queued);
    CHECK(b.push(after) == push_result::queued);
    CHECK(b.count() == 7);
    CHECK(b.pop() == &before);
    CHECK(b.count() == 6);
    for (numbered& each : chain) {
        CHECK(b.pop() == &each);
    }
    CHECK(b.pop() == &after);
    CHECK(b.pop() == nullptr);
    CHECK(b.count() == 0);
}

TEMPLATE_TEST_CASE("a chain wakes once", "", DROVER_MAILBOXES) {
    box<TestType> b;
    TestType::start_idle(b.p, b.c);
    std::vector<numbered> chain(3);
    link(chain);
    CHECK(TestType::push_chain(b.p, &chain.front(), &chain.back()) == push_result::woke);
    for (numbered& each : chain) {
        CHECK(b.pop() == &each);
    }
}

TEMPLATE_TEST_CASE("each node is retired once, at the latest when the mailbox goes idle", "", DROVER_MAILBOXES) {
    box<TestType> b;
    TestType::start_idle(b.p, b.c);
    std::vector<numbered> nodes(4);
    for (int round = 0; round != 3; ++round) {
        b.retired.clear();
        for (numbered& each : nodes) {
            each.next.store(nullptr);
            b.push(each);
        }
        for (numbered& each : nodes) {
            REQUIRE(b.pop() == &each);
            // The one it gave is the caller's to read until the next call.
            REQUIRE((b.retired.empty() || b.retired.back() != &each));
        }
        REQUIRE(b.mark_idle());
        CHECK(b.retired == std::vector<message_node*>{&nodes[0], &nodes[1], &nodes[2], &nodes[3]});
    }
}

TEMPLATE_TEST_CASE("a mailbox with messages neither goes idle nor closes", "", DROVER_MAILBOXES) {
    box<TestType> b;
    TestType::start_idle(b.p, b.c);
    std::array<numbered, 2> nodes{};
    b.push(nodes[0]);
    CHECK_FALSE(b.mark_idle());
    CHECK_FALSE(b.close());
    CHECK(b.pop() == &nodes[0]);
    b.push(nodes[1]);
    CHECK_FALSE(b.mark_idle());
    CHECK_FALSE(b.close());
    CHECK(b.retired.empty());
    CHECK(b.pop() == &nodes[1]);
    CHECK(b.mark_idle());
}

TEMPLATE_TEST_CASE("clear_idle takes the place of one waking push", "", DROVER_MAILBOXES) {
    box<TestType> b;
    TestType::start_idle(b.p, b.c);
    CHECK(TestType::clear_idle(b.p));
    CHECK_FALSE(TestType::clear_idle(b.p));
    numbered node;
    CHECK(b.push(node) == push_result::queued);
    CHECK_FALSE(TestType::clear_idle(b.p));
    CHECK(b.pop() == &node);
    CHECK(b.mark_idle());
    CHECK(TestType::clear_idle(b.p));
    CHECK(b.pop() == nullptr);
    CHECK(b.count() == 0);
    CHECK(b.mark_idle());  // and it can go idle again without a message in between
    CHECK(TestType::clear_idle(b.p));
}

TEMPLATE_TEST_CASE("a push to a closed mailbox makes its sender the consumer until it has closed again", "",
                   DROVER_MAILBOXES) {
    box<TestType> b;
    TestType::start_idle(b.p, b.c);
    CHECK(TestType::clear_idle(b.p));
    CHECK(b.close());
    CHECK_FALSE(TestType::clear_idle(b.p));
    std::array<numbered, 3> nodes{};
    CHECK(b.push(nodes[0]) == push_result::closed);
    CHECK(b.push(nodes[1]) == push_result::queued);  // the first sender will see it
    CHECK(b.pop() == &nodes[0]);
    CHECK_FALSE(b.close());
    CHECK(b.pop() == &nodes[1]);
    CHECK(b.pop() == nullptr);
    CHECK(b.close());
    CHECK(b.retired == std::vector<message_node*>{&nodes[0], &nodes[1]});
    CHECK(b.push(nodes[2]) == push_result::closed);
}

TEMPLATE_TEST_CASE("with many senders nothing is lost, doubled, reordered or left asleep", "", DROVER_MAILBOXES) {
    constexpr std::size_t senders = 3;
    const std::size_t messages = drover_test::scaled(30000);
    box<TestType> b;
    TestType::start_idle(b.p, b.c);
    std::vector<std::vector<numbered>> nodes;
    for (std::size_t sender = 0; sender != senders; ++sender) {
        nodes.emplace_back(messages);
    }
    std::array<std::size_t, senders> next{};
    std::size_t handled = 0;
    std::size_t wakes = 0;
    std::atomic<std::size_t> retired{
        0};  // going idle retires the last node when the next consumer may be at work already
    bool in_order = true;
    std::atomic<bool> done{false};

    // Whoever wakes it runs it, as a scheduler would: the members above are guarded by the mark alone.
    const auto run = [&] {
        wakes += 1;
        const auto retire = [&](message_node*) noexcept { retired.fetch_add(1, std::memory_order_relaxed); };
        for (;;) {
            if (message_node* const node = TestType::pop(b.p, b.c, retire)) {
                const auto& message = static_cast<const numbered&>(*node);
                in_order = in_order && next[message.sender] == message.number;
                next[message.sender] += 1;
                if (++handled == senders * messages) {
                    done.store(true);
                }
            } else if (TestType::try_mark_idle(b.p, b.c, retire)) {
                return;
            }
        }
    };
    std::vector<std::thread> threads;
    for (std::size_t sender = 0; sender != senders; ++sender) {
        threads.emplace_back([&, sender] {
            std::vector<numbered>& mine = nodes[sender];
            for (std::size_t number = 0; number != messages;) {
                // Every so often a chain of three.
                const std::size_t length = number % 7 == 0 && number + 3 <= messages ? 3 : 1;
                // Written here, so that a sanitizer sees whether the push hands it over.
                for (std::size_t each = 0; each != length; ++each) {
                    mine[number + each].sender = sender;
                    mine[number + each].number = number + each;
                }
                for (std::size_t each = 0; each + 1 < length; ++each) {
                    mine[number + each].next.store(&mine[number + each + 1], std::memory_order_relaxed);
                }
                if (TestType::push_chain(b.p, &mine[number], &mine[number + length - 1]) == push_result::woke) {
                    run();
                }
                number += length;
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    CHECK(done.load());
    CHECK(handled == senders * messages);
    CHECK(retired.load() == senders * messages);
    CHECK(in_order);
    CHECK(wakes >= 1);
}
