// One body for every mailbox, overflow policy and batching together, met through a runtime: what a send may rely on.
#include <drover/drover.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/plug.hpp"
#include "support/scale.hpp"
#include "support/world.hpp"

using drover::delivery;
using drover_test::blocks_in_use;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;

constexpr std::size_t capacity = 6;
constexpr std::size_t levels = 3;

// Can be moved and not copied; what is lost or doubled shows in `living`.
struct note {
    note(std::size_t from, std::size_t which, std::size_t at) : sender(from), number(which), level(at) {}
    std::size_t sender;
    std::size_t number;
    std::size_t level;
    std::unique_ptr<int> alone = std::make_unique<int>(1);
};

struct question {};

// Throws where a test says so: on the way into the mailbox.
struct fragile {
    explicit fragile(bool breaks) noexcept : breaks_when_moved(breaks) {}
    fragile(const fragile& from) : breaks_when_moved(from.breaks_when_moved) { look(); }
    fragile(fragile&& from) : breaks_when_moved(from.breaks_when_moved) { look(); }
    void look() const {
        if (breaks_when_moved) {
            throw std::runtime_error("fragile");
        }
    }
    bool breaks_when_moved;
};

struct none {};  // no batches

template <class Mailbox, class Batching>
struct combination {
    using mailbox = Mailbox;
    using batching = Batching;
    static constexpr bool batched = !std::is_same_v<Batching, none>;
};

struct seen_note {
    std::size_t sender;
    std::size_t number;
    std::size_t level;
};

struct records {
    std::vector<seen_note> seen;
    std::size_t largest = 0;
    std::size_t spans = 0;
    std::size_t fragile_seen = 0;

    void take(const note& n) {
        if (n.alone == nullptr) {
            throw std::logic_error("moved from");
        }
        seen.push_back({n.sender, n.number, n.level});
    }
};

template <class Mailbox>
struct takes {
    using mailbox = Mailbox;
    explicit takes(records& to) noexcept : to_(to) {}
    void operator()(const plug& p) const { p.hold(); }
    void operator()(const fragile&) const { to_.fragile_seen += 1; }
    int operator()(question) const { return 1; }
    static std::size_t priority(const note& n) noexcept { return n.level; }
    records& to_;
};

template <class C>
struct actor : takes<typename C::mailbox> {
    using batches = drover::of<note>;
    using batching = typename C::batching;
    using takes<typename C::mailbox>::takes;
    using takes<typename C::mailbox>::operator();
    void operator()(std::span<note> some) const {
        this->to_.spans += 1;
        this->to_.largest = std::max(this->to_.largest, some.size());
        for (const note& each : some) {
            this->to_.take(each);
        }
    }
};

template <class Mailbox>
struct actor<combination<Mailbox, none>> : takes<Mailbox> {
    using takes<Mailbox>::takes;
    using takes<Mailbox>::operator();
    void operator()(const note& n) const { this->to_.take(n); }
};

template <class C>
constexpr drover::overflow policy() {
    return C::mailbox::default_limits().when_full;
}
template <class C>
constexpr bool one_sender = false;
template <std::size_t N, class Overflow, class Batching>
constexpr bool one_sender<combination<drover::single_producer_mailbox<N, Overflow>, Batching>> = true;

// What senders know of their messages.
struct sent {
    std::size_t offered = 0;
    std::size_t accepted = 0;
    std::size_t returned = 0;
    std::vector<std::size_t> numbers{};  // of those that were accepted

    void count(delivery answer, std::size_t first, std::size_t many, bool stays = false) {
        offered += many;
        if (drover::is_accepted(answer)) {
            accepted += many;
            for (std::size_t each = 0; each != many; ++each) {
                numbers.push_back(first + each);
            }
        } else if (stays) {
            returned += many;
        }
    }
};

std::uint64_t seed_of_this_run() {
    static const std::uint64_t seed = [] {
        const char* const given = std::getenv("DROVER_SEED");
        const std::uint64_t chosen = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
        std::printf("DROVER_SEED=%llu\n", static_cast<unsigned long long>(chosen));
        return chosen;
    }();
    return seed;
}

