// Pools over many schedules: senders, changes and failures at random, in an order that the seed decides. DROVER_SEED
// runs one seed alone.
#include <drover/drover.hpp>
#include <drover/testing.hpp>

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

#include "support/scale.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::simulated_options;
using drover::simulated_runtime;

namespace {

struct note {
    std::size_t number;
};
std::uint64_t routing_key(note n) {
    return n.number % 7;
}
struct question {
    std::size_t number;
};
std::uint64_t routing_key(question q) {
    return q.number % 7;
}
struct act {};

void require(bool holds, std::string_view sentence) {
    if (!holds) {
        throw std::runtime_error(std::string(sentence));
    }
}

// What the scenario counts beside the runtime. One thread, so plain numbers do.
struct books {
    explicit books(std::uint64_t seed) : random(seed * 0x9e3779b97f4a7c15U + 1) {}

    std::uint32_t below(std::uint32_t bound) { return random.below(bound); }
    std::size_t fresh() {
        seen.push_back(0);
        return seen.size() - 1;
    }
    void note(std::size_t number) {
        seen[number] += 1;
        handled += 1;
        broken = broken || seen[number] != 1;
    }

    drover::random_source random;
    std::vector<int> seen{};     ///< by number: how often it was handled
    std::uint64_t handled = 0;   ///< handlers of notes and questions that returned
    std::uint64_t returned = 0;  ///< left with the caller
    std::uint64_t dead = 0;      ///< notes and questions
    std::uint64_t asked = 0;
    std::uint64_t answered = 0;  ///< continuations that ran or were destroyed
    bool broken = false;
};

template <class Mailbox>
struct member {
    using mailbox = Mailbox;

