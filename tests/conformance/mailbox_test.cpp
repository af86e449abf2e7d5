// One body for every model of the mailbox concept: the duties that mailbox/concept.hpp states in words.
#include <drover/balancing/power_of_two_choices.hpp>
#include <drover/mailbox.hpp>
#include <drover/pool/member_mailbox.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <thread>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"

using namespace drover;

namespace {

struct numbered : message_node {
    std::size_t sender = 0;
    std::size_t number = 0;
};

// The actor as its mailbox sees it: keeps what is retired.
struct record_owner : detail::any_owner {
    std::vector<message_node*>* retired;
    const message_node* mark = nullptr;
    void retire(message_node* n) const noexcept { retired->push_back(n); }
    bool is_mark(const message_node* n) const noexcept { return n == mark; }
};

// A pool's part of its member.
struct lone_gauge final : member_gauge<power_of_two_choices> {
    lone_gauge() : member_gauge(none, {}, {}, [](membership&) noexcept {}) {}
    static constexpr operations_type none{};
};

template <mailbox_policy M>
struct box {
    tagged_list::producer_side p;
    tagged_list::consumer_side c;
    typename M::extra x{M::default_limits()};
    std::vector<message_node*> retired;
    const message_node* mark = nullptr;

    lone_gauge gauge;

    box() {
        tagged_list::start_idle(p, c);
        if constexpr (requires { x.join(gauge); }) {
            x.join(gauge);
        }
    }

    record_owner owner() { return {{}, &retired, mark}; }
    void reserve(std::size_t count) {
        if constexpr (M::limited) {
            while (x.room.try_reserve(count) == 0) {
                std::this_thread::yield();
            }
        }
    }
    push_result push(message_node& n) { return push(n, n, 1); }
    push_result push(message_node& first, message_node& last, std::size_t count) {
        reserve(count);
        gauge.load.sent(count);
        return M::push_chain(p, x, &first, &last);
    }
    message_node* pop() { return M::pop(p, c, x, owner()); }
    bool mark_idle() { return M::try_mark_idle(p, c, x, owner()); }
    bool close() { return M::try_close(p, c, x, owner()); }
    bool clear_idle() { return tagged_list::clear_idle(p); }
    std::size_t count() {
        const std::size_t whole = M::count(p, c, x);
        for (std::size_t most = 0; most != whole + 2; ++most) {
            CHECK(M::count(p, c, x, most) == std::min(most, whole));
        }
        return whole;
    }
};

struct counting_owner : detail::any_owner {
    std::atomic<std::size_t>* retired;
    void retire(message_node*) const noexcept { retired->fetch_add(1, std::memory_order_relaxed); }
};

void link(std::vector<numbered>& nodes) {
    for (std::size_t each = 0; each + 1 < nodes.size(); ++each) {
        nodes[each].next.store(&nodes[each + 1]);
    }
}

}  // namespace

using roomy = bounded_mailbox<1024>;
using evicting = bounded_mailbox<1024, drop_oldest>;
using ring = single_producer_mailbox<1024>;

using of_member = member_mailbox<unbounded_mailbox, power_of_two_choices>;
using roomy_of_member = member_mailbox<roomy, power_of_two_choices>;
using evicting_of_member = member_mailbox<evicting, power_of_two_choices>;

using unlinked_one = drover::unlinked_mailbox<unbounded_mailbox>;
using unlinked_roomy = drover::unlinked_mailbox<roomy>;

#define DROVER_MAILBOXES                                                                                           \
    unbounded_mailbox, roomy, evicting, priority_mailbox<3>, ring, of_member, roomy_of_member, evicting_of_member, \
        unlinked_one, unlinked_roomy

TEMPLATE_TEST_CASE("a mailbox that starts idle wakes by the first push only", "", DROVER_MAILBOXES) {
    box<TestType> b;
    std::array<numbered, 3> nodes{};
    CHECK(b.push(nodes[0]) == push_result::woke);
    CHECK(b.push(nodes[1]) == push_result::queued);
    CHECK(b.push(nodes[2]) == push_result::queued);
}

TEMPLATE_TEST_CASE("a mailbox that starts scheduled wakes nobody until it has gone idle", "", DROVER_MAILBOXES) {
    box<TestType> b;
    tagged_list::start_scheduled(b.p, b.c);
    std::array<numbered, 2> nodes{};
    CHECK(b.push(nodes[0]) == push_result::queued);
    CHECK(b.pop() == &nodes[0]);
    CHECK(b.pop() == nullptr);
    CHECK(b.mark_idle());
    CHECK(b.push(nodes[1]) == push_result::woke);
}

TEMPLATE_TEST_CASE("messages come out in order, chains and single ones alike", "", DROVER_MAILBOXES) {
    box<TestType> b;
    numbered before;
    std::vector<numbered> chain(5);
    numbered after;
    link(chain);
    CHECK(b.push(before) == push_result::woke);
    CHECK(b.push(chain.front(), chain.back(), chain.size()) == push_result::queued);
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
    std::vector<numbered> chain(3);
    link(chain);
    CHECK(b.push(chain.front(), chain.back(), chain.size()) == push_result::woke);
    for (numbered& each : chain) {
        CHECK(b.pop() == &each);
    }
}

TEMPLATE_TEST_CASE("each node is retired once, at the latest when the mailbox goes idle", "", DROVER_MAILBOXES) {
    box<TestType> b;
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
    std::array<numbered, 2> nodes{};
    b.push(nodes[0]);
    CHECK_FALSE(b.mark_idle());
    CHECK_FALSE(b.close());
    CHECK(b.pop() == &nodes[0]);
    b.push(nodes[1]);
    CHECK_FALSE(b.mark_idle());
    CHECK_FALSE(b.close());
    CHECK(b.retired.size() <= 1);  // a mailbox may have let go of the one it gave
    CHECK(b.pop() == &nodes[1]);
    CHECK(b.mark_idle());
}

