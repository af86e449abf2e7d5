// What asks tell of the members of a watched pool, in virtual time: when they are answered and when they time out.
#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::health_state;
using drover::outcome_counts;
using drover::simulated_runtime;
using drover::undelivered;
using drover_test::blocks_in_use;

namespace {

struct job {};
std::uint64_t routing_key(job) {
    return 0;
}
struct slow_job {
    bool throws = false;
    drover::clock_duration takes = 100ms;
};
std::uint64_t routing_key(slow_job) {
    return 0;
}
struct later_job {};
std::uint64_t routing_key(later_job) {
    return 0;
}

using kept_promises = std::vector<drover::promise<int>>;

struct member {
    int operator()(job) { return 1; }
    drover::task<int> operator()(slow_job j) {
        co_await drover::sleep_for(j.takes);
        if (j.throws) {
            throw std::runtime_error("as planned");
        }
        co_return 2;
    }
    drover::later<int> operator()(later_job, drover::context& me) {
        kept->push_back(me.later<int>());
        return {};
    }
    std::shared_ptr<kept_promises> kept;
};

template <class Policy = drover::round_robin, class Health = drover::health<drover::outlier_detection>>
struct scene {
    explicit scene(drover::pool_options<Policy, Health> chosen,
                   drover::directive on_failure = drover::directive::resume) {
        chosen.plan = drover::supervision{.on_failure = on_failure, .backoff = {.first = 0ns, .most = 0ns}};
        pool = drover::spawn_pool<member, Policy, Health>(rt, std::move(chosen), kept);
        face = pool;
        members = pool.members();
    }

    outcome_counts outcomes(std::size_t which = 0) const {
        auto* const link = drover::membership_of(*members.at(which).actor.cell());
        using link_type =
            drover::pool_member<drover::pool_kind<Policy, Health, drover::mailbox_of<member>>, drover::features>;
        return static_cast<link_type*>(link)->health.signals().outcomes->read();
    }
    bool counts(std::size_t which, std::uint64_t succeeded, std::uint64_t failed, std::uint32_t run) const {
        const outcome_counts found = outcomes(which);
        CHECK(found.succeeded == succeeded);
        CHECK(found.failed == failed);
        CHECK(found.run == run);
        return true;
    }

    std::shared_ptr<kept_promises> kept = std::make_shared<kept_promises>();
    simulated_runtime rt{3};
    drover::pool<member, Policy, Health> pool;
    drover::ref<member> face;
    std::vector<drover::pool_member_view<member, drover::features>> members;
};

using by_key = drover::consistent_hash<drover::maglev>;

}  // namespace

TEST_CASE("an ask by a pool's ref that times out is a failure of the member that had it") {
    scene<> s({.members = 2});
    auto first = s.face.ask(later_job{}, 10ms);
    auto second = s.face.ask(slow_job{}, 10ms);  // to the other
    s.rt.advance(20ms);
    CHECK(first.result().error().code == drover::ask_error::timeout);
    CHECK(second.result().error().code == drover::ask_error::timeout);
    s.counts(0, 0, 1, 1);
    s.counts(1, 0, 1, 1);
    s.rt.advance(1s);
    s.counts(1, 0, 1, 1);  // it has returned meanwhile

    // While it waits, too: the slow one goes first.
    static_cast<void>(s.face.ask(slow_job{}));
    static_cast<void>(s.face.ask(slow_job{}));
    static_cast<void>(s.face.ask(job{}, 10ms));
    s.rt.advance(20ms);
    s.counts(0, 0, 2, 2);
    s.rt.advance(1s);
    CHECK(s.outcomes(0).failed == 2);
    CHECK(s.outcomes(0).succeeded == 1);
}

TEST_CASE("members that are only slow are found: what returns after the timeout is no success") {
    const bool by_ref = GENERATE(false, true);
    scene<> s({.members = 2});
    for (int each = 0; each != 5; ++each) {
        for (const bool slow : {true, false}) {
            auto reply = slow ? (by_ref ? s.face.ask(slow_job{}, 10ms) : s.pool.ask(slow_job{}, 10ms))
                              : (by_ref ? s.face.ask(job{}, 10ms) : s.pool.ask(job{}, 10ms));
            s.rt.advance(500ms);
            CHECK(bool(reply.result()) != slow);
        }
    }
    CHECK(s.pool.size() == 2);
    s.counts(0, 0, 5, s.outcomes(0).run);
    s.counts(1, 5, 0, 0);
    const auto found = s.pool.members();
    CHECK((found[0].health.state == health_state::ejected) != (found[1].health.state == health_state::ejected));
    CHECK(s.rt.statistics().late_replies == 5);
}

