#include <drover/pool/pool_face.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/scale.hpp"

using namespace std::chrono_literals;
using drover::ask_error;
using drover::ref;
using drover::simulated_runtime;

namespace {

struct job {
    int account;
};
int routing_key(const job& message) {
    return message.account;
}
struct question {
    int account;
};
int routing_key(const question& message) {
    return message.account;
}
struct slow_question {
    int account;
};
int routing_key(const slow_question& message) {
    return message.account;
}
struct keyless {};
struct leave {};

struct book {
    std::uint64_t jobs = 0;
    std::uint64_t keyless_ones = 0;
};

template <class Mailbox>
struct worker {
    using mailbox = Mailbox;

    explicit worker(std::shared_ptr<book> to) : all(std::move(to)) {}
    void operator()(const job& one) {
        if (one.account % 17 == 16) {
            throw std::runtime_error("a slip");
        }
        all->jobs += 1;
    }
    void operator()(keyless) { all->keyless_ones += 1; }
    int operator()(question asked) {
        if (asked.account % 3 == 0) {
            throw std::runtime_error("no idea");
        }
        return asked.account;
    }
    drover::task<int> operator()(slow_question asked) {
        co_await drover::sleep_for(std::chrono::milliseconds(1 + asked.account % 5));
        co_return asked.account;
    }
    void operator()(leave, drover::context& me) { me.stop(); }
    std::shared_ptr<book> all;
};

void must(bool right, const char* what) {
    if (!right) {
        throw std::logic_error(what);
    }
}

// Dead letters, by what they were.
struct letters {
    std::uint64_t jobs = 0;
    std::uint64_t keyless_ones = 0;
    std::uint64_t all = 0;