    void operator()(note n, drover::context& me) {
        if (all->below(60) == 0) {
            all->note(n.number);
            me.stop();
            return;
        }
        fail_by_chance();
        all->note(n.number);
    }
    std::size_t operator()(question q) {
        fail_by_chance();
        all->note(q.number);
        return q.number;
    }
    void fail_by_chance() const {
        if (all->below(40) == 0) {
            throw std::runtime_error("unlucky");
        }
    }
    books* all;
};

struct ended {
    explicit ended(books& b) : all(&b) {}
    ended(ended&& other) noexcept : all(std::exchange(other.all, nullptr)) {}
    ~ended() {
        if (all != nullptr) {
            all->answered += 1;
        }
    }
    void operator()(const drover::expected<std::size_t, drover::ask_error>&) {}
    books* all;
};

template <class Pool>
void send(const Pool& pool, books& all, drover::context* me) {
    const auto range = [&] {
        std::vector<note> some;
        for (std::uint32_t left = all.below(5); left != 0; --left) {
            some.push_back({all.fresh()});
        }
        return some;
    };
    switch (all.below(8)) {
        case 0:
        case 1:
        case 2: pool.tell(note{all.fresh()}); break;
        case 3: {
            note kept{all.fresh()};
            all.returned += is_accepted(pool.try_tell(kept)) ? 0 : 1;
            break;
        }
        case 4: {
            const auto some = range();
            const auto result = pool.tell_batch(some);
            all.broken = all.broken || result.accepted + result.refused + result.no_target != some.size();
            break;
        }
        case 5:
            if (me != nullptr) {
                all.asked += 1;
                pool.ask(question{all.fresh()}, drover::clock_duration(1 + all.below(50))).then(*me, ended(all));
            } else {
                static_cast<void>(pool.ask(question{all.fresh()}));
            }
            break;
        case 6: {
            const drover::ref<typename Pool::actor_type> as_ref = pool;
            as_ref.tell(note{all.fresh()});
            break;
        }
        default: {
            const auto members = pool.members();
            if (!members.empty()) {
                members[all.below(static_cast<std::uint32_t>(members.size()))].actor.tell(note{all.fresh()});
            }
        }
    }
}

template <class Pool>
struct sender {
    void operator()(act, drover::context& me) {
        for (std::uint32_t left = 1 + all->below(4); left != 0; --left) {
            send(pool, *all, &me);
        }
    }
    Pool pool;
    books* all;
};

template <class Pool>
void change(const Pool& pool, books& all) {
    const auto members = pool.members();
    const auto one = members.empty()
                         ? drover::handle()
                         : drover::handle(members[all.below(static_cast<std::uint32_t>(members.size()))].actor);
    switch (all.below(7)) {
        case 0:
        case 1: static_cast<void>(pool.add(0.5 + all.below(3))); break;
        case 2: static_cast<void>(pool.remove(one)); break;
        case 3: static_cast<void>(pool.drain(one)); break;
        case 4: static_cast<void>(pool.set_weight(one, all.below(3))); break;
        case 5: static_cast<void>(pool.resize(all.below(5))); break;
        default:
            if (one) {
                one.stop();
            }
    }
}

template <class Policy, class Member>
void run(simulated_runtime& rt, books& all) {
    drover::pool_options<Policy> options{
        .members = all.below(5),
        .plan = drover::supervision{.limit = {.count = all.below(3)},
                                    .backoff = {.first = drover::clock_duration(all.below(2) * 20), .most = 100ns}},
        .undelivered = all.below(2) == 0 ? drover::undelivered::pick_again : drover::undelivered::dead_letters,
    };
    const auto pool = drover::spawn_pool<Member>(rt, options, &all);
    using pool_type = std::remove_cvref_t<decltype(pool)>;
    std::vector<drover::ref<sender<pool_type>>> senders;
    for (int each = 0; each != 2; ++each) {
        senders.push_back(rt.spawn<sender<pool_type>>(pool, &all));
    }
    for (int round = 0; round != 14; ++round) {
        senders[all.below(2)].tell(act{});
        send(pool, all, nullptr);
        if (all.below(2) == 0) {
            change(pool, all);
        }
        for (std::uint32_t steps = all.below(8); steps != 0; --steps) {
            rt.step();
        }
        if (all.below(4) == 0) {
            rt.advance(drover::clock_duration(all.below(60)));
        }
        const drover::accounting now = rt.statistics();
        require(now.offered == now.handled + now.dead() + now.returned + now.pending, "the accounts do not agree");
        require(now.pending < 1000, "the accounts run ahead");
    }
    if (all.below(4) == 0) {
        all.below(2) == 0 ? pool.stop() : pool.stop_when_drained();
    }
    if (all.below(4) == 0) {
        require(rt.stop().complete, "a stop did not end");
    } else {
        require(rt.drain(1s).complete, "a drain did not end");
    }
    for (const auto& each : pool.members()) {
        require(each.load == 0, "a load was left at rest");
    }
    const drover::accounting sums = rt.statistics();
    require(sums.pending == 0, "something is pending");
    require(sums.offered == sums.handled + sums.dead() + sums.returned, "the accounts do not agree in the end");
    require(sums.returned == all.returned, "what try_tell left was not what came back");
    require(all.seen.size() == all.handled + all.dead + all.returned, "a message got lost or had two ends");
    require(!all.broken, "a message was handled twice, or a batch miscounted");
    require(all.answered == all.asked, "an ask did not end");
}

template <class Policy>
void one_run(std::uint64_t seed) {
    books all(seed);
    simulated_options chosen;
    chosen.on_failure = [](const drover::failure&) {};
    chosen.on_dead_letter = [&all](const drover::dead_letter& letter) {
        all.dead +=
            letter.message == drover::type_name<note>() || letter.message == drover::type_name<question>() ? 1 : 0;
    };
    if (seed % 3 == 0) {
        chosen.outbox = 4;
    }
    if (seed % 4 == 0) {
        chosen.faults.throw_one_in<note>(15).drop_one_in<question>(10).delay_one_in<note>(10, 30ns);
    } else if (seed % 5 == 0) {
        chosen.quantum = 1 + seed % 7;
    }
    simulated_runtime rt(seed, chosen);
    try {
        if (seed % 2 == 0) {
            run<Policy, member<drover::unbounded_mailbox>>(rt, all);
        } else {
            run<Policy, member<drover::bounded_mailbox<3, drover::drop_oldest>>>(rt, all);
        }
    } catch (const std::exception& error) {
        throw std::runtime_error("seed " + std::to_string(seed) + ": " + error.what());
    }
}

using by_key = drover::consistent_hash<drover::maglev>;
using capped = drover::bounded_load<drover::rendezvous>;

}  // namespace

TEMPLATE_TEST_CASE("pool: over some thousand schedules nothing is lost or doubled and loads end at zero", "",
                   drover::weighted_round_robin, drover::power_of_two_choices, by_key, capped, drover::shared_queue) {
    const std::size_t before = drover_test::blocks_in_use();
    std::uint64_t only = 0;
    if (drover::detail::seed_from_environment(only)) {
        REQUIRE_NOTHROW(one_run<TestType>(only));
        return;
    }
    for (std::uint64_t seed = 1; seed <= drover_test::scaled(1'500); ++seed) {
        REQUIRE_NOTHROW(one_run<TestType>(seed));
    }
    CHECK(drover_test::blocks_in_use() == before);
}
