// Pools whose members are watched, in virtual time; what the parts of a health policy find is tested in
// tests/unit/health.
#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using Catch::Contains;
using drover::directive;
using drover::health_state;
using drover::outlier_detection;
using drover::simulated_runtime;
using drover::supervision;

namespace {

// What the members of one pool are to do, by the order of their making.
struct script {
    std::vector<bool> throws = std::vector<bool>(16);
    std::vector<bool> sick = std::vector<bool>(16);
    std::vector<bool> never_well = std::vector<bool>(16);
    std::vector<drover::clock_duration> takes = std::vector<drover::clock_duration>(16);
    std::vector<int> handled = std::vector<int>(16);
    std::size_t made = 0;
};

struct job {};
struct long_job {};

struct member {
    explicit member(std::shared_ptr<script> plan) : all(std::move(plan)), mine(all->made++) {}

    int operator()(job) {
        all->handled[mine] += 1;
        if (all->throws[mine]) {
            throw std::runtime_error("as planned");
        }
        return static_cast<int>(mine);
    }
    drover::task<int> operator()(long_job) {
        all->handled[mine] += 1;
        co_await drover::sleep_for(all->takes[mine]);
        co_return static_cast<int>(mine);
    }
    bool health() const {
        if (all->never_well[mine]) {
            throw std::runtime_error("cannot say");
        }
        return !all->sick[mine];
    }

    std::shared_ptr<script> all;
    std::size_t mine;
};

// A pool of a simulation, whose members keep their numbers when they fail.
template <class Health, class Policy = drover::round_robin>
struct watched_pool {
    using options = drover::pool_options<Policy, Health>;

    explicit watched_pool(options chosen, bool resumes = true) {
        if (resumes) {
            chosen.plan = supervision{.on_failure = directive::resume};
        }
        pool = drover::spawn_pool<member, Policy, Health>(rt, std::move(chosen), all);
    }

    health_state state(std::size_t which) const { return view(which).health.state; }
    drover::pool_member_view<member, drover::features> view(std::size_t which) const {
        auto found = pool.members();
        std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.actor.id() < b.actor.id(); });
        return found.at(which);
    }

    // Asks one by one; how many failed.
    int ask(int times, drover::clock_duration apart = 1ms) {
        int failed = 0;
        for (int each = 0; each != times; ++each) {
            auto answer = pool.ask(job{});
            rt.run_until_idle();
            failed += answer.result() ? 0 : 1;
            rt.advance(apart);
        }
        return failed;
    }

    std::shared_ptr<script> all = std::make_shared<script>();
    simulated_runtime rt{7};
    drover::pool<member, Policy, Health> pool;
};

using outliers = drover::health<outlier_detection>;

}  // namespace

TEST_CASE("pool health: one of eight that fails every message is out after five, and nothing fails then") {
    watched_pool<outliers> w({.members = 8});
    w.all->throws[3] = true;
    CHECK(w.ask(40) == 5);
    CHECK(w.state(3) == health_state::ejected);
    CHECK_FALSE(w.view(3).picked);
    CHECK(w.ask(1000) == 0);
    CHECK(w.all->handled[3] == 5);
    // It comes back, fails five times more, and is out for longer.
    w.rt.advance(30s);
    CHECK(w.state(3) == health_state::healthy);
    CHECK(w.ask(80) == 5);
    w.rt.advance(40s);
    CHECK(w.state(3) == health_state::ejected);
    w.all->throws[3] = false;
    w.rt.advance(25s);
    CHECK(w.state(3) == health_state::healthy);
    CHECK(w.ask(80) == 0);
}

TEST_CASE("pool health: a throw and its restart are one failure") {
    watched_pool<outliers> w({.members = 2, .plan = supervision{.limit = {.count = 100}}}, false);
    w.all->throws[0] = true;
    w.all->throws[2] = w.all->throws[3] = w.all->throws[4] = w.all->throws[5] = true;  // its later states
    CHECK(w.ask(8) == 4);
    CHECK(w.state(0) == health_state::healthy);
    CHECK(w.ask(2) == 1);
    CHECK(w.state(0) == health_state::ejected);
    CHECK(w.ask(10) == 0);
}

TEST_CASE("pool health: asks that time out are failures of their member") {
    watched_pool<outliers> w({.members = 3});
    w.all->takes[1] = 60s;
    int late = 0;
    for (int each = 0; each != 15; ++each) {
        late += w.pool.ask(long_job{}, 10ms).result() ? 0 : 1;
    }
    CHECK(late == 5);
    w.rt.run_until_idle();
    CHECK(w.state(1) == health_state::ejected);
    for (int each = 0; each != 30; ++each) {
        CHECK(w.pool.ask(long_job{}, 10ms).result());
    }
}