TEMPLATE_TEST_CASE("clear_idle takes the place of one waking push", "", DROVER_MAILBOXES) {
    box<TestType> b;
    CHECK(b.clear_idle());
    CHECK_FALSE(b.clear_idle());
    numbered node;
    CHECK(b.push(node) == push_result::queued);
    CHECK_FALSE(b.clear_idle());
    CHECK(b.pop() == &node);
    CHECK(b.mark_idle());
    CHECK(b.clear_idle());
    CHECK(b.pop() == nullptr);
    CHECK(b.count() == 0);
    CHECK(b.mark_idle());  // and it can go idle again without a message in between
    CHECK(b.clear_idle());
}

TEMPLATE_TEST_CASE("a push to a closed mailbox makes its sender the consumer until it has closed again", "",
                   DROVER_MAILBOXES) {
    box<TestType> b;
    CHECK(b.clear_idle());
    CHECK(b.close());
    CHECK_FALSE(b.clear_idle());
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
    constexpr std::size_t senders = std::is_same_v<TestType, ring> ? 1 : 3;
    const std::size_t messages = drover_test::scaled(30000);
    box<TestType> b;
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
        const counting_owner retire{{}, &retired};
        for (;;) {
            if (message_node* const node = TestType::pop(b.p, b.c, b.x, retire)) {
                const auto& message = static_cast<const numbered&>(*node);
                in_order = in_order && next[message.sender] == message.number;
                next[message.sender] += 1;
                if (++handled == senders * messages) {
                    done.store(true);
                }
            } else if (TestType::try_mark_idle(b.p, b.c, b.x, retire)) {
                if (TestType::quiet(b.x) || !b.clear_idle()) {
                    return;
                }
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
                if (b.push(mine[number], mine[number + length - 1], length) == push_result::woke) {
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

TEMPLATE_TEST_CASE("the end mark comes last of what was sent before it, and takes no room", "", DROVER_MAILBOXES) {
    box<TestType> b;
    std::array<numbered, 2> nodes{};
    message_node mark;
    b.mark = &mark;
    b.push(nodes[0]);
    tagged_list::push_chain(b.p, &mark, &mark);
    CHECK(b.count() == 2);
    CHECK(b.pop() == &nodes[0]);
    CHECK(b.pop() == &mark);
    CHECK(b.pop() == nullptr);
    b.push(nodes[1]);
    CHECK(b.pop() == &nodes[1]);
    if constexpr (TestType::limited) {
        CHECK(b.x.room.level() == 0);
    }
    CHECK(b.mark_idle());
}

TEMPLATE_TEST_CASE("a message that is not wanted stays, and is the next one", "", DROVER_MAILBOXES) {
    box<TestType> b;
    std::array<numbered, 2> nodes{};
    b.push(nodes[0]);
    b.push(nodes[1]);
    CHECK(b.pop() == &nodes[0]);
    CHECK(TestType::pop(b.p, b.c, b.x, b.owner(), [](const message_node*) noexcept { return false; }) == nullptr);
    CHECK(TestType::given(b.p, b.c, b.x) == &nodes[0]);
    CHECK(b.retired.empty());
    CHECK(b.pop() == &nodes[1]);
    CHECK(TestType::given(b.p, b.c, b.x) == &nodes[1]);
    CHECK(b.mark_idle());
    CHECK(TestType::given(b.p, b.c, b.x) == nullptr);
}

TEMPLATE_TEST_CASE("a pop that finds nothing retires nothing", "", DROVER_MAILBOXES) {
    box<TestType> b;
    numbered node;
    b.push(node);
    CHECK(b.pop() == &node);
    CHECK(b.pop() == nullptr);
    CHECK(b.retired.empty());
    CHECK(TestType::given(b.p, b.c, b.x) == &node);
    CHECK(b.mark_idle());
    CHECK(b.retired.size() == 1);
}

TEMPLATE_TEST_CASE("a member's mailbox counts a message until the consumer comes again", "", of_member, roomy_of_member,
                   evicting_of_member) {
    box<TestType> b;
    std::vector<numbered> nodes(4);
    const auto load = [&] { return b.gauge.load.read(); };
    for (numbered& each : nodes) {
        b.push(each);
    }
    CHECK(load() == 4);
    CHECK(b.pop() == &nodes[0]);
    CHECK(load() == 4);
    CHECK(b.pop() == &nodes[1]);
    CHECK(load() == 3);
    // The rest of a batch, whose handler still runs.
    const auto any_of_batch = [](const message_node*) { return true; };
    CHECK(TestType::pop(b.p, b.c, b.x, b.owner(), any_of_batch) == &nodes[2]);
    CHECK(load() == 3);
    if constexpr (std::is_same_v<TestType, evicting_of_member>) {
        CHECK(TestType::evict(b.p, b.x, b.owner()) == &nodes[3]);
        CHECK(load() == 2);
    } else {
        CHECK(b.pop() == &nodes[3]);
        CHECK(load() == 1);
    }
    CHECK(b.pop() == nullptr);
    CHECK(load() == 0);
    CHECK(b.mark_idle());
    numbered last;
    b.push(last);
    CHECK(b.pop() == &last);
    CHECK(b.close());
    CHECK(load() == 0);
    // The end mark is no message.
    box<TestType> marked;
    numbered mark;
    marked.mark = &mark;
    TestType::push_chain(marked.p, marked.x, &mark, &mark);
    CHECK(marked.pop() == &mark);
    CHECK(marked.gauge.load.read() == 0);
    CHECK(marked.pop() == nullptr);
    CHECK(marked.gauge.load.read() == 0);
}
