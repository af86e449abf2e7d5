// Senders against limited mailboxes for long: every message is accounted for, whatever ends meanwhile.
#include <drover/drover.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/plug.hpp"
#include "support/scale.hpp"
#include "support/world.hpp"

using drover::delivery;
using drover_test::blocks_in_use;
using drover_test::scaled;
using drover_test::wait_until;

namespace {

using reason = drover::dead_letter_reason;

struct numbered {
    std::size_t sender;
    std::size_t number;
};

// Sees whether each sender's messages come in order; what it counts is for its own thread until the runtime has ended.
struct counter {
    explicit counter(std::array<std::size_t, 8>& next, std::atomic<std::size_t>& handled, bool& in_order) noexcept
        : next_(next), handled_(handled), in_order_(in_order) {}
    void operator()(const numbered& n) {
        in_order_ = in_order_ && n.number >= next_[n.sender];
        next_[n.sender] = n.number + 1;
        handled_.fetch_add(1, std::memory_order_relaxed);
    }
    std::array<std::size_t, 8>& next_;
    std::atomic<std::size_t>& handled_;
    bool& in_order_;
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

template <class Mailbox>
constexpr bool one_sender = false;
template <std::size_t N, class Overflow>
constexpr bool one_sender<drover::single_producer_mailbox<N, Overflow>> = true;

enum class ending : std::uint8_t { drained, stopped, stopped_when_drained, drain, runtime_stop };

drover::runtime_options quiet_options() {
    drover::runtime_options options;
    options.threads = 2;
    options.on_dead_letter = [](const drover::dead_letter&) {};
    options.on_failure = [](const drover::failure&) {};
    return options;
}

template <class Mailbox>
void send_and_end(std::size_t senders, std::size_t count, ending how, std::uint32_t moment) {
    const std::size_t before = blocks_in_use();
    std::array<std::size_t, 8> next{};
    std::atomic<std::size_t> handled{0};
    bool in_order = true;
    {
        drover::runtime rt(quiet_options());
        const auto a = rt.spawn<counter>(drover::spawn_in<Mailbox>{}, next, handled, in_order);
        std::array<std::size_t, static_cast<std::size_t>(delivery::stopped) + 1> answers{};
        std::mutex answers_mutex;
        std::atomic<std::size_t> sent{0};
        std::vector<std::thread> threads;
        for (std::size_t sender = 0; sender != senders; ++sender) {
            threads.emplace_back([&, sender] {
                std::array<std::size_t, static_cast<std::size_t>(delivery::stopped) + 1> mine{};
                for (std::size_t number = 0; number != count; ++number) {
                    mine[static_cast<std::size_t>(a.tell(numbered{sender, number}))] += 1;
                    sent.fetch_add(1, std::memory_order_relaxed);
                }
                const std::lock_guard lock(answers_mutex);
                for (std::size_t each = 0; each != mine.size(); ++each) {
                    answers[each] += mine[each];
                }
            });
        }
        bool complete = true;
        if (how != ending::drained) {
            wait_until([&] { return sent.load() >= std::min<std::size_t>(moment, senders * count); });
        }
        switch (how) {
            case ending::drained: break;
            case ending::stopped: a.stop(); break;
            case ending::stopped_when_drained: a.stop_when_drained(); break;
            case ending::drain: complete = rt.drain(std::chrono::seconds(60)).complete; break;
            case ending::runtime_stop: complete = static_cast<bool>(rt.stop()); break;
        }
        for (std::thread& each : threads) {
            each.join();
        }
        CHECK(complete);
        CHECK(rt.drain(std::chrono::seconds(60)));
        const drover::accounting sums = rt.statistics();
        CHECK(sums.pending == 0);
        CHECK(sums.offered == senders * count);
        CHECK(sums.handled == handled.load());
        CHECK(sums.handled + sums.dead() == sums.offered);
        CHECK(sums.dead(reason::rejected) == answers[static_cast<std::size_t>(delivery::rejected_full)] +
                                                 answers[static_cast<std::size_t>(delivery::timed_out)]);
    }
    CHECK(in_order);
    CHECK(blocks_in_use() == before);
}

}  // namespace

using patient = drover::block_sender<60000>;

#define DROVER_MAILBOXES                                                                                        \
    drover::unbounded_mailbox, drover::bounded_mailbox<16>, (drover::bounded_mailbox<16, drover::drop_newest>), \
        (drover::bounded_mailbox<16, drover::drop_oldest>), (drover::bounded_mailbox<1, drover::drop_oldest>),  \
        (drover::bounded_mailbox<16, patient>), (drover::bounded_mailbox<1, patient>),                          \
        (drover::bounded_mailbox<16, drover::fail_actor>), drover::priority_mailbox<3>,                         \
        drover::single_producer_mailbox<16>, (drover::single_producer_mailbox<1, patient>)

TEMPLATE_TEST_CASE("one to eight senders, and every message has one end", "", DROVER_MAILBOXES) {
    for (const std::size_t senders : {1U, 2U, 4U, 8U}) {
        if (senders == 1 || !one_sender<TestType>) {
            CAPTURE(senders);
            send_and_end<TestType>(senders, scaled(20000), ending::drained, 0);
        }
    }
}

TEMPLATE_TEST_CASE("senders whose receiver, or runtime, ends at a random moment", "", DROVER_MAILBOXES) {
    const std::uint64_t seed = seed_of_this_run();
    CAPTURE(seed);
    drover::random_source random(seed);
    for (std::size_t round = 0; round != scaled(40) + 4; ++round) {
        const std::size_t senders = one_sender<TestType> ? 1 : 1 + random.below(4);
        const auto how = static_cast<ending>(1 + round % 4);
        CAPTURE(round, senders);
        send_and_end<TestType>(senders, 500, how, random.below(1500));
    }
}

namespace {

std::size_t reserved_now() {
    return drover::block_pool::reserved_bytes();
}

struct sink_actor {
    void operator()(const numbered&) {}
    void operator()(const drover_test::plug& p) const { p.hold(); }
    int operator()(int n) const { return n; }
};

}  // namespace

TEST_CASE("a sender and a receiver on two threads pass envelopes for long in flat memory") {
    drover::runtime rt({.threads = 1});
    const auto a = rt.spawn<sink_actor>(drover::spawn_in<drover::bounded_mailbox<1024, patient>>{});
    const std::size_t count = scaled(2'000'000);
    std::size_t after_warm_up = 0;
    for (std::size_t number = 0; number != count; ++number) {
        a.tell(numbered{0, number});
        if (number == count / 10) {
            after_warm_up = reserved_now();
        }
    }
    CHECK(a.ask(1).get() == 1);
    // A capacity of 1024 and the magazines of two threads; not what passed through.
    CHECK(reserved_now() <= after_warm_up + std::size_t{1024} * 1024);
}

// Not a part of ctest, as it takes a minute by the clock: `build/release/tests/stress "[.minute]"`.
TEST_CASE("a sender and a receiver on two cores run for a minute in flat memory", "[.minute]") {
    const std::size_t before = blocks_in_use();
    std::size_t at_start = 0;
    std::size_t at_end = 0;
    std::size_t number = 0;
    {
        drover::runtime rt({.threads = 1});
        const auto a = rt.spawn<sink_actor>(drover::spawn_in<drover::bounded_mailbox<1024, patient>>{});
        const auto send_for = [&](std::chrono::seconds time) {
            for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;) {
                for (int each = 0; each != 1000; ++each) {
                    a.tell(numbered{0, number++});
                }
            }
        };
        send_for(std::chrono::seconds(1));
        at_start = reserved_now();
        send_for(std::chrono::seconds(60));
        at_end = reserved_now();
        CHECK(rt.drain(std::chrono::seconds(60)));
        CHECK(rt.statistics().handled == number);
    }
    std::printf("%zu messages; %zu bytes reserved after a second, %zu after a minute more\n", number, at_start, at_end);
    CHECK(at_end <= at_start + std::size_t{1024} * 1024);
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a burst of ten million messages that wait side by side is handled, and its memory is given back") {
    const std::size_t before = blocks_in_use();
    const std::size_t reserved_before = reserved_now();
    const std::size_t count = scaled(10'000'000);
    const auto burst = [&] {
        drover::runtime rt({.threads = 1});
        const auto a = rt.spawn<sink_actor>();
        {
            const drover_test::plugged until_all_are_sent(a);
            for (std::size_t number = 0; number != count; ++number) {
                a.tell(numbered{0, number});
            }
            CHECK(blocks_in_use() >= before + count);
        }
        CHECK(a.ask(1).get() == 1);
    };
    burst();
    CHECK(blocks_in_use() == before);
    // What the pool keeps for the next time is what it says, however large the burst, and does not grow from one to the
    // next.
    constexpr std::size_t slack = std::size_t{16} * 1024 * 1024;
    const std::size_t reserved = reserved_now();
    CHECK(reserved <= reserved_before + drover::detail::spare_bytes + drover::detail::depot_bytes + slack);
    burst();
    CHECK(blocks_in_use() == before);
    CHECK(reserved_now() <= reserved + slack);
}

namespace {

struct far_sender {
    void operator()(const numbered& n) const { to.tell(n); }
    drover::ref<sink_actor> to;
};

}  // namespace

TEST_CASE("envelopes cross from one runtime to another, and the runtimes end in either order") {
    const std::size_t before = blocks_in_use();
    for (std::size_t round = 0; round != scaled(20) + 2; ++round) {
        auto first = std::make_unique<drover::runtime>(quiet_options());
        auto second = std::make_unique<drover::runtime>(quiet_options());
        const auto near = first->spawn<sink_actor>();
        const auto far = second->spawn<far_sender>(near);
        const auto back = first->spawn<far_sender>(near);
        std::thread outsider([&] {
            for (std::size_t number = 0; number != 500; ++number) {
                far.tell(numbered{0, number});
                back.tell(numbered{0, number});
                near.tell(numbered{0, number});
            }
        });
        if (round % 4 < 2) {
            outsider.join();
        }
        (round % 2 == 0 ? first : second).reset();
        if (round % 4 >= 2) {
            outsider.join();
        }
        (round % 2 == 0 ? second : first).reset();
    }
    CHECK(blocks_in_use() == before);
}
