#include <drover/features/features.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace std::chrono_literals;

namespace {

struct counts {
    std::atomic<std::size_t> spawn{0}, start{0}, stop{0}, failure{0}, enqueue{0}, handled{0}, dead{0}, asked{0},
        answered{0}, timed_out{0}, steal{0}, park{0}, wake{0};
};

// Set anew by each test; the hooks are functions without an object.
counts* now_counting = nullptr;

struct counting_metrics : drover::no_metrics {
    using who = drover::hook_subject;
    static void on_spawn(auto&, who) noexcept { now_counting->spawn += 1; }
    static void on_start(auto&, who) noexcept { now_counting->start += 1; }
    static void on_stop(auto&, who) noexcept { now_counting->stop += 1; }
    static void on_failure(auto&, who) noexcept { now_counting->failure += 1; }
    static void on_enqueue(auto&, who, std::size_t n) noexcept { now_counting->enqueue += n; }
    static void on_handled(auto&, who, std::size_t n) noexcept { now_counting->handled += n; }
    static void on_dead_letter(auto&, who, drover::dead_letter_reason) noexcept { now_counting->dead += 1; }
    static void on_ask_sent(auto&, who) noexcept { now_counting->asked += 1; }
    static void on_ask_answered(auto&, who) noexcept { now_counting->answered += 1; }
    static void on_ask_timed_out(auto&, who) noexcept { now_counting->timed_out += 1; }
    static void on_steal(auto&, std::size_t taken) noexcept { now_counting->steal += taken; }
    static void on_park(auto&) noexcept { now_counting->park += 1; }
    static void on_wake(auto&) noexcept { now_counting->wake += 1; }
};

// A stamp that travels in the envelope: who gets it, and when it was sent.
std::atomic<std::uint64_t> sends{0};
std::atomic<std::uint64_t> right_receipts{0};
std::atomic<std::uint64_t> highest_seen{0};

struct stamping : drover::no_tracing {
    struct stamp {
        std::uint64_t number = 0;
        drover::actor_id to{};
    };
    static void sent(stamp& s, drover::actor_id receiver, const drover::message_names&) noexcept {
        s.number = ++sends;
        s.to = receiver;
    }
    struct handling {
        handling(const stamp& s, drover::actor_id receiver, const drover::message_names&) noexcept {
            right_receipts += s.to == receiver && s.number != 0 ? 1 : 0;
            highest_seen = s.number;
        }
    };
};

struct observed : drover::features {
    using metrics = counting_metrics;
    using tracing = stamping;
};
struct metered : drover::features {
    using metrics = counting_metrics;
};
struct traced : drover::features {
    using tracing = stamping;
};

static_assert(drover::feature_bundle<observed>);
static_assert(drover::feature_bundle<metered>);
struct lacking : drover::features {
    struct metrics {
        static void on_spawn(drover::actor_id) {}
    };
};
static_assert(!drover::feature_bundle<lacking>);

static_assert(sizeof(drover::envelope_of<drover::features>) == 16);
static_assert(sizeof(drover::envelope_of<metered>) == 16, "metrics carry nothing in a message");
static_assert(sizeof(drover::envelope_of<traced>) == 16 + sizeof(stamping::stamp));
static_assert(sizeof(drover::basic_cell<metered>) == sizeof(drover::basic_cell<drover::features>));

using observed_world = drover_test::basic_world<observed>;

struct worker {
    int operator()(int n) {
        if (n < 0) {
            throw std::runtime_error("negative");
        }
        return n;
    }
};

}  // namespace

