// Deadlines over many schedules: no handler runs after its message's deadline, and nothing is lost. DROVER_SEED runs one seed
// alone.
#include <drover/features/deadlines.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/oracle.hpp"
#include "support/scale.hpp"

using namespace std::chrono_literals;
using drover::clock_duration;
using drover::dead_letter_reason;
using drover::time_point;

namespace {

struct timed : drover::features {
    using deadlines = drover::message_deadlines;
};
using app = drover::with<timed>;

// What each message says of itself, so that its handler can judge: the budget it was sent under, as the sender knew it.
struct job {
    std::uint32_t hops;
    time_point deadline;
};
struct batched {
    time_point deadline;
};
struct query {
    std::uint32_t hops;
    time_point deadline;
};
struct bring_back {};

struct record {
    explicit record(std::uint64_t seed) : random(seed * 0x9e3779b97f4a7c15U + 1) {}

    std::uint32_t below(std::uint32_t bound) { return random.below(bound); }

    drover::random_source random;
    std::uint64_t handled = 0;
    std::uint64_t late = 0;     ///< handlers that ran at their deadline or after it
    std::uint64_t wrong = 0;    ///< whose context said another deadline than the message did
    std::uint64_t told_of = 0;  ///< answers of all kinds
};

struct worker {
    static constexpr drover::supervision supervision{
        .limit = {.count = 1000}, .backoff = {.first = 1ms, .most = 3ms}, .redeliver = 2};

    record* all;
    std::shared_ptr<std::vector<app::recipient<job>>> others;
    std::shared_ptr<std::vector<app::ref<worker>>> asked;
    app::stash<worker, 64> kept{};

    // `is`: what the context says; `said`: what the message does.
    void meet(time_point said, app::context& me) const {
        all->handled += 1;
        all->late += me.now() >= said ? 1 : 0;
        all->wrong += me.deadline() != said ? 1 : 0;
    }

    void send_on(std::uint32_t hops, app::context& me) const {
        if (hops == 0) {
            return;
        }
        std::optional<drover::deadline_scope> none;
        if (all->below(3) == 0) {
            const auto budget = me.within(clock_duration(1ms) * all->below(20));
            send_now(hops, me.deadline());
        } else {
            send_now(hops, me.deadline());
        }
    }
    void send_now(std::uint32_t hops, time_point deadline) const {
        for (std::uint32_t count = 1 + all->below(2); count != 0; --count) {
            (*others)[all->below(static_cast<std::uint32_t>(others->size()))].tell(job{hops - 1, deadline});
        }
    }

    drover::task<> operator()(job j, app::context& me) {
        meet(j.deadline, me);
        if (all->below(4) == 0) {
            kept.put(bring_back{}, me);
            kept.replay(me);
        }
        send_on(j.hops, me);
        if (all->below(2) == 0) {
            co_await drover::sleep_for(clock_duration(1ms) * all->below(8));
            all->wrong += me.deadline() != j.deadline ? 1 : 0;
        }
        if (j.hops != 0 && all->below(3) == 0) {
            auto& to = (*asked)[all->below(static_cast<std::uint32_t>(asked->size()))];
            if (to.id() != me.self().id()) {
                const time_point before = me.now();
                const auto got = co_await to.ask(query{j.hops - 1, j.deadline}).as_result();
                all->told_of += got || got.error().code == drover::ask_error::timeout ? 1 : 0;
                // It has waited for no longer than there was time.
                all->late += me.now() > std::max(j.deadline, before) ? 1 : 0;
            }
        }
        send_on(j.hops, me);
    }
    int operator()(const query& q, app::context& me) {
        meet(q.deadline, me);
        if (all->below(5) == 0) {
            throw std::runtime_error("once more");
        }
        send_on(q.hops, me);
        return 1;
    }
    void operator()(bring_back) { all->handled += 1; }
};

struct gatherer {
    using batches = drover::of<batched>;
    record* all;
    void operator()(std::span<batched> these, app::context& me) const {
        time_point latest = time_point::min();
        for (const batched& each : these) {
            all->handled += 1;
            all->late += me.now() >= each.deadline ? 1 : 0;
            latest = std::max(latest, each.deadline);
        }
        all->wrong += me.deadline() != latest ? 1 : 0;
    }
    drover::task<> operator()(job j) {
        all->handled += 1;
        co_await drover::sleep_for(clock_duration(1ms) * all->below(8));
        static_cast<void>(j);
    }
};

struct outcome {
    std::uint64_t expired;
    std::uint64_t handled;
};

outcome run_one(std::uint64_t seed) {
    record all(seed);
    app::simulated_runtime sim(seed);
    auto others = std::make_shared<std::vector<app::recipient<job>>>();
    auto asked = std::make_shared<std::vector<app::ref<worker>>>();
    for (int each = 0; each != 3; ++each) {
        asked->push_back(sim.spawn<worker>(&all, others, asked));
        others->push_back(asked->back());
    }
    const auto pool = drover::spawn_pool<worker, drover::least_loaded>(
        sim, {.members = 2, .undelivered = drover::undelivered::pick_again}, &all, others, asked);
    const auto queue = drover::spawn_pool<worker, drover::shared_queue>(sim, {.members = 2}, &all, others, asked);
    others->push_back(app::ref<worker>(pool));
    others->push_back(app::ref<worker>(queue));
    const auto gathers = sim.spawn<gatherer>(&all);
    std::vector<app::answer<int>> answers;
    for (int each = 0; each != 40; ++each) {
        std::optional<clock_duration> length;
        if (all.below(4) != 0) {
            length = clock_duration(1ms) * all.below(25);
        }
        const auto send = [&](time_point deadline) {
            switch (all.below(5)) {
                case 0: pool.tell(job{3, deadline}); break;
                case 1: queue.tell(job{3, deadline}); break;
                case 2:
                    gathers.tell(job{0, deadline});
                    gathers.tell_batch(std::vector<batched>(3, batched{deadline}));
                    break;
                case 3: (*asked)[all.below(3)].tell(job{4, deadline}); break;
                default: answers.push_back((*asked)[all.below(3)].ask(query{2, deadline})); break;
            }
        };
        if (length) {
            const auto budget = sim.within(*length);
            send(budget.deadline());
        } else {
            send(time_point::max());
        }
        if (all.below(3) == 0) {
            sim.advance(clock_duration(1ms) * all.below(6));
        }
        if (each == 20) {
            pool.members().at(0).actor.stop();
        }
    }
    sim.advance(10s);
    for (auto& each : answers) {
        REQUIRE(each.is_ready());
        all.told_of += each.result() ? 1 : 0;
    }
    const drover::accounting sums = sim.statistics();
    INFO("seed " << seed);
    CHECK(all.late == 0);
    CHECK(all.wrong == 0);
    CHECK(sums.pending == 0);
    CHECK(drover_test::exact(sums));
    for (const auto& each : pool.members()) {
        CHECK(each.load == 0);
    }
    others->clear();
    asked->clear();
    return {sums.dead(dead_letter_reason::expired), all.handled};
}

}  // namespace

TEST_CASE("deadlines: over many schedules no handler runs too late, and nothing is lost") {
    const std::uint64_t seeds = drover_test::scaled(300);
    std::uint64_t expired = 0;
    std::uint64_t handled = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const outcome found = run_one(seed);
        expired += found.expired;
        handled += found.handled;
    }
    // Neither is rare.
    CHECK(expired > seeds);
    CHECK(handled > 10 * seeds);
}