TEST_CASE("a throw after the timeout is no second failure, nor is the restart that follows") {
    const auto then = GENERATE(drover::directive::resume, drover::directive::restart);
    scene<> s({.members = 1}, then);
    auto late = s.pool.ask(slow_job{.throws = true}, 10ms);
    s.rt.advance(1s);
    CHECK(late.result().error().code == drover::ask_error::timeout);
    s.counts(0, 0, 1, 1);
    // One that nobody had given up is a failure, once.
    auto in_time = s.pool.ask(slow_job{.throws = true}, 1s);
    s.rt.advance(1s);
    CHECK(in_time.result().error().code == drover::ask_error::handler_threw);
    s.counts(0, 0, 2, 2);
    auto asked = s.pool.ask(slow_job{.throws = true});
    s.rt.advance(1s);
    s.counts(0, 0, 3, 3);
    s.pool.tell(slow_job{.throws = true});
    s.rt.advance(1s);
    s.counts(0, 0, 4, 4);
    s.pool.tell(slow_job{});
    s.rt.advance(1s);
    s.counts(0, 1, 4, 0);
}

TEST_CASE("an ask that had timed out before its turn came tells no more of the member") {
    scene<> s({.members = 1});
    static_cast<void>(s.pool.ask(slow_job{.takes = 50ms}));
    auto waits = s.pool.ask(job{}, 10ms);
    auto throws_late = s.pool.ask(slow_job{.throws = true, .takes = 1ms}, 10ms);
    s.rt.advance(20ms);
    s.counts(0, 0, 2, 2);
    s.rt.advance(1s);
    s.counts(0, 1, 2, 0);  // the first one's success alone
    CHECK_FALSE(waits.result());
}

TEST_CASE("an ask that is answered later is known when it is answered") {
    const bool by_ref = GENERATE(false, true);
    scene<> s({.members = 1});
    const auto ask = [&](std::optional<drover::clock_duration> limit) {
        auto reply = by_ref ? (limit ? s.face.ask(later_job{}, *limit) : s.face.ask(later_job{}))
                            : (limit ? s.pool.ask(later_job{}, *limit) : s.pool.ask(later_job{}));
        s.rt.run_until_idle();
        return reply;
    };
    auto forever = ask(std::nullopt);
    s.counts(0, 0, 0, 0);
    s.kept->back().set(1);
    CHECK(forever.get() == 1);
    s.counts(0, 1, 0, 0);

    auto in_time = ask(10ms);
    s.kept->back().set(2);
    CHECK(in_time.get() == 2);
    s.counts(0, 2, 0, 0);

    auto late = ask(10ms);
    s.rt.advance(20ms);
    s.counts(0, 2, 1, 1);
    s.kept->back().set(3);
    s.rt.run_until_idle();
    s.counts(0, 2, 1, 1);

    auto failed = ask(10ms);
    s.kept->back().fail(std::make_exception_ptr(std::runtime_error("no")));
    CHECK_FALSE(failed.result());
    s.counts(0, 2, 2, 2);

    auto dropped = ask(std::nullopt);
    s.kept->pop_back();
    CHECK(dropped.result().error().code == drover::ask_error::no_answer);
    s.counts(0, 2, 3, 3);

    s.pool.tell(later_job{});  // nobody waits
    s.rt.run_until_idle();
    s.counts(0, 3, 3, 0);
    s.pool.tell(job{});
    CHECK(s.face.ask(job{}).get() == 1);
    CHECK(s.face.ask(job{}, 1s).get() == 1);
    s.rt.run_until_idle();
    s.counts(0, 6, 3, 0);
}

TEST_CASE("an ask that goes on to another member is that one's") {
    scene<by_key> s({.members = 2, .undelivered = undelivered::pick_again});
    static_cast<void>(s.pool.ask(slow_job{}));
    s.rt.run_until_idle();
    const std::size_t first = s.pool.members()[0].load == 1 ? 0 : 1;
    auto by_pool = s.pool.ask(later_job{}, 10ms);
    auto by_ref = s.face.ask(later_job{}, 10ms);
    s.rt.run_until_idle();
    s.members[first].actor.stop();
    s.rt.advance(5ms);
    CHECK(s.kept->size() == 2);
    s.rt.advance(10ms);
    CHECK(s.outcomes(first).failed == 0);
    CHECK(s.outcomes(1 - first).failed == 2);
}