template <class Actor>
sent send_at_random(const drover::ref<Actor>& to, std::size_t sender, std::size_t count, std::uint64_t seed) {
    drover::random_source random(seed);
    sent mine;
    for (std::size_t number = 0; number < count;) {
        const std::size_t level = random.below(levels);
        switch (random.below(8)) {
            case 0: {
                std::vector<note> some;
                const std::size_t many = 1 + random.below(capacity + 2);  // also more than there can be room for
                for (std::size_t each = 0; each != many; ++each) {
                    some.emplace_back(sender, number + each, level);
                }
                mine.count(to.tell_batch(std::move(some)), number, many);
                number += many;
                break;
            }
            case 1: {
                note one(sender, number, level);
                const delivery answer = to.try_tell(one);
                if ((one.alone == nullptr) != drover::is_accepted(answer)) {
                    throw std::logic_error("try_tell kept or returned the wrong one");
                }
                mine.count(answer, number++, 1, true);
                break;
            }
            case 2: std::this_thread::yield(); break;
            default: mine.count(to.tell(note(sender, number, level)), number, 1); ++number;
        }
    }
    return mine;
}

// Each accepted message once, in the order of its sender within a level; an evicting mailbox may have left some out.
template <class C>
void check_what_came(const records& to, const std::vector<sent>& senders, bool all) {
    std::map<std::pair<std::size_t, std::size_t>, std::size_t> next;
    std::vector<std::vector<bool>> came(senders.size());
    bool in_order = true;
    bool once = true;
    for (const seen_note& each : to.seen) {
        auto& place = next[{each.sender, C::mailbox::levels > 1 ? each.level : 0}];
        in_order = in_order && each.number >= place;
        place = each.number + 1;
        auto& mine = came.at(each.sender);
        mine.resize(std::max(mine.size(), each.number + 1));
        once = once && !mine[each.number];
        mine[each.number] = true;
    }
    CHECK(in_order);
    CHECK(once);
    std::size_t found = 0;
    for (std::size_t sender = 0; sender != senders.size(); ++sender) {
        for (const std::size_t number : senders[sender].numbers) {
            found += number < came[sender].size() && came[sender][number] ? 1U : 0U;
        }
    }
    CHECK(found == to.seen.size());  // nothing came that was refused
    if (all) {
        std::size_t accepted = 0;
        for (const sent& each : senders) {
            accepted += each.accepted;
        }
        CHECK(found == accepted);
    }
}

// pending never runs below zero, whenever it is looked at.
bool agrees(const drover::accounting& sums) {
    return sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending && sums.pending < 1'000'000'000;
}

}  // namespace

template <std::size_t N, class Overflow>
using bounded = drover::bounded_mailbox<N, Overflow>;
template <std::size_t N, class Overflow>
using ring = drover::single_producer_mailbox<N, Overflow>;

// Patience that a clock at a stand never ends.
using patient = drover::block_sender<1000>;

#define DROVER_ALL_POLICIES(mailbox, batching)                           \
    (combination<mailbox<capacity, drover::reject_newest>, batching>),   \
        (combination<mailbox<capacity, drover::drop_newest>, batching>), \
        (combination<mailbox<capacity, patient>, batching>),             \
        (combination<mailbox<capacity, drover::fail_actor>, batching>)

#define DROVER_BATCHINGS_OF(mailbox)                                                    \
    DROVER_ALL_POLICIES(mailbox, none), DROVER_ALL_POLICIES(mailbox, drover::up_to<3>), \
        DROVER_ALL_POLICIES(mailbox, two_for_a_while)

using two_for_a_while = drover::linger<2, 100>;

#define DROVER_UNLIMITED                                                                                        \
    (combination<drover::unbounded_mailbox, none>), (combination<drover::unbounded_mailbox, drover::up_to<3>>), \
        (combination<drover::unbounded_mailbox, drover::one_at_a_time>),                                        \
        (combination<drover::priority_mailbox<levels, 4>, none>),                                               \
        (combination<drover::priority_mailbox<levels, 4>, drover::up_to<3>>)

#define DROVER_EVICTING                                                          \
    (combination<bounded<capacity, drover::drop_oldest>, none>),                 \
        (combination<bounded<capacity, drover::drop_oldest>, drover::up_to<3>>), \
        (combination<bounded<capacity, drover::drop_oldest>, two_for_a_while>)

#define DROVER_LIMITED DROVER_BATCHINGS_OF(bounded), DROVER_BATCHINGS_OF(ring), DROVER_EVICTING