TEST_CASE("pool health: a circuit breaker opens, and lets one message try") {
    using breaker = drover::health<drover::circuit_breaker>;
    watched_pool<breaker> w({.members = 2, .health = {drover::circuit_breaker::options{}}});
    w.all->throws[1] = true;
    CHECK(w.ask(200) == 100);
    CHECK(w.state(1) == health_state::open);
    CHECK(w.ask(50) == 0);
    w.rt.advance(60s);
    CHECK(w.state(1) == health_state::half_open);
    // One fails, and it is open again; all others went to the other member.
    CHECK(w.ask(50) == 1);
    CHECK(w.state(1) == health_state::open);
    w.all->throws[1] = false;
    w.rt.advance(61s);
    // Many at once while it is half open: one of them is its trial.
    const int before = w.all->handled[1];
    std::vector<drover::answer<int>> answers;
    for (int each = 0; each != 20; ++each) {
        answers.push_back(w.pool.ask(job{}));
    }
    w.rt.run_until_idle();
    CHECK(w.all->handled[1] == before + 1);
    for (auto& each : answers) {
        CHECK(each.result());
    }
    CHECK(w.state(1) == health_state::healthy);
    CHECK(w.ask(20) == 0);
    CHECK(w.all->handled[1] == before + 11);
}

TEST_CASE("pool health: a trial that is refused gives its place back") {
    using breaker = drover::health<drover::circuit_breaker>;
    struct throwing {
        throwing() = default;
        throwing(throwing&&) { throw std::runtime_error("does not move"); }
    };
    struct taker {
        void operator()(job) {
            if (fails) {
                throw std::runtime_error("as planned");
            }
        }
        void operator()(const throwing&) {}
        void operator()(bool on) { fails = on; }
        bool fails = true;
    };
    simulated_runtime rt(3);
    const auto pool = drover::spawn_pool<taker, drover::round_robin, breaker>(
        rt, {.members = 1,
             .health = {drover::panic_options{.below = 0}},
             .plan = supervision{.on_failure = directive::resume}});
    for (int each = 0; each != 100; ++each) {
        pool.tell(job{});
    }
    rt.run_until_idle();
    CHECK(pool.tell(job{}) == drover::delivery::no_target);
    rt.advance(61s);
    CHECK_THROWS_WITH(pool.tell(throwing()), "does not move");
    pool.members()[0].actor.tell(false);
    CHECK(pool.tell(job{}) == drover::delivery::accepted);
    CHECK(pool.tell(job{}) == drover::delivery::no_target);
    rt.run_until_idle();
    CHECK(pool.tell(job{}) == drover::delivery::accepted);
}

TEST_CASE("pool health: members are probed, are down and come up") {
    using probes = drover::health<drover::active_probes>;
    watched_pool<probes> w({.members = 4});
    w.all->sick[2] = true;
    w.rt.advance(25s);
    CHECK(w.state(2) == health_state::down);
    CHECK(w.ask(40) == 0);
    CHECK(w.all->handled[2] == 0);
    w.all->sick[2] = false;
    w.rt.advance(15s);
    CHECK(w.state(2) == health_state::healthy);
    CHECK(w.ask(40) == 0);
    CHECK(w.all->handled[2] == 10);
    // A probe that throws has failed, as one has that waits for too long.
    w.all->never_well[1] = true;
    w.all->takes[3] = 60s;
    for (int each = 0; each != 4; ++each) {
        static_cast<void>(w.pool.ask(long_job{}));
    }
    w.rt.advance(25s);
    CHECK(w.state(0) == health_state::healthy);
    CHECK(w.state(1) == health_state::down);
    CHECK(w.state(3) == health_state::down);
    w.rt.advance(60s);
    CHECK(w.state(3) == health_state::healthy);
}

TEST_CASE("pool health: who is in one handler for long is stuck until it comes out") {
    using stuck = drover::health<drover::stuck_detection>;
    watched_pool<stuck> w({.members = 4});
    w.all->takes[1] = 20s;
    std::vector<drover::answer<int>> answers;
    for (int each = 0; each != 4; ++each) {
        answers.push_back(w.pool.ask(long_job{}));
    }
    w.rt.advance(8s);
    CHECK(w.state(1) == health_state::stuck);
    CHECK(w.ask(30) == 0);
    CHECK(w.all->handled[1] == 1);
    w.rt.advance(15s);
    CHECK(w.state(1) == health_state::healthy);
    CHECK(w.ask(40) == 0);
    CHECK(w.all->handled[1] == 11);
}

