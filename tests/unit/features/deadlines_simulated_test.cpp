// Deadlines over many schedules: no handler runs after its message's deadline, and nothing is lost. DROVER_SEED runs
// one seed alone.
#include <drover/features/deadlines.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
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
struct kept_job {
    time_point deadline;
};

struct record {
    explicit record(std::uint64_t seed) : random(seed * 0x9e3779b97f4a7c15U + 1) {}

    std::uint32_t below(std::uint32_t bound) { return random.below(bound); }

    drover::random_source random;
    std::uint64_t handled = 0;
    std::uint64_t late = 0;     ///< handlers that ran at their deadline or after it
    std::uint64_t wrong = 0;    ///< whose context said another deadline than the message did
    std::uint64_t strange = 0;  ///< answers that nobody gives here
};

// `said`: the message's deadline, as its sender knew it.
void meet(record& all, time_point said, app::context& me) {
    all.handled += 1;
    all.late += me.now() >= said ? 1 : 0;
    all.wrong += me.deadline() != said ? 1 : 0;
}

using job_takers = std::vector<app::recipient<job>>;

void send_now(record& all, const job_takers& others, std::uint32_t hops, time_point deadline) {
    for (std::uint32_t count = 1 + all.below(2); count != 0; --count) {
        others[all.below(static_cast<std::uint32_t>(others.size()))].tell(job{hops - 1, deadline});
    }
}

void send_on(record& all, const job_takers& others, std::uint32_t hops, app::context& me) {
    if (hops == 0) {
        return;
    }
    if (all.below(3) == 0) {
        const auto budget = me.within(clock_duration(1ms) * all.below(20));
        send_now(all, others, hops, me.deadline());
    } else {
        send_now(all, others, hops, me.deadline());
    }
}

// Fails often, and gets its messages again.
struct retrier {
    static constexpr drover::supervision supervision{
        .limit = {.count = 60'000}, .backoff = {.first = 1ms, .most = 3ms, .seed = 7}, .redeliver = 2};

    int operator()(const query& q, app::context& me) {
        meet(*all, q.deadline, me);
        if (all->below(3) == 0) {
            throw std::runtime_error("once more");
        }
        send_on(*all, *others, q.hops, me);
        return 1;
    }
    record* all;
    std::shared_ptr<job_takers> others;
};

struct worker {
    drover::task<> operator()(job j, app::context& me) {
        meet(*all, j.deadline, me);
        if (all->below(4) == 0) {
            kept.put(kept_job{me.deadline()}, me);
        } else if (all->below(4) == 0) {
            kept.replay(me);
        }
        send_on(*all, *others, j.hops, me);
        if (all->below(2) == 0) {
            co_await drover::sleep_for(clock_duration(1ms) * all->below(8));
            all->wrong += me.deadline() != j.deadline ? 1 : 0;
        }
        if (j.hops != 0 && all->below(3) == 0) {
            const time_point before = me.now();
            const time_point end = std::min(j.deadline, before + 30ms);
            const auto got = co_await (*asked)[all->below(3)].ask(query{j.hops - 1, end}, 30ms).as_result();
            all->strange += got || got.error().code != drover::ask_error::actor_stopped ? 0 : 1;
            all->late += me.now() > std::max(end, before) ? 1 : 0;  // it waits for no longer than there is time
        }
        send_on(*all, *others, j.hops, me);
    }
    void operator()(const kept_job& k, app::context& me) { meet(*all, k.deadline, me); }

    record* all;
    std::shared_ptr<job_takers> others;
    std::shared_ptr<std::vector<app::ref<retrier>>> asked;
    app::stash<worker, 64> kept{};
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

struct sums_of_all {
    std::uint64_t expired = 0;
    std::uint64_t handled = 0;
};

void require(bool holds, const char* sentence) {
    if (!holds) {
        throw std::runtime_error(sentence);
    }
}

void live(app::simulated_runtime& sim, sums_of_all& sums) {
    record all(sim.seed());
    auto others = std::make_shared<job_takers>();
    auto asked = std::make_shared<std::vector<app::ref<retrier>>>();
    std::vector<app::ref<worker>> workers;
    for (int each = 0; each != 3; ++each) {
        asked->push_back(sim.spawn<retrier>(&all, others));
        workers.push_back(sim.spawn<worker>(&all, others, asked));
        others->push_back(workers.back());
    }
    drover::pool_options<drover::least_loaded> options;
    options.members = 2;
    options.undelivered = drover::undelivered::pick_again;
    const auto pool = drover::spawn_pool<worker, drover::least_loaded>(sim, options, &all, others, asked);
    const auto queue = drover::spawn_pool<worker, drover::shared_queue>(sim, {.members = 2}, &all, others, asked);
    others->push_back(app::ref<worker>(pool));
    others->push_back(app::ref<worker>(queue));
    const auto gathers = sim.spawn<gatherer>(&all);
    std::vector<app::answer<int>> answers;
    for (int each = 0; each != 40; ++each) {
        const auto send = [&](time_point deadline) {
            switch (all.below(5)) {
                case 0: pool.tell(job{3, deadline}); break;
                case 1: queue.tell(job{3, deadline}); break;
                case 2:
                    gathers.tell(job{0, deadline});
                    gathers.tell_batch(std::vector<batched>(3, batched{deadline}));
                    break;
                case 3: workers[all.below(3)].tell(job{4, deadline}); break;
                default: answers.push_back((*asked)[all.below(3)].ask(query{2, deadline})); break;
            }
        };
        if (all.below(4) != 0) {
            const auto budget = sim.within(clock_duration(1ms) * all.below(25));
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
        require(each.is_ready(), "an ask is not answered");
    }
    for (const auto& each : pool.members()) {
        require(each.load == 0, "a member is burdened with what is gone");
    }
    others->clear();
    for (const auto& each : workers) {
        each.stop();
    }
    pool.stop();
    queue.stop();
    sim.advance(1s);
    const drover::accounting found = sim.statistics();
    require(all.late == 0, "a handler ran too late");
    require(all.wrong == 0, "a handler had another deadline than its message");
    require(all.strange == 0, "an ask had a strange end");
    require(found.pending == 0, "a message is lost");
    require(drover_test::exact(found), "the accounts do not agree");
    sums.expired += found.dead(dead_letter_reason::expired);
    sums.handled += all.handled;
}

}  // namespace

TEST_CASE("deadlines: over many schedules no handler runs too late, and nothing is lost") {
    sums_of_all sums;
    const std::uint64_t seeds = drover::explore<timed>(drover_test::scaled(300), [&](auto& sim) { live(sim, sums); });
    CHECK(sums.expired > seeds);  // neither is rare
    CHECK(sums.handled > 10 * seeds);
}