TEMPLATE_TEST_CASE("random senders lose, double and reorder nothing, and the accounts agree", "", DROVER_UNLIMITED,
                   DROVER_LIMITED) {
    constexpr std::size_t senders = one_sender<TestType> ? 1 : 3;
    const std::size_t count = drover_test::scaled(1500);
    const std::size_t before = blocks_in_use();
    const std::uint64_t seed = seed_of_this_run();
    CAPTURE(seed);
    {
        records to;
        std::vector<sent> all(senders);
        bool agreed = true;
        drover::accounting sums{};
        {
            world w;
            const auto a = w.rt.spawn<actor<TestType>>(to);
            std::vector<std::thread> threads;
            std::atomic<std::size_t> left{senders};
            for (std::size_t each = 0; each != senders; ++each) {
                threads.emplace_back([&, each] {
                    all[each] = send_at_random(a, each, count, seed + each);
                    left.fetch_sub(1);
                });
            }
            while (left.load() != 0) {
                agreed = agreed && agrees(w.rt.statistics());
                // Batches that wait for enough may keep all places; time goes on for them.
                if constexpr (std::is_same_v<typename TestType::batching, two_for_a_while>) {
                    w.clock.advance(std::chrono::microseconds(100));
                }
                std::this_thread::yield();
            }
            for (std::thread& each : threads) {
                each.join();
            }
            CHECK(w.finish());
            sums = w.rt.statistics();
        }
        CHECK(agreed);
        CHECK(agrees(sums));
        CHECK(sums.pending == 0);
        sent total;
        for (const sent& each : all) {
            total.offered += each.offered;
            total.accepted += each.accepted;
            total.returned += each.returned;
        }
        CHECK(sums.offered == total.offered);
        CHECK(sums.returned == total.returned);
        CHECK(sums.handled == to.seen.size());
        const bool evicts = policy<TestType>() == drover::overflow::drop_oldest;
        const bool fails = policy<TestType>() == drover::overflow::fail_actor;
        check_what_came<TestType>(to, all, !evicts && !fails);
        if constexpr (TestType::batched) {
            CHECK(to.largest <= TestType::batching::most);
        }
        if (evicts) {
            CHECK(sums.dead(reason::dropped) == sums.offered - sums.returned - sums.handled);
        }
    }
    CHECK(blocks_in_use() == before);
}

TEMPLATE_TEST_CASE("a plugged actor takes exactly its capacity, and its policy answers the next", "", DROVER_LIMITED) {
    records to;
    world w;
    const auto a = w.rt.spawn<actor<TestType>>(to);
    constexpr auto full = policy<TestType>();
    {
        const plugged until_done(a, [&] { w.clock.advance(std::chrono::microseconds(100)); });
        for (std::size_t each = 0; each != capacity; ++each) {
            CHECK_THROWS_AS(a.tell(fragile(true)), std::runtime_error);  // gives its place back
            REQUIRE(drover::is_accepted(a.tell(note(0, each, 0))));
        }
        note next(0, capacity, 0);
        const delivery answer = a.try_tell(next);
        std::vector<note> many;
        for (std::size_t each = 0; each != capacity + 1; ++each) {
            many.emplace_back(0, 100 + each, 0);
        }
        const delivery too_many = a.tell_batch(std::move(many));
        if (full == drover::overflow::drop_oldest) {
            CHECK(drover::is_accepted(answer));
            CHECK(too_many == delivery::dropped);
            CHECK(w.rt.statistics().dead(reason::dropped) == 1 + capacity + 1);
        } else if (full == drover::overflow::drop_newest) {
            CHECK(answer == delivery::dropped);
            CHECK(too_many == delivery::dropped);
        } else {
            CHECK(answer == delivery::rejected_full);
            CHECK(too_many == delivery::rejected_full);
        }
        CHECK((next.alone == nullptr) == drover::is_accepted(answer));
    }
    CHECK(w.finish());
    const auto sums = w.rt.statistics();
    CHECK(agrees(sums));
    CHECK(sums.pending == 0);
    if (full == drover::overflow::fail_actor) {
        CHECK(a.stopped());
        CHECK(to.seen.empty());
        CHECK(sums.dead(reason::stopped) == capacity);
    } else {
        REQUIRE(to.seen.size() == capacity);
        CHECK(to.seen.front().number == (full == drover::overflow::drop_oldest ? 1 : 0));
    }
}