TEST_CASE("pool health: a member beyond its restart limit is held, and comes back slowly") {
    watched_pool<drover::health<drover::slow_start>, drover::weighted_round_robin> w(
        {.members = 2, .plan = supervision{.limit = {.count = 1, .within = 60s}, .backoff = {.most = 20s}}}, false);
    w.all->throws[0] = w.all->throws[2] = true;  // and its second state
    CHECK(w.ask(2, 0s) == 1);                    // restarted at once
    while (w.all->handled[2] == 0) {             // it has little weight at first
        w.ask(1, 0s);
    }
    w.rt.run_until_idle();
    CHECK(w.state(0) == health_state::held);
    CHECK_FALSE(w.view(0).picked);
    CHECK(w.ask(100, 0s) == 0);
    CHECK_FALSE(w.pool.stopped());
    w.rt.advance(20s);
    CHECK(w.state(0) == health_state::healthy);
    CHECK(w.view(0).health.factor == Approx(0.1));
    CHECK(w.ask(110, 0s) == 0);
    CHECK(w.all->handled[3] == 10);
    w.rt.advance(15s);
    CHECK(w.view(0).health.factor == Approx(0.5).margin(0.11));
    w.rt.advance(20s);
    CHECK(w.view(0).health.factor == 1);
}

TEST_CASE("pool health: a member that is added comes slowly, and the others keep their unknown weight") {
    watched_pool<drover::usual_health, drover::weighted_round_robin> w({.members = 2});
    auto fresh = w.pool.add();
    w.rt.run_until_idle();
    CHECK(fresh.get().name() == drover::type_name<member>());
    CHECK(w.view(2).health.factor == Approx(0.1));
    CHECK(w.ask(210, 0s) == 0);
    CHECK(w.all->handled[2] == 10);
    w.rt.advance(31s);
    CHECK(w.view(2).health.factor == 1);
    CHECK(w.ask(300, 0s) == 0);
    CHECK(w.all->handled[2] == 110);
}

TEST_CASE("pool health: what is reported from elsewhere counts") {
    watched_pool<outliers> w({.members = 3});
    const auto one = w.view(0).actor;
    for (int each = 0; each != 5; ++each) {
        auto known = w.pool.report(one, false);
        w.rt.run_until_idle();
        CHECK(known.get());
    }
    CHECK(w.state(0) == health_state::ejected);
    const auto other = w.rt.spawn([](int) {});
    auto unknown = w.pool.report(other, true);
    auto well = w.pool.report(one, true);
    w.rt.run_until_idle();
    CHECK_FALSE(unknown.get());
    CHECK(well.get());
    CHECK(w.state(0) == health_state::ejected);
}

TEST_CASE("pool health: too few that are well is panic, in which all are picked, or nobody") {
    using breaker = drover::health<drover::circuit_breaker>;
    const auto open_all = [](auto& w) {
        for (std::size_t each = 0; each != 4; ++each) {
            w.all->throws[each] = true;
        }
        w.ask(500);
    };
    watched_pool<breaker> all({.members = 4});
    open_all(all);
    CHECK(all.state(0) == health_state::open);
    CHECK(all.view(0).picked);
    CHECK(all.pool.tell(job{}) == drover::delivery::accepted);
    watched_pool<breaker> none({.members = 4, .health = {drover::panic_options{.then = drover::panic_answer::refuse}}});
    open_all(none);
    CHECK(none.pool.tell(job{}) == drover::delivery::no_target);
}

TEST_CASE("pool health: options that make no sense are refused in one sentence") {
    simulated_runtime rt(1);
    const auto all = std::make_shared<script>();
    CHECK_THROWS_WITH((drover::spawn_pool<member, drover::round_robin, outliers>(
                          rt, {.members = 2, .health = {outlier_detection::options{.deviations = -1}}}, all)),
                      Contains("deviations"));
}

TEST_CASE("pool health: members come and go while they are watched") {
    watched_pool<drover::usual_health, drover::power_of_two_choices> w({.members = 3});
    for (int each = 0; each != 5; ++each) {
        auto fresh = w.pool.add(2.0);
        w.rt.run_until_idle();
        const auto one = fresh.get();
        CHECK(w.ask(20) == 0);
        auto gone = each % 2 == 0 ? w.pool.remove(one) : w.pool.drain(one);
        w.rt.run_until_idle();
        CHECK(gone.get());
        w.rt.advance(11s);
    }
    auto many = w.pool.resize(6);
    w.rt.run_until_idle();
    CHECK(many.get() == 6);
    w.view(5).actor.stop();
    w.rt.run_until_idle();
    CHECK(w.pool.size() == 5);
    w.rt.advance(60s);
    CHECK(w.ask(60) == 0);
    CHECK(w.rt.failures().empty());
}
