#include <drover/scheduling/time_limit.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <thread>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/wait.hpp"

using namespace std::chrono_literals;
using drover::manual_clock;
using drover::time_limit;
using drover::timer_service;
using drover_test::wait_until;

namespace {

struct bell {
    std::atomic<std::uint32_t> word{0};

    static void ring(void* who) noexcept {
        auto* const me = static_cast<bell*>(who);
        me->word.fetch_add(1);
        drover::futex_wake_all(me->word);
    }
};

// As everybody who uses it waits.
void wait_out(const time_limit& limit, const bell& heard) {
    for (;;) {
        const std::uint32_t word = heard.word.load();
        if (limit.over()) {
            return;
        }
        limit.wait(heard.word, word);
    }
}

}  // namespace

TEST_CASE("on a manual clock a limit is over when the clock has been turned so far") {
    manual_clock clock;
    timer_service timers(clock, "test");
    bell one;
    clock.advance(1h);
    const time_limit limit(timers, 10ms, &bell::ring, &one);
    CHECK_FALSE(limit.over());
    clock.advance(10ms - 1ns);
    CHECK_FALSE(limit.over());
    CHECK(one.word.load() == 0);
    clock.advance(1ns);
    CHECK(limit.over());
    CHECK(one.word.load() == 1);
}

TEST_CASE("a limit of nothing, or less, is over at once") {
    manual_clock clock;
    timer_service manual(clock, "test");
    timer_service steady(drover::steady_clock_source::instance(), "test");
    bell one;
    for (const drover::clock_duration none : {0ns, -1ns, drover::clock_duration::min()}) {
        for (timer_service* each : {&manual, &steady}) {
            const time_limit limit(*each, none, &bell::ring, &one);
            CHECK(limit.over());
        }
    }
    clock.advance(1s);
    CHECK(one.word.load() == 0);
}

TEST_CASE("a limit that goes before its time rings no bell") {
    manual_clock clock;
    timer_service timers(clock, "test");
    bell one;
    { const time_limit limit(timers, 1s, &bell::ring, &one); }
    clock.advance(2s);
    CHECK(one.word.load() == 0);
}

TEST_CASE("whoever waits on a manual clock is woken by the thread that turns it") {
    manual_clock clock;
    timer_service timers(clock, "test");
    // The waiter may be gone as soon as it is over: its end must wait for the timer that is just firing.
    for (std::size_t round = 0; round != drover_test::scaled(200); ++round) {
        std::atomic<bool> armed{false};
        std::thread waiter([&] {
            bell mine;
            const time_limit limit(timers, 1s, &bell::ring, &mine);
            armed.store(true);
            wait_out(limit, mine);
        });
        wait_until([&] { return armed.load(); });
        clock.advance(1s);
        waiter.join();
    }
    CHECK(clock.now().time_since_epoch() == std::chrono::seconds(drover_test::scaled(200)));
}

TEST_CASE("a limit does not go while its bell is being rung") {
    struct slow_bell {
        std::atomic<bool> ringing{false};
        std::atomic<bool> rung{false};
        static void ring(void* who) noexcept {
            auto* const me = static_cast<slow_bell*>(who);
            me->ringing.store(true);
            for (int each = 0; each != 200; ++each) {
                std::this_thread::yield();
            }
            me->rung.store(true);
        }
    };
    manual_clock clock;
    timer_service timers(clock, "test");
    slow_bell slow;
    std::atomic<bool> armed{false};
    bool rung = false;
    std::thread waiter([&] {
        {
            const time_limit limit(timers, 1s, &slow_bell::ring, &slow);
            armed.store(true);
            wait_until([&] { return slow.ringing.load(); });
        }
        rung = slow.rung.load();
    });
    wait_until([&] { return armed.load(); });
    clock.advance(1s);
    waiter.join();
    CHECK(rung);
}

TEST_CASE("the end of the timers ends a limit") {
    manual_clock clock;
    timer_service timers(clock, "test");
    bell one;
    const time_limit limit(timers, 1h, &bell::ring, &one);
    timers.shut_down();
    CHECK(limit.over());
    const time_limit late(timers, 1h, &bell::ring, &one);
    CHECK(late.over());
}

TEST_CASE("on the steady clock the kernel keeps the time, not early, and nothing rings") {
    timer_service timers(drover::steady_clock_source::instance(), "test");
    bell one;
    const drover::time_point begin = timers.now();
    const time_limit limit(timers, 200us, &bell::ring, &one);
    wait_out(limit, one);
    CHECK(timers.now() - begin >= 200us);
    limit.wait(one.word, 0);  // over: does not block
    CHECK(one.word.load() == 0);
}

TEST_CASE("a wait ends when the word has changed") {
    manual_clock clock;
    timer_service manual(clock, "test");
    timer_service steady(drover::steady_clock_source::instance(), "test");
    for (timer_service* each : {&manual, &steady}) {
        bell one;
        const time_limit limit(*each, drover::clock_duration::max(), &bell::ring, &one);
        CHECK_FALSE(limit.over());
        limit.wait(one.word, 5);  // holds 0 and not 5
        std::thread ringer([&] { bell::ring(&one); });
        while (one.word.load() == 0) {
            limit.wait(one.word, 0);
        }
        ringer.join();
        CHECK_FALSE(limit.over());
    }
}
