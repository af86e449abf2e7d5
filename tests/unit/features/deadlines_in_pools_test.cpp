// Deadlines of messages that go to pools: loads, latencies and outcomes of the members, and who takes a message when.
#include <drover/features/deadlines.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/oracle.hpp"
#include "support/wait.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::clock_duration;
using drover::dead_letter_reason;
using drover_test::exact;

namespace {

struct timed : drover::features {
    using deadlines = drover::message_deadlines;
};
using app = drover::with<timed>;

struct nap {
    clock_duration length;
};
struct job {};
struct question {};

struct hand {
    drover::task<> operator()(nap n) { co_await drover::sleep_for(n.length); }
    void operator()(job) { *done += 1; }
    int operator()(question) {
        *done += 1;
        return 1;
    }
    int* done;
};

struct batching_hand {
    using batches = drover::of<job>;
    drover::task<> operator()(nap n) { co_await drover::sleep_for(n.length); }
    void operator()(std::span<job> all) { *done += static_cast<int>(all.size()); }
    int* done;
};

template <class Hand, class Policy, class Health = drover::no_health>
struct scene {
    using pool_type = drover::pool<Hand, Policy, Health, timed>;

    explicit scene(std::size_t members = 1) : pool(make(members)) {}

    pool_type make(std::size_t members) {
        drover::pool_options<Policy, Health> chosen;
        chosen.members = members;
        chosen.undelivered = drover::undelivered::pick_again;
        return drover::spawn_pool<Hand, Policy, Health>(sim, std::move(chosen), &done);
    }

    // Of the first member.
    auto& gauge() const {
        auto* const link = drover::membership_of(*pool.members().at(0).actor.cell());
        using link_type = drover::pool_member<drover::pool_kind<Policy, Health, drover::mailbox_of<Hand>>, timed>;
        return *static_cast<link_type*>(link);
    }
    std::uint64_t expired() const { return sim.statistics().dead(dead_letter_reason::expired); }

    int done = 0;
    app::simulated_runtime sim{1};
    pool_type pool;
};

using watching = drover::health<drover::outlier_detection>;
using breaker = drover::health<drover::circuit_breaker>;
using stuck = drover::health<drover::stuck_detection>;

template <class Policy_, class Health_ = drover::no_health>
struct kind {
    using policy = Policy_;
    using health = Health_;
};

}  // namespace

TEMPLATE_TEST_CASE("deadlines in pools: a member is done with what expires in its mailbox", "",
                   (kind<drover::round_robin>), (kind<drover::least_loaded>), (kind<drover::peak_ewma>),
                   (kind<drover::join_idle_queue<>>), (kind<drover::shared_queue>),
                   (kind<drover::least_loaded, watching>), (kind<drover::peak_ewma, breaker>),
                   (kind<drover::shared_queue, stuck>)) {
    scene<hand, typename TestType::policy, typename TestType::health> w;
    const app::ref<hand> face = w.pool;
    for (int round = 0; round != 2; ++round) {
        w.done = 0;
        w.pool.tell(nap{50ms});
        {
            const auto budget = w.sim.within(10ms);
            w.pool.tell(job{});
            face.tell(job{});
            w.pool.tell_batch(std::vector<job>(3));
            auto one = w.pool.ask(question{});
            auto two = face.ask(question{});
            auto three = w.pool.ask(question{}, 5ms);
            w.sim.advance(60ms);
            CHECK(one.result().error().code == drover::ask_error::timeout);
            CHECK(two.result().error().code == drover::ask_error::timeout);
            CHECK(three.result().error().code == drover::ask_error::timeout);
        }
        CHECK(w.done == 0);
        CHECK(w.pool.members().at(0).load == 0);
        w.pool.tell(job{});
        CHECK(w.pool.ask(question{}).get() == 1);
        w.sim.run_until_idle();
        CHECK(w.done == 2);
        CHECK(w.pool.members().at(0).load == 0);
    }
    CHECK(w.expired() == 16);
    CHECK(w.sim.statistics().dead() == 16);
    CHECK(w.sim.statistics().pending == 0);
    CHECK(exact(w.sim.statistics()));
}

TEMPLATE_TEST_CASE("deadlines in pools: of a batch what expires is left out of the load", "", drover::least_loaded,
                   drover::peak_ewma, drover::shared_queue, drover::round_robin) {
    scene<batching_hand, TestType, watching> w;
    w.pool.tell(nap{50ms});
    w.pool.tell(job{});
    {
        const auto budget = w.sim.within(10ms);
        w.pool.tell_batch(std::vector<job>(3));
    }
    w.pool.tell(job{});
    w.sim.advance(60ms);
    CHECK(w.done == 2);
    CHECK(w.expired() == 3);
    CHECK(w.pool.members().at(0).load == 0);
    CHECK(w.gauge().health.signals().outcomes->read().succeeded == 3);
    CHECK(w.gauge().health.signals().outcomes->read().failed == 0);
    CHECK(exact(w.sim.statistics()));
}

