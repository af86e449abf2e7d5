#include <drover/mailbox/priority.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <deque>
#include <vector>

#include <catch2/catch.hpp>

#include "support/death.hpp"
#include "support/lone_mailbox.hpp"

using namespace drover;
using drover_test::numbered;

namespace {

template <std::size_t Levels, std::size_t Bypass = 64>
using box = drover_test::lone_mailbox<priority_mailbox<Levels, Bypass>>;

template <std::size_t Count>
struct messages {
    std::array<numbered, Count> nodes{};
    numbered& make(std::size_t level) {
        numbered& next = nodes[made];
        next.next.store(nullptr);
        next.level = level;
        next.number = made;
        made += 1;
        return next;
    }
    std::size_t made = 0;
};

// What the mailbox promises, said once more in the plainest way.
template <std::size_t Levels>
struct oracle {
    explicit oracle(std::size_t most) : bypass(most) {}

    void push(const numbered& message) { waiting[message.level].push_back(&message); }
    const numbered* pop() {
        std::size_t chosen = Levels;
        for (std::size_t level = Levels; level-- != 0;) {
            if (waiting[level].empty()) {
                continue;
            }
            if (chosen == Levels || passed[level] == bypass) {
                chosen = level;
            }
        }
        if (chosen == Levels) {
            return nullptr;
        }
        for (std::size_t lower = 0; lower != chosen; ++lower) {
            if (!waiting[lower].empty()) {
                passed[lower] += 1;
                longest[lower] = std::max(longest[lower], passed[lower]);
            }
        }
        passed[chosen] = 0;
        const numbered* const oldest = waiting[chosen].front();
        waiting[chosen].pop_front();
        return oldest;
    }

    std::size_t bypass;
    std::array<std::deque<const numbered*>, Levels> waiting{};
    std::array<std::size_t, Levels> passed{};
    std::array<std::size_t, Levels> longest{};
};

// All sequences of `steps` pushes of any level and pops, each then drained: the order is the oracle's, and the longest
// run of higher messages that passed a waiting one.
template <std::size_t Levels, std::size_t Bypass>
void try_all(std::size_t steps) {
    std::size_t sequences = 1;
    for (std::size_t each = 0; each != steps; ++each) {
        sequences *= Levels + 1;
    }
    std::array<std::size_t, Levels> longest{};
    std::size_t differ = 0;
    for (std::size_t sequence = 0; sequence != sequences; ++sequence) {
        box<Levels, Bypass> b;
        oracle<Levels> expected(Bypass);
        messages<16> all;
        // For each message that waits: how many higher ones went since it came, or since its level had its turn.
        std::array<std::size_t, 16> passed{};
        std::array<bool, 16> waits{};
        const auto pop = [&] {
            const auto* const given = static_cast<const numbered*>(b.pop());
            differ += given == expected.pop() ? 0U : 1U;
            if (given == nullptr) {
                return false;
            }
            waits[given->number] = false;
            for (std::size_t each = 0; each != all.made; ++each) {
                const std::size_t level = all.nodes[each].level;
                if (waits[each] && level < given->level) {
                    passed[each] += 1;
                    longest[level] = std::max(longest[level], passed[each]);
                } else if (level == given->level) {
                    passed[each] = 0;
                }
            }
            return true;
        };
        std::size_t rest = sequence;
        for (std::size_t step = 0; step != steps; ++step, rest /= Levels + 1) {
            if (const std::size_t level = rest % (Levels + 1); level != Levels) {
                numbered& message = all.make(level);
                waits[message.number] = true;
                b.push(message);
                expected.push(message);
            } else {
                pop();
            }
        }
        while (pop()) {}
    }
    CHECK(differ == 0);
    for (std::size_t level = 0; level + 1 != Levels; ++level) {
        CAPTURE(Levels, Bypass, level);
        CHECK(longest[level] == Bypass);
    }
    CHECK(longest[Levels - 1] == 0);
}

}  // namespace

TEST_CASE("priority mailbox: it has levels and no limit") {
    STATIC_REQUIRE(priority_mailbox<2>::levels == 2);
    STATIC_REQUIRE(priority_mailbox<16, 1>::levels == 16);
    STATIC_REQUIRE_FALSE(priority_mailbox<3>::limited);
    STATIC_REQUIRE(priority_mailbox<3>::default_limits().capacity == mailbox_limits::no_limit);
}

TEST_CASE("priority mailbox: higher levels first, and in each level the order of sending") {
    box<16> b;
    messages<48> all;
    for (std::size_t round = 0; round != 3; ++round) {
        for (std::size_t level = 0; level != 16; ++level) {
            b.push(all.make((level * 7) % 16));
        }
    }
    CHECK(b.count() == 48);
    std::size_t last = 0;
    for (std::size_t each = 0; each != 48; ++each) {
        const auto* const given = static_cast<const numbered*>(b.pop());
        REQUIRE(given != nullptr);
        CHECK(given->level == 15 - each / 3);
        CHECK((each % 3 == 0 || given->number > last));
        CHECK(b.count() == 47 - each);
        last = given->number;
    }
    CHECK(b.pop() == nullptr);
    CHECK(b.mark_idle());
    CHECK(b.retired.size() == 48);
}

