#include <drover/scheduling/timer_service.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/wait.hpp"

using namespace std::chrono_literals;
using drover::clock_duration;
using drover::manual_clock;
using drover::time_point;
using drover::timer;
using drover::timer_service;
using drover_test::wait_until;

namespace {

struct sample : timer {
    sample() noexcept : timer(&fired_now) {}

    static void fired_now(timer* self) noexcept {
        auto* const me = static_cast<sample*>(self);
        if (me->clock != nullptr) {
            me->at = me->clock->now();
        }
        me->thread = std::this_thread::get_id();
        if (me->again != nullptr) {
            me->again->arm(*me, me->at + 1s);
        }
        me->fired.fetch_add(1);
    }

    std::atomic<int> fired{0};
    const drover::clock_source* clock = nullptr;
    time_point at{};
    std::thread::id thread;
    timer_service* again = nullptr;  // arms itself once more there
};

constexpr time_point zero{};

}  // namespace

TEST_CASE("on a manual clock timers fire when it is turned, in the thread that turns it") {
    manual_clock clock;
    timer_service service(clock, "test");
    sample t;
    t.clock = &clock;
    CHECK(service.now() == zero);
    CHECK(service.manual());
    CHECK(service.arm(t, zero + 10ms));
    clock.advance(10ms - 1ns);
    CHECK(t.fired.load() == 0);
    clock.advance(1ns);
    CHECK(t.fired.load() == 1);
    CHECK(t.thread == std::this_thread::get_id());
    CHECK(t.at == zero + 10ms);
    clock.advance(1h);
    CHECK(t.fired.load() == 1);
}

TEST_CASE("a timer that is already due fires at the next turn") {
    manual_clock clock;
    timer_service service(clock, "test");
    clock.advance(1s);
    sample t;
    service.arm(t, zero + 1ms);
    CHECK(t.fired.load() == 0);
    clock.advance(0ns);
    CHECK(t.fired.load() == 1);
}

TEST_CASE("a deadline before the clock's zero is over") {
    manual_clock clock;
    timer_service service(clock, "test");
    sample t;
    service.arm(t, zero - 1ns);
    clock.advance(0ns);
    CHECK(t.fired.load() == 1);
}

TEST_CASE("arm_after counts from now, and refuses what is over") {
    manual_clock clock;
    timer_service service(clock, "test");
    clock.advance(1s);
    sample t;
    t.clock = &clock;
    CHECK_FALSE(service.arm_after(t, 0ns));
    CHECK_FALSE(service.arm_after(t, -1s));
    CHECK_FALSE(service.arm_after(t, clock_duration::min()));
    CHECK_FALSE(t.armed);
    CHECK(service.arm_after(t, 1s));
    clock.advance(1s - 1ns);
    CHECK(t.fired.load() == 0);
    clock.advance(1ns);
    CHECK(t.at == zero + 2s);
}

TEST_CASE("a time beyond the end of time is as late as can be") {
    manual_clock clock;
    timer_service service(clock, "test");
    clock.advance(1h);
    sample t;
    CHECK(service.arm_after(t, clock_duration::max()));
    clock.advance(24h * 365 * 100);
    CHECK(t.fired.load() == 0);
    CHECK(service.cancel(t));
    service.shut_down();
    CHECK_FALSE(service.arm_after(t, 1s));
}

TEST_CASE("the farthest deadline fires when the service is shut down") {
    manual_clock clock;
    sample t;
    {
        timer_service service(clock, "test");
        service.arm(t, time_point::max());
        clock.advance(24h * 365);
        CHECK(t.fired.load() == 0);
    }
    CHECK(t.fired.load() == 1);
    clock.advance(1h);  // the service that is gone hears nothing of it
    CHECK(t.fired.load() == 1);
}

TEST_CASE("a cancelled timer does not fire and can be armed again") {
    manual_clock clock;
    timer_service service(clock, "test");
    sample t;
    CHECK_FALSE(service.cancel(t));
    service.arm(t, zero + 1s);
    CHECK(service.cancel(t));
    CHECK_FALSE(service.cancel(t));
    clock.advance(2s);
    CHECK(t.fired.load() == 0);
    service.arm(t, zero + 3s);
    clock.advance(1s);
    CHECK(t.fired.load() == 1);
    CHECK_FALSE(service.cancel(t));
}

TEST_CASE("a timer may arm itself again while it fires") {
    manual_clock clock;
    timer_service service(clock, "test");
    sample t;
    t.clock = &clock;
    t.again = &service;
    service.arm(t, zero + 1s);
    clock.advance(1s);
    CHECK(t.fired.load() == 1);
    clock.advance(999ms);
    CHECK(t.fired.load() == 1);
    clock.advance(1ms);
    CHECK(t.fired.load() == 2);
    t.again = nullptr;
    CHECK(service.cancel(t));
}

TEST_CASE("shut_down fires what is armed, early, and nothing afterwards") {
    manual_clock clock;
    timer_service service(clock, "test");
    sample armed;
    sample late;
    service.arm(armed, zero + 1h);
    service.shut_down();
    CHECK(armed.fired.load() == 1);
    CHECK_FALSE(service.arm(late, zero));
    CHECK_FALSE(late.armed);
    service.shut_down();
    clock.advance(2h);
    CHECK(armed.fired.load() == 1);
    CHECK(late.fired.load() == 0);
}