TEST_CASE("each metrics hook is called where its name says, as often as that happens") {
    counts seen;
    now_counting = &seen;
    {
        observed_world w(2);
        auto a = w.rt.spawn<worker>();
        auto b = w.rt.spawn([](int, drover::basic_context<observed>& c) { c.spawn<worker>(); });
        struct starting {
            void started(drover::basic_context<observed>&) {}
            void operator()(int) {}
        };
        w.rt.spawn<starting>();
        CHECK(seen.spawn == 3);
        a.tell(1);
        a.tell_batch(std::vector<int>{1, 2, 3});
        b.tell(1);
        CHECK(a.ask(5).get() == 5);
        w.settle();
        // They hear after the accounts, and nobody has sent anything to the one that starts.
        drover_test::wait_until([&] { return seen.handled >= 6 && seen.start >= 1 && seen.answered >= 1; });
        CHECK(seen.spawn == 4);
        CHECK(seen.start == 1);
        CHECK(seen.enqueue == 6);
        CHECK(seen.handled == 6);
        CHECK(seen.asked == 1);
        CHECK(seen.answered == 1);
        CHECK(seen.dead == 0);

        auto thrown = a.ask(-1);
        CHECK_FALSE(thrown.result());
        drover_test::await_closed(a);
        w.settle();
        CHECK(seen.failure == 1);
        CHECK(seen.dead == 1);
        a.tell(1);
        CHECK(seen.dead == 2);

        drover_test::door way;
        auto slow = w.rt.spawn([&](int n) {
            way.pass();
            return n;
        });
        auto late = slow.ask(1, 1s);
        w.clock.advance(1s);
        CHECK(late.result().error().code == drover::ask_error::timeout);
        CHECK(seen.timed_out == 1);
        way.open();
        CHECK(w.finish());
        CHECK(seen.answered == 1);  // not counted when too late
    }
    CHECK(seen.spawn == 5);
    CHECK(seen.stop == 5);
    CHECK(seen.asked == 3);
    CHECK(seen.wake <= seen.park);
}

TEST_CASE("the stamp of an own tracing policy travels with every message") {
    counts seen;
    now_counting = &seen;
    sends = 0;
    right_receipts = 0;
    drover_test::basic_world<observed> w(2);
    auto a = w.rt.spawn<worker>();
    a.tell(1);
    a.tell(2);
    CHECK(a.ask(3).get() == 3);
    int four = 4;
    CHECK(a.try_tell(four) == drover::delivery::accepted);
    a.tell_batch(std::vector<int>{5, 6});
    CHECK(w.finish());
    CHECK(sends == 6);
    CHECK(right_receipts == 6);
    CHECK(highest_seen == 6);
}

TEST_CASE("workers of an idle runtime are parked, and stay so") {
    counts seen;
    now_counting = &seen;
    drover_test::basic_world<metered> w(2);
    drover_test::wait_until([&] { return seen.park - seen.wake == 2; });
    const std::size_t parked = seen.park;
    // Another runtime works meanwhile; nobody wakes these two for it.
    drover_test::world other(1);
    auto echo = other.rt.spawn([](int n) { return n; });
    for (int each = 0; each != 100; ++each) {
        CHECK(echo.ask(each).get() == each);
    }
    CHECK(seen.park == parked);
    CHECK(seen.park - seen.wake == 2);
    // A message wakes one, and then both are parked again.
    auto a = w.rt.spawn<worker>();
    CHECK(a.ask(1).get() == 1);
    drover_test::wait_until([&] { return seen.park - seen.wake == 2; });
    CHECK(seen.park > parked);
}

TEST_CASE("a worker takes from another's queue, and the hook hears how many") {
    counts seen;
    now_counting = &seen;
    drover_test::basic_world<metered> w(2);
    std::atomic<int> done{0};
    auto count = [&](int) { done += 1; };
    std::vector<drover::ref<decltype(count), metered>> many;
    for (int each = 0; each != 30; ++each) {
        many.push_back(w.rt.spawn(count));
    }
    auto busy = w.rt.spawn([&](int) {
        for (const auto& each : many) {
            each.tell(1);
        }
        drover_test::wait_until([&] { return done == 30; });
        return 0;
    });
    CHECK(busy.ask(1).get() == 0);
    CHECK(seen.steal > 0);
    CHECK(w.finish());
}