TEMPLATE_TEST_CASE("a stop overtakes what is queued, and a stop when drained does not", "", DROVER_UNLIMITED,
                   DROVER_LIMITED) {
    const std::size_t before = blocks_in_use();
    {
        records to;
        world w;
        const auto a = w.rt.spawn<actor<TestType>>(to);
        const auto b = w.rt.spawn<actor<TestType>>(to);
        {
            const plugged until_done(a, [&] { w.clock.advance(std::chrono::microseconds(100)); });
            for (std::size_t each = 0; each != 4; ++each) {
                a.tell(note(0, each, each % levels));
            }
            a.stop();
        }
        wait_until([&] { return a.stopped(); });
        w.settle();
        CHECK(to.seen.empty());
        CHECK(w.rt.statistics().dead(reason::stopped) == 4);
        CHECK(a.tell(note(0, 9, 0)) == delivery::stopped);
        {
            const plugged until_done(b, [&] { w.clock.advance(std::chrono::microseconds(100)); });
            for (std::size_t each = 0; each != 4; ++each) {
                b.tell(note(0, each, each % levels));
            }
            b.stop_when_drained();
            CHECK(drover::is_accepted(b.tell(note(0, 4, 2))));
        }
        wait_until([&] { return b.stopped(); });
        w.settle();
        // A ring and the end mark travel apart: what comes after the stop may still be before it.
        CHECK(to.seen.size() >= 4);
        CHECK(to.seen.size() <= (one_sender<TestType> ? 5 : 4));
        CHECK(w.rt.statistics().dead(reason::stopped) + to.seen.size() == 10);
        CHECK(agrees(w.rt.statistics()));
    }
    CHECK(blocks_in_use() == before);
}

TEMPLATE_TEST_CASE("a failed send leaves nothing behind, by whichever way", "", DROVER_UNLIMITED, DROVER_LIMITED) {
    const std::size_t before = blocks_in_use();
    {
        records to;
        world w;
        const auto a = w.rt.spawn<actor<TestType>>(to);
        for (std::size_t round = 0; round != 3 * capacity; ++round) {
            const fragile copied(true);
            fragile kept(true);
            CHECK_THROWS_AS(a.tell(copied), std::runtime_error);
            CHECK_THROWS_AS(a.tell(fragile(true)), std::runtime_error);
            CHECK_THROWS_AS(static_cast<void>(a.try_tell(kept)), std::runtime_error);
            std::array<int, 3> numbers{0, 1, 2};
            CHECK_THROWS_AS(a.tell_batch(numbers | std::views::transform([](int n) { return fragile(n == 2); })),
                            std::runtime_error);
        }
        CHECK(w.rt.statistics().offered == 0);
        for (std::size_t each = 0; each != capacity / 2; ++each) {
            CHECK(drover::is_accepted(a.tell(fragile(false))));
        }
        CHECK(w.finish());
        CHECK(to.fragile_seen == capacity / 2);
        CHECK(agrees(w.rt.statistics()));
    }
    CHECK(blocks_in_use() == before);
}

TEMPLATE_TEST_CASE("stopping at a random moment accounts for every message", "", DROVER_UNLIMITED, DROVER_LIMITED) {
    constexpr std::size_t senders = one_sender<TestType> ? 1 : 2;
    const std::size_t before = blocks_in_use();
    const std::uint64_t seed = seed_of_this_run();
    CAPTURE(seed);
    drover::random_source random(seed);
    for (std::size_t round = 0; round != drover_test::scaled(20); ++round) {
        records to;
        std::vector<sent> all(senders);
        world w;
        const auto a = w.rt.spawn<actor<TestType>>(to);
        std::atomic<std::size_t> left{senders};
        std::vector<std::thread> threads;
        for (std::size_t each = 0; each != senders; ++each) {
            threads.emplace_back([&, each] {
                all[each] = send_at_random(a, each, 60, seed + 31 * round + each);
                left.fetch_sub(1);
            });
        }
        const std::uint32_t moment = random.below(60);
        const std::uint32_t how = random.below(4);
        wait_until([&] {
            w.clock.advance(std::chrono::microseconds(100));
            return w.rt.statistics().offered >= moment || left.load() == 0;
        });
        switch (how) {
            case 0: a.stop(); break;
            case 1: a.stop_when_drained(); break;
            case 2: CHECK(w.finish()); break;
            default: CHECK(w.rt.stop());
        }
        while (left.load() != 0) {
            w.clock.advance(std::chrono::microseconds(100));
            std::this_thread::yield();
        }
        for (std::thread& each : threads) {
            each.join();
        }
        CHECK(w.finish());
        const auto sums = w.rt.statistics();
        CHECK(agrees(sums));
        CHECK(sums.pending == 0);
        std::size_t offered = 0;
        for (const sent& each : all) {
            offered += each.offered;
        }
        CHECK(sums.offered == offered);
        CHECK(sums.handled == to.seen.size());
        check_what_came<TestType>(to, all, false);
    }
    CHECK(blocks_in_use() == before);
}