TEST_CASE("a member's record stays as long as an ask may end there") {
    const std::size_t before = blocks_in_use();
    {
        auto s = std::make_unique<scene<>>(
            drover::pool_options<drover::round_robin, drover::health<drover::outlier_detection>>{.members = 2});
        auto answered = s->face.ask(later_job{}, 1h);
        auto never = s->face.ask(later_job{}, 10ms);
        s->rt.run_until_idle();
        const auto kept = s->kept;
        for (const auto& each : std::exchange(s->members, {})) {
            auto gone = s->pool.remove(each.actor);
            s->rt.run_until_idle();
            CHECK(gone.get());
        }
        s->rt.run_until_idle();
        kept->front().set(5);
        CHECK(answered.get() == 5);
        s->rt.advance(20ms);
        CHECK(never.result().error().code == drover::ask_error::timeout);
        kept->clear();
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a circuit breaker's trial may be an ask that is answered later, by any thread") {
    using health = drover::health<drover::circuit_breaker>;
    scene<drover::round_robin, health> s(
        {.members = 1,
         .health = {drover::circuit_breaker::options{.window = {.calls = 2, .least = 2}, .open_for = 1s},
                    drover::panic_options{.below = 0}}});
    for (int each = 0; each != 2; ++each) {
        static_cast<void>(s.face.ask(later_job{}, 10ms));
        s.rt.advance(20ms);
    }
    CHECK(s.pool.members()[0].health.state == health_state::open);
    s.rt.advance(1s);
    CHECK(s.pool.members()[0].health.state == health_state::half_open);
    auto trial = s.face.ask(later_job{}, 5s);
    s.rt.run_until_idle();
    CHECK_FALSE(is_accepted(s.pool.tell(job{})));  // one at a time
    CHECK(s.pool.members()[0].health.state == health_state::half_open);
    s.kept->back().set(1);
    s.rt.run_until_idle();
    CHECK(s.pool.members()[0].health.state == health_state::healthy);
    CHECK(trial.get() == 1);
}

TEST_CASE("a message of an older table that is refused gives nobody's trial back") {
    using health = drover::health<drover::circuit_breaker>;
    scene<drover::round_robin, health> s(
        {.members = 1,
         .health = {drover::circuit_breaker::options{.window = {.calls = 1, .least = 1}, .open_for = 1s},
                    drover::panic_options{.below = 0}}});
    static_cast<void>(s.pool.ask(later_job{}, 10ms));
    s.rt.advance(2s);
    CHECK(s.pool.members()[0].health.state == health_state::half_open);
    auto trial = s.pool.ask(later_job{}, 5s);
    s.rt.run_until_idle();
    const drover::membership_pick earlier{drover::membership_of(*s.members[0].actor.cell())};
    earlier.refused(1);
    CHECK_FALSE(is_accepted(s.pool.tell(job{})));
    s.kept->back().set(1);
    CHECK(trial.result());
}

TEST_CASE("replies and timeouts race for an ask, and each counts once") {
    using health = drover::health<drover::outlier_detection>;
    const std::size_t before = blocks_in_use();
    {
        drover_test::world w(2);
        const auto kept = std::make_shared<kept_promises>();
        struct relay {
            drover::later<int> operator()(later_job, drover::context& me) {
                std::thread([p = me.later<int>()]() mutable { p.set(1); }).join();
                return {};
            }
            int operator()(job) { return 1; }
        };
        const auto pool = drover::spawn_pool<relay, drover::round_robin, health>(
            w.rt, {.members = 1, .health = {drover::outlier_detection::options{.consecutive = 1'000'000}}});
        const drover::ref<relay> face = pool;
        std::uint64_t answered = 0;
        std::uint64_t timed_out = 0;
        for (int each = 0; each != 200; ++each) {
            auto one = face.ask(later_job{}, std::chrono::microseconds(each));
            auto other = face.ask(job{}, std::chrono::microseconds(each));
            for (auto* reply : {&one, &other}) {
                (reply->result() ? answered : timed_out) += 1;
            }
        }
        w.settle();
        const auto member = pool.members()[0].actor;
        using link_type = drover::pool_member<drover::pool_kind<drover::round_robin, health, drover::unbounded_mailbox>,
                                              drover::features>;
        const auto found =
            static_cast<link_type*>(drover::membership_of(*member.cell()))->health.signals().outcomes->read();
        CHECK(found.succeeded == answered);
        CHECK(found.failed <= timed_out);  // what is over before anybody has been picked is nobody's
    }
    CHECK(blocks_in_use() == before);
}