TEST_CASE(
    "deadlines in pools: what was told and expires is neither success nor failure; an ask has timed out, as ever") {
    scene<hand, drover::least_loaded, watching> w;
    const auto counts = [&](std::uint64_t succeeded, std::uint64_t failed) {
        const drover::outcome_counts found = w.gauge().health.signals().outcomes->read();
        CHECK(found.succeeded == succeeded);
        CHECK(found.failed == failed);
    };
    w.pool.tell(nap{50ms});
    {
        const auto budget = w.sim.within(10ms);
        w.pool.tell(job{});
        w.pool.tell(job{});
    }
    w.sim.advance(60ms);
    counts(1, 0);
    w.pool.tell(nap{50ms});
    {
        const auto budget = w.sim.within(10ms);
        static_cast<void>(w.pool.ask(question{}));
    }
    w.sim.advance(60ms);
    counts(2, 1);

    // Whose time was over before says nothing of a member, and burdens none.
    const auto used_up = w.sim.within(0ms);
    auto late = w.pool.ask(question{});
    CHECK(late.result().error().code == drover::ask_error::timeout);
    w.sim.run_until_idle();
    counts(2, 1);
    CHECK(w.pool.members().at(0).load == 0);
    CHECK(w.expired() == 4);
    CHECK(exact(w.sim.statistics()));
}

TEST_CASE("deadlines in pools: what expires is no measure of how fast a member is") {
    scene<hand, drover::peak_ewma> w;
    w.pool.tell(nap{50ms});
    w.sim.advance(60ms);
    const auto before = w.gauge().mean_latency();
    REQUIRE(before.has_value());
    CHECK(*before >= 40ms);
    w.pool.tell(nap{50ms});
    {
        const auto budget = w.sim.within(10ms);
        for (int each = 0; each != 50; ++each) {
            w.pool.tell(job{});
        }
    }
    w.sim.advance(60ms);
    CHECK(w.expired() == 50);
    CHECK(*w.gauge().mean_latency() >= 40ms);
}

TEST_CASE("deadlines in pools: the pool hears of a member that stops however late it is") {
    scene<hand, drover::round_robin, watching> w(2);
    {
        const auto used_up = w.sim.within(0ms);
        const auto one = w.pool.members().at(0).actor;
        one.stop();
        w.sim.run_until_idle();
    }
    w.sim.advance(1s);
    CHECK(w.pool.size() == 1);
    CHECK(w.expired() == 0);
}

TEST_CASE("deadlines in pools: a message that moves to another member keeps its deadline") {
    scene<hand, drover::round_robin> w(2);
    w.pool.tell(nap{50ms});
    w.pool.tell(nap{50ms});
    {
        const auto budget = w.sim.within(20ms);
        w.pool.tell(job{});
        w.pool.tell(job{});
    }
    w.sim.advance(1ms);
    w.pool.members().at(0).actor.stop();
    w.sim.advance(100ms);
    CHECK(w.done == 0);
    CHECK(w.expired() == 2);
    CHECK(w.sim.statistics().dead(dead_letter_reason::stopped) == 1);  // the nap
    CHECK(exact(w.sim.statistics()));
}

namespace {

struct hold {
    const drover_test::door* way;
};
struct metered : drover::features {
    using deadlines = drover::message_deadlines;
    using metrics = drover::counter_metrics;
};
struct ward {
    void operator()(hold h) const { h.way->pass(); }
    int operator()(question) const { return 1; }
};

}  // namespace

// The clock says that it is late, and the timer of the ask has not fired yet: an earlier one holds up the thread that
// turns the clock.
TEMPLATE_TEST_CASE("deadlines in pools: an ask that is found late in the mailbox is answered there, and blames nobody",
                   "", drover::least_loaded, drover::shared_queue) {
    using drover_test::wait_until;
    struct early : drover::timer {
        explicit early(drover_test::door& opens)
            : drover::timer([](drover::timer* t) noexcept {
                  auto& self = static_cast<early&>(*t);
                  self.way.open();
                  wait_until([&] { return self.reply->is_ready(); });
                  self.seen = true;
              }),
              way(opens) {}
        drover_test::door& way;
        drover::answer<int, metered>* reply = nullptr;
        bool seen = false;
    };
    drover_test::door way;
    early first(way);
    drover_test::basic_world<metered> w(1);
    const auto pool = drover::spawn_pool<ward, TestType, watching>(w.rt, {.members = 1});
    pool.tell(hold{&way});
    auto reply = pool.ask(question{}, 50ms);
    first.reply = &reply;
    REQUIRE(w.rt.core().timers.arm_after(first, 40ms));
    w.clock.advance(100ms);
    CHECK(first.seen);
    CHECK(reply.result().error().code == drover::ask_error::timeout);
    w.settle();
    CHECK(w.rt.statistics().dead(dead_letter_reason::expired) == 1);
    CHECK(exact(w.rt.statistics()));
    auto* const link = drover::membership_of(*pool.members().at(0).actor.cell());
    using link_type = drover::pool_member<drover::pool_kind<TestType, watching, drover::mailbox_of<ward>>, metered>;
    CHECK(static_cast<link_type*>(link)->health.signals().outcomes->read().failed == 0);
    std::uint64_t timed_out = 0;
    for (const auto& each : drover::take_metrics(w.rt).actors) {
        timed_out += each.asks_timed_out;
    }
    CHECK(timed_out == 1);
    CHECK(w.finish());
}