    void take(const drover::dead_letter& one) {
        all += 1;
        jobs += one.message == drover::type_name<job>() ? 1U : 0U;
        keyless_ones += one.message == drover::type_name<keyless>() ? 1U : 0U;
    }
};

// What many senders do by refs, names, topics and clocks while members come, fail and go and the pool ends.
template <class Policy, class Mailbox>
void play(simulated_runtime& rt, const letters& dead) {
    using actor = worker<Mailbox>;
    using pool_type = drover::pool<actor, Policy>;
    const letters before = dead;
    std::mt19937_64 dice(rt.seed());
    const auto chance = [&](std::uint64_t of) { return dice() % of; };
    const auto all = std::make_shared<book>();
    drover::pool_options<Policy> options{.members = chance(4),
                                         .plan = drover::supervision{.backoff = {.first = 3ms, .most = 3ms}}};
    if (chance(2) == 0) {
        options.undelivered = drover::undelivered::pick_again;
    }
    const pool_type pool = drover::spawn_pool<actor, Policy>(rt, options, all);
    const ref<actor> as_ref = pool;
    const drover::recipient<job> takes = pool;
    const drover::recipient<int(question)> answers = pool;
    rt.registry().add("desk", pool);
    drover::router<> by(rt.registry());
    drover::topic<job> news(rt);
    news.subscribe(as_ref);

    std::uint64_t jobs = 0;
    std::uint64_t keyless_ones = 0;
    std::vector<drover::answer<int>> open;
    const auto one_job = [&] { return job{static_cast<int>(chance(100))}; };
    const auto some = [&] {
        std::vector<job> batch;
        for (std::uint64_t count = chance(5); count != 0; --count) {
            batch.push_back(one_job());
        }
        jobs += batch.size();
        return batch;
    };
    const auto account = [&] { return static_cast<int>(chance(100)); };
    const std::uint64_t end = 15 + chance(40);
    for (std::uint64_t turn = 0; turn != 60; ++turn) {
        if (turn == end) {
            chance(2) == 0 ? as_ref.stop_when_drained() : as_ref.stop();
        }
        switch (chance(16)) {
            case 0:
                as_ref.tell(one_job());
                jobs += 1;
                break;
            case 1:
                takes.tell(one_job());
                jobs += 1;
                break;
            case 2: as_ref.tell_batch(some()); break;
            case 3: pool.tell_batch(some()); break;
            case 4: {
                job message = one_job();
                const auto result = as_ref.try_tell(message);
                // By a ref it is gone unless the pool has stopped for all to see; a queue is where its room is.
                const bool kept = drover::pulls<Policy> ? !is_accepted(result)
                                                        : result == drover::delivery::stopped && as_ref.stopped();
                jobs += kept ? 0 : 1;
                break;
            }
            case 5:
                as_ref.tell(keyless{});
                keyless_ones += 1;
                break;
            case 6: open.push_back(answers.ask(question{account()})); break;
            case 7: open.push_back(as_ref.ask(slow_question{account()}, 3ms)); break;
            case 8: open.push_back(pool.scatter_gather_first(question{account()})); break;
            case 9: open.push_back(pool.scatter_gather_first(slow_question{account()}, 4ms)); break;
            case 10:
                by.tell<actor>("desk", one_job());
                jobs += 1;
                break;
            case 11: by.tell_batch<actor>(some(), [](const job&) { return "desk"; }); break;
            case 12:
                jobs += news.subscribers();
                news.publish(one_job());
                break;
            case 13:
                as_ref.tell_after(0ms, one_job());
                jobs += 1;
                break;
            case 14: {
                const auto members = pool.members();
                if (members.empty()) {
                    static_cast<void>(pool.add());
                } else {
                    const auto& chosen = members[chance(members.size())].actor;
                    switch (chance(4)) {
                        case 0: static_cast<void>(pool.remove(chosen)); break;
                        case 1: static_cast<void>(pool.drain(chosen)); break;
                        case 2: chosen.tell(leave{}); break;
                        default: static_cast<void>(pool.add()); break;
                    }
                }
                break;
            }
            default: rt.advance(std::chrono::milliseconds(chance(4))); break;
        }
        for (std::uint64_t steps = chance(6); steps != 0; --steps) {
            rt.step();
        }
    }
    rt.advance(1s);
    for (auto& each : open) {
        must(each.is_ready(), "an ask has no outcome");
        const auto result = each.result();
        must(result || result.error().code != ask_error::would_deadlock, "an ask is refused");
    }
    must(pool.parent().stopped(), "the pool has not ended");
    const auto sums = rt.statistics();
    must(sums.pending == 0, "a message is on its way for ever");
    must(sums.offered == sums.handled + sums.dead() + sums.returned, "the accounts do not agree");
    must(all->jobs + dead.jobs - before.jobs == jobs, "a job was lost or came twice");
    must(all->keyless_ones + dead.keyless_ones - before.keyless_ones == keyless_ones, "a message without a key");
    must(dead.all - before.all == sums.dead(), "a dead letter is told of as often as it is counted");
    must(rt.drain(1s).complete, "drain is not complete");
}

template <class Policy, class Mailbox>
std::uint64_t explore_all(std::uint64_t seeds) {
    letters dead;
    drover::simulated_options options;
    options.on_dead_letter = [&](const drover::dead_letter& one) { dead.take(one); };
    return drover::explore(seeds, [&](simulated_runtime& rt) { play<Policy, Mailbox>(rt, dead); }, options);
}

constexpr std::uint64_t seeds = 1000;  // in each case

}  // namespace

TEST_CASE("pool face, simulated: turns, and mailboxes without a limit") {
    explore_all<drover::round_robin, drover::unbounded_mailbox>(drover_test::scaled(seeds));
}

TEST_CASE("pool face, simulated: turns, and full mailboxes that reject") {
    explore_all<drover::round_robin, drover::bounded_mailbox<2, drover::reject_newest>>(drover_test::scaled(seeds));
}

TEST_CASE("pool face, simulated: loads, and full mailboxes that drop what is oldest") {
    explore_all<drover::least_loaded, drover::bounded_mailbox<2, drover::drop_oldest>>(drover_test::scaled(seeds));
}

TEST_CASE("pool face, simulated: keys, and mailboxes without a limit") {
    explore_all<drover::consistent_hash<drover::maglev>, drover::unbounded_mailbox>(drover_test::scaled(seeds));
}

TEST_CASE("pool face, simulated: who is idle, and mailboxes that reject") {
    explore_all<drover::join_idle_queue<drover::round_robin>, drover::bounded_mailbox<2, drover::reject_newest>>(
        drover_test::scaled(seeds));
}

TEST_CASE("pool face, simulated: one queue that rejects") {
    explore_all<drover::shared_queue, drover::bounded_mailbox<2, drover::reject_newest>>(drover_test::scaled(seeds));
}