TEST_CASE("many timers fire in the order of their deadlines") {
    manual_clock clock;
    timer_service service(clock, "test");
    std::deque<sample> timers(100);
    for (std::size_t each = 0; each != timers.size(); ++each) {
        timers[each].clock = &clock;
        service.arm(timers[each], zero + std::chrono::milliseconds((each * 37) % 100));
    }
    for (int step = 0; step != 100; ++step) {
        clock.advance(1ms);
        for (const sample& each : timers) {
            REQUIRE((each.fired.load() == 0 || each.at <= clock.now()));
        }
    }
    for (std::size_t each = 0; each != timers.size(); ++each) {
        CHECK(timers[each].fired.load() == 1);
        // 0 was due at once and fired with the first turn.
        CHECK(timers[each].at == zero + std::max<std::chrono::milliseconds>(1ms, ((each * 37) % 100) * 1ms));
    }
}

TEST_CASE("on the steady clock a timer fires in a thread of the service, not early") {
    drover::steady_clock_source& clock = drover::steady_clock_source::instance();
    timer_service service(clock, "a-long-name-of-a-runtime");
    std::deque<sample> timers(3);
    const time_point begin = service.now();
    // A far one first: the nearer ones must wake the thread that waits for it.
    const clock_duration distances[] = {1h, 2ms, 100us};
    for (std::size_t each = 0; each != timers.size(); ++each) {
        timers[each].clock = &clock;
        REQUIRE(service.arm(timers[each], begin + distances[each]));
    }
    wait_until([&] { return timers[1].fired.load() == 1 && timers[2].fired.load() == 1; });
    CHECK(timers[0].fired.load() == 0);
    for (std::size_t each = 1; each != timers.size(); ++each) {
        CHECK(timers[each].at >= begin + distances[each]);
        CHECK(timers[each].thread != std::this_thread::get_id());
    }
    // And again, after the thread has waited without anything to wait for.
    CHECK(service.cancel(timers[0]));
    sample last;
    last.clock = &clock;
    const time_point deadline = service.now() + 50us;
    service.arm(last, deadline);
    wait_until([&] { return last.fired.load() == 1; });
    CHECK(last.at >= deadline);
}

TEST_CASE("on the steady clock shut_down fires what is armed and ends the thread") {
    sample armed;
    timer_service service(drover::steady_clock_source::instance(), "test");
    service.arm(armed, service.now() + 1h);
    service.shut_down();
    CHECK(armed.fired.load() == 1);
    CHECK_FALSE(service.arm(armed, service.now()));
    service.shut_down();
}

TEST_CASE("a service without timers starts no thread") {
    timer_service service(drover::steady_clock_source::instance(), "test");
    CHECK_FALSE(service.manual());
    service.shut_down();
    sample t;
    CHECK_FALSE(service.arm(t, service.now()));
}

TEST_CASE("a timer fires or is cancelled, never both, never neither") {
    timer_service service(drover::steady_clock_source::instance(), "test");
    const std::size_t rounds = drover_test::scaled(2000);
    std::size_t cancelled = 0;
    std::size_t fired = 0;
    for (std::size_t round = 0; round != rounds; ++round) {
        sample t;
        service.arm(t, service.now() + std::chrono::microseconds(round % 20));
        if (round % 2 == 0) {
            std::this_thread::yield();
        }
        if (service.cancel(t)) {
            cancelled += 1;
            REQUIRE(t.fired.load() == 0);
        } else {
            // It has fired or is just firing, and belongs to the service until it is through.
            wait_until([&] { return t.fired.load() == 1; });
            fired += 1;
        }
    }
    CHECK(cancelled + fired == rounds);
}

TEST_CASE("threads may arm and cancel while another turns the clock") {
    manual_clock clock;
    timer_service service(clock, "test");
    const std::size_t rounds = drover_test::scaled(500);
    std::atomic<int> ready{0};
    std::atomic<std::size_t> outcomes{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread != 2; ++thread) {
        threads.emplace_back([&] {
            for (std::size_t round = 0; round != rounds; ++round) {
                sample t;
                service.arm(t, service.now() + std::chrono::nanoseconds(round % 100));
                std::this_thread::yield();
                if (!service.cancel(t)) {
                    wait_until([&] { return t.fired.load() == 1; });
                }
                outcomes.fetch_add(1);
            }
            ready.fetch_add(1);
        });
    }
    while (ready.load() != 2) {
        clock.advance(10ns);
        std::this_thread::yield();
    }
    for (std::thread& each : threads) {
        each.join();
    }
    CHECK(outcomes.load() == 2 * rounds);
}

TEST_CASE("the next event is none, or not later than the next timer, and comes nearer") {
    manual_clock clock;
    timer_service timers(clock, "test");
    CHECK_FALSE(timers.next_event().has_value());
    struct nothing : drover::timer {
        nothing() : timer([](drover::timer*) noexcept {}) {}
    };
    nothing one;
    nothing two;
    REQUIRE(timers.arm_after(one, 5s));
    REQUIRE(timers.arm_after(two, 3s));
    unsigned turns = 0;
    for (auto next = timers.next_event(); next.has_value(); next = timers.next_event()) {
        REQUIRE(*next > clock.now());
        clock.advance(*next - clock.now());
        turns += 1;
        CHECK(two.armed == (clock.now() < drover::time_point(3s)));
    }
    CHECK(clock.now() == drover::time_point(5s));
    CHECK(turns < 30);
}