TEST_CASE("priority mailbox: a higher message that comes late goes before lower ones that were taken already") {
    box<3> b;
    messages<4> all;
    numbered& low = all.make(0);
    numbered& middle = all.make(1);
    numbered& other = all.make(1);
    b.push(low);
    b.push(middle);
    b.push(other);
    CHECK(b.pop() == &middle);
    numbered& high = all.make(2);
    b.push(high);
    CHECK(b.pop() == &high);
    CHECK(b.pop() == &other);
    CHECK(b.pop() == &low);
    CHECK(b.pop() == nullptr);
}

TEST_CASE("priority mailbox: no message is passed by more than the bypass bound says, for two levels") {
    try_all<2, 1>(9);
    try_all<2, 2>(9);
    try_all<2, 3>(9);
}

TEST_CASE("priority mailbox: no message is passed by more than the bypass bound says, for three levels") {
    try_all<3, 1>(7);
    try_all<3, 2>(7);
    try_all<3, 3>(7);
}

TEST_CASE("priority mailbox: no message is passed by more than the bypass bound says, for four levels") {
    try_all<4, 1>(6);
    try_all<4, 2>(6);
    try_all<4, 3>(6);
}

TEST_CASE("priority mailbox: under a stream of the highest level each lower one has its turns") {
    box<3, 4> b;
    messages<64> high;
    messages<32> low;
    for (std::size_t each = 0; each != 16; ++each) {
        b.push(low.make(0));
        b.push(low.make(1));
    }
    for (std::size_t each = 0; each != 40; ++each) {
        b.push(high.make(2));
    }
    std::vector<std::size_t> levels;
    for (std::size_t each = 0; each != 21; ++each) {
        levels.push_back(static_cast<const numbered*>(b.pop())->level);
    }
    // After four the lowest, then the one above; that turn of it counts for the lowest.
    CHECK(levels == std::vector<std::size_t>{2, 2, 2, 2, 0, 1, 2, 2, 2, 0, 2, 1, 2, 2, 0, 2, 2, 1, 2, 0, 2});
}

TEST_CASE("priority mailbox: what was not wanted counts as no turn") {
    const auto not_now = [](const message_node*) noexcept { return false; };
    box<2, 2> b;
    messages<6> all;
    b.push(all.make(0));
    for (std::size_t each = 0; each != 5; ++each) {
        b.push(all.make(1));
    }
    std::vector<std::size_t> order;
    const message_node* before = nullptr;
    for (std::size_t each = 0; each != 6; ++each) {
        CHECK(b.pop_if(not_now) == nullptr);
        CHECK(b.pop_if(not_now) == nullptr);
        CHECK(b.given() == before);
        const message_node* const given = b.pop();
        before = given;
        CHECK(b.given() == given);
        order.push_back(static_cast<const numbered*>(given)->number);
    }
    CHECK(order == std::vector<std::size_t>{1, 2, 0, 3, 4, 5});
}

TEST_CASE("priority mailbox: the end mark comes after all that was sent before it, and before the rest") {
    box<3, 1> b;
    messages<6> all;
    numbered& low = all.make(0);
    numbered& high = all.make(2);
    numbered& late = all.make(2);
    numbered& later = all.make(0);
    b.push(low);
    b.push(high);
    b.push_mark();
    b.push(late);
    b.push(later);
    CHECK(b.count() == 5);
    CHECK(b.pop() == &high);
    CHECK_FALSE(b.mark_idle());
    CHECK(b.pop() == &low);
    CHECK(b.count() == 3);
    CHECK_FALSE(b.mark_idle());
    CHECK_FALSE(b.close());
    CHECK(b.pop_if([](const message_node*) noexcept { return false; }) == nullptr);
    CHECK(b.count() == 3);
    CHECK(b.pop() == &b.mark);
    CHECK(b.given() == &b.mark);
    CHECK_FALSE(b.mark_idle());
    CHECK(b.pop() == &late);
    CHECK(b.pop() == &later);
    CHECK(b.pop() == nullptr);
    CHECK(b.close());
    CHECK(b.retired == std::vector<const message_node*>{&high, &low, &b.mark, &late, &later});
}

TEST_CASE("priority mailbox: the end mark is last though lower levels were passed before it came") {
    box<2, 1> b;
    messages<8> all;
    for (std::size_t each = 0; each != 4; ++each) {
        b.push(all.make(0));
        b.push(all.make(1));
    }
    CHECK(b.pop() != nullptr);
    CHECK(b.pop() != nullptr);
    b.push_mark();
    for (std::size_t each = 2; each != 8; ++each) {
        const message_node* const given = b.pop();
        REQUIRE(given != nullptr);
        CHECK(given != &b.mark);
    }
    CHECK(b.pop() == &b.mark);
    CHECK(b.pop() == nullptr);
}

TEST_CASE("priority mailbox: a level that does not exist ends the process") {
    for (const std::size_t level : {std::size_t{3}, std::size_t{64}}) {
        const drover_test::death end = drover_test::in_child([level] {
            box<3> b;
            numbered message;
            message.level = level;
            b.push(message);
            b.pop();
        });
        CHECK(end.signal == SIGABRT);
        CHECK(end.said ==
              "drover: the priority of a message changed while it waited; priority() must be a pure function\n");
    }
    box<3> b;
    numbered highest;
    highest.level = 2;
    b.push(highest);
    CHECK(b.pop() == &highest);
}
