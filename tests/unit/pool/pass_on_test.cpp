// What a member that stops by itself leaves, in virtual time: it goes to others, also if the policy repeats its choice
// until the pool has a new table. DROVER_SEED runs one seed alone.
#include <drover/pool/pass_on.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::simulated_options;
using drover::simulated_runtime;
using drover::undelivered;
using drover_test::blocks_in_use;

namespace {

struct note {
    std::size_t number;
    std::size_t key = 0;
};
std::uint64_t routing_key(note n) {
    return n.key;
}
struct question {
    std::size_t number;
    std::size_t key = 0;
};
std::uint64_t routing_key(question q) {
    return q.key;
}
struct act {};

struct ledger {
    std::size_t fresh() {
        seen.push_back(0);
        return seen.size() - 1;
    }
    void take(std::size_t number) {
        seen[number] += 1;
        order.push_back(number);
    }
    bool each_once() const {
        return std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; });
    }

    std::vector<int> seen{};
    std::vector<std::size_t> order{};
    std::uint64_t dead = 0;                     ///< notes and questions
    std::uint64_t ends_at = ~std::uint64_t{0};  ///< a member stops itself in every so manieth message
    std::uint64_t count = 0;
    std::size_t ended = 0;  ///< asks whose continuation ran or was destroyed
    drover::random_source random{1};
};

struct member {
    void operator()(note n, drover::context& me) {
        all->take(n.number);
        leave(me);
    }
    std::size_t operator()(question q, drover::context& me) {
        all->take(q.number);
        leave(me);
        return q.number;
    }
    void leave(drover::context& me) {
        if (++all->count % all->ends_at == 0) {
            me.stop();
        }
    }
    ledger* all;
};

struct ended {
    explicit ended(ledger& b) : all(&b) {}
    ended(ended&& other) noexcept : all(std::exchange(other.all, nullptr)) {}
    ~ended() { all != nullptr ? all->ended += 1 : 0; }
    void operator()(const drover::expected<std::size_t, drover::ask_error>&) {}
    ledger* all;
};

simulated_options with_sinks(ledger& all) {
    simulated_options chosen;
    chosen.on_dead_letter = [&all](const drover::dead_letter& letter) {
        all.dead += letter.message == drover::type_name<note>() || letter.message == drover::type_name<question>();
    };
    return chosen;
}

template <class Pool>
auto busiest(const Pool& pool) {
    const auto found = pool.members();
    return std::max_element(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.load < b.load; })
        ->actor;
}

void require(bool holds, std::string_view sentence) {
    if (!holds) {
        throw std::runtime_error(std::string(sentence));
    }
}

using by_key = drover::consistent_hash<drover::maglev>;
using capped = drover::bounded_load<drover::maglev>;
using lasting = drover::sticky<drover::round_robin>;

}  // namespace

TEMPLATE_TEST_CASE("a member stopped by its ref: what it had goes to the other, in order", "", drover::least_loaded,
                   drover::power_of_two_choices, by_key, capped, lasting) {
    const std::size_t before = blocks_in_use();
    for (std::uint64_t seed = 1; seed != 40; ++seed) {
        ledger all;
        {
            simulated_runtime rt(seed, with_sinks(all));
            const auto pool = drover::spawn_pool<member, TestType>(
                rt, {.members = 2, .undelivered = undelivered::pick_again, .seed = seed}, &all);
            const drover::ref<member> seen_as_one = pool;
            std::vector<drover::answer<std::size_t>> answers;
            for (int each = 0; each != 20; ++each) {
                CHECK(is_accepted(pool.tell(note{all.fresh()})));
                answers.push_back(seen_as_one.ask(question{all.fresh()}, 1s));
            }
            busiest(pool).stop();
            rt.run_until_idle();
            CHECK(all.dead == 0);
            CHECK(all.each_once());
            CHECK(pool.size() == 1);
            CHECK(pool.members()[0].load == 0);
            for (auto& each : answers) {
                CHECK(each.result());
            }
            if (std::is_same_v<TestType, by_key> || std::is_same_v<TestType, lasting>) {
                CHECK(std::is_sorted(all.order.begin(), all.order.end()));
            }
            const auto sums = rt.statistics();
            CHECK(sums.pending == 0);
            CHECK(sums.offered == sums.handled + sums.dead());
            CHECK(rt.drain(1s).complete);
        }
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("what waits for another member is a dead letter if the pool has none, and its asker hears of it") {
    const std::size_t before = blocks_in_use();
    const int how = GENERATE(0, 1, 2, 3);
    for (std::uint64_t seed = 1; seed != 40; ++seed) {
        ledger all;
        {
            simulated_runtime rt(seed, with_sinks(all));
            const auto pool = drover::spawn_pool<member, by_key>(
                rt, {.members = 2, .undelivered = undelivered::pick_again, .seed = seed}, &all);
            std::vector<drover::answer<std::size_t>> answers;
            for (int each = 0; each != 10; ++each) {
                pool.tell(note{all.fresh()});
                answers.push_back(pool.ask(question{all.fresh()}));
            }
            const auto members = pool.members();
            members[0].actor.stop();
            members[1].actor.stop();
            for (std::uint64_t steps = seed % 4; steps != 0; --steps) {
                rt.step();
            }
            switch (how) {
                case 0: break;
                case 1: pool.stop(); break;
                case 2: pool.stop_when_drained(); break;
                default: CHECK(rt.drain(1s).complete);
            }
            rt.run_until_idle();
            CHECK(all.order.size() + all.dead == 20);
            std::size_t refused = 0;
            for (auto& each : answers) {
                const auto got = each.result();
                refused += got ? 0U : 1U;
                CHECK((got || got.error().code == drover::ask_error::actor_stopped));
            }
            CHECK(refused <= all.dead);
            const auto sums = rt.statistics();
            CHECK(sums.pending == 0);
            CHECK(sums.offered == sums.handled + sums.dead());
            CHECK(pool.stopped() == (how == 1 || how == 2));
            CHECK(rt.stop().complete);
        }
    }
    CHECK(blocks_in_use() == before);
}

namespace {

template <class Pool>
void send(const Pool& pool, ledger& all, drover::context* me, std::uint64_t& asked) {
    const std::size_t key = all.random.below(5);
    const drover::ref<member> seen_as_one = pool;
    switch (all.random.below(6)) {
        case 0: pool.tell(note{all.fresh(), key}); break;
        case 1: seen_as_one.tell(note{all.fresh(), key}); break;
        case 2: {
            const std::vector<note> some{{all.fresh(), key}, {all.fresh(), key + 1}, {all.fresh(), key}};
            const auto result = pool.tell_batch(some);
            require(result.accepted + result.refused + result.no_target == some.size(), "a batch was miscounted");
            break;
        }
        case 3: static_cast<void>(seen_as_one.ask(question{all.fresh(), key})); break;
        default:
            if (me != nullptr) {
                asked += 1;
                const auto limit = drover::clock_duration(1 + all.random.below(30));
                (all.random.below(2) == 0 ? pool.ask(question{all.fresh(), key}, limit)
                                          : seen_as_one.ask(question{all.fresh(), key}, limit))
                    .then(*me, ended(all));
            } else {
                static_cast<void>(pool.ask(question{all.fresh(), key}, 10ns));
            }
    }
}

template <class Pool>
struct sender {
    void operator()(act, drover::context& me) {
        for (int each = 0; each != 3; ++each) {
            send(pool, *all, &me, *asked);
        }
    }
    Pool pool;
    ledger* all;
    std::uint64_t* asked;
};

// Members end at random, and as many are added; in three of four runs one of them stays.
template <class Policy>
void storm(std::uint64_t seed) {
    ledger all;
    all.random = drover::random_source(seed * 0x9e3779b97f4a7c15U + 1);
    std::uint64_t asked = 0;
    const bool ends = seed % 4 == 0;
    {
        simulated_options chosen = with_sinks(all);
        chosen.quantum = 1 + seed % 5;
        chosen.outbox = seed % 3 == 0 ? 4 : 0;
        simulated_runtime rt(seed, chosen);
        const auto pool = drover::spawn_pool<member, Policy>(
            rt, {.members = 3, .undelivered = undelivered::pick_again, .seed = seed}, &all);
        using pool_type = std::remove_cvref_t<decltype(pool)>;
        const auto source = rt.spawn<sender<pool_type>>(pool, &all, &asked);
        const auto stays = pool.members()[0].actor;
        all.ends_at = ends ? 7 : all.ends_at;
        for (int round = 0; round != 14; ++round) {
            source.tell(act{});
            send(pool, all, nullptr, asked);
            const auto members = pool.members();
            if (!members.empty() && all.random.below(3) != 0) {
                const auto one = members[all.random.below(static_cast<std::uint32_t>(members.size()))].actor;
                if (ends || one.id() != stays.id()) {
                    all.random.below(4) == 0 ? static_cast<void>(pool.remove(one)) : one.stop();
                    static_cast<void>(pool.add());
                }
            }
            for (std::uint32_t steps = all.random.below(10); steps != 0; --steps) {
                rt.step();
            }
            if (all.random.below(5) == 0) {
                rt.advance(drover::clock_duration(all.random.below(20)));
            }
            const auto now = rt.statistics();
            require(now.offered == now.handled + now.dead() + now.returned + now.pending, "the accounts do not agree");
            require(now.pending < 1000, "the accounts run ahead");
        }
        if (ends) {
            switch (all.random.below(4)) {
                case 0: pool.stop(); break;
                case 1: pool.stop_when_drained(); break;
                case 2: require(rt.stop().complete, "a stop did not end"); break;
                default: break;
            }
        }
        require(rt.drain(1s).complete, "a drain did not end");
        for (const auto& each : pool.members()) {
            require(each.load == 0, "a load was left at rest");
        }
        const auto sums = rt.statistics();
        require(sums.pending == 0, "something is pending");
        require(sums.offered == sums.handled + sums.dead() + sums.returned, "the accounts do not agree in the end");
        require(all.order.size() + all.dead == all.seen.size(), "a message got lost or had two ends");
        require(ends || all.dead == 0, "a message was lost though a member was left");
        require(ends || all.each_once(), "a message was handled twice");
    }
    require(all.ended == asked, "an ask did not end");
}

template <class Policy>
void storms(std::uint64_t seeds) {
    std::uint64_t only = 0;
    if (drover::detail::seed_from_environment(only)) {
        REQUIRE_NOTHROW(storm<Policy>(only));
        return;
    }
    for (std::uint64_t seed = 1; seed <= drover_test::scaled(seeds); ++seed) {
        try {
            storm<Policy>(seed);
        } catch (const std::exception& error) {
            FAIL("seed " << seed << ": " << error.what());
        }
    }
}

}  // namespace

TEMPLATE_TEST_CASE("members that end over a thousand schedules: no message is lost while one is left", "",
                   drover::least_loaded, drover::power_of_two_choices, by_key, capped, lasting) {
    const std::size_t before = blocks_in_use();
    storms<TestType>(1'000);
    CHECK(blocks_in_use() == before);
}
