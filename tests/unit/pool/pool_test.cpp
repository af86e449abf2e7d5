#include <drover/pool/pool.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/oracle.hpp"
#include "support/plug.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using drover::ask_error;
using drover::delivery;
using drover::spawn_pool;
using drover_test::blocks_in_use;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

// Types with a declared key stand in a namespace of their own: the key is found beside the type.
namespace orders {

struct order {
    std::string account;
    int number = 0;
};
std::string routing_key(const order& each) {
    return each.account;
}

enum class desk : std::uint8_t { bonds, shares };
struct quote {
    desk at;
};
desk routing_key(const quote& each) {
    return each.at;
}

struct unlucky {};
int routing_key(const unlucky&) {
    throw std::runtime_error("no key today");
}

}  // namespace orders

namespace {

using counts = std::vector<int>;
using reason = drover::dead_letter_reason;
using orders::order;

struct who {
    std::uint64_t key = 0;
};
std::uint64_t routing_key(const who& each) {
    return each.key;
}
struct keyless {
    int number = 0;
};

struct book {
    std::atomic<int> built{0};
    std::array<std::atomic<int>, 16> handled{};

    counts all() const { return {handled.begin(), handled.begin() + built}; }
    int sum() const {
        const counts each = all();
        return std::accumulate(each.begin(), each.end(), 0);
    }
};

template <class Mailbox = drover::unbounded_mailbox>
struct worker_in {
    using mailbox = Mailbox;

    explicit worker_in(std::shared_ptr<book> b) : all(std::move(b)), index(static_cast<std::size_t>(all->built++)) {}
    void operator()(const order&) { note(); }
    void operator()(orders::quote) { note(); }
    void operator()(orders::unlucky) { note(); }
    void operator()(keyless) { note(); }
    int operator()(who) {
        note();
        return static_cast<int>(index);
    }
    void operator()(const plug& p) { p.hold(); }
    void note() { all->handled[index] += 1; }

    std::shared_ptr<book> all;
    std::size_t index;
};
using worker = worker_in<>;

struct act {
    std::function<void(drover::context&)> what;
};
struct sender {
    void operator()(const act& a, drover::context& me) { a.what(me); }
};

template <class Actor, class Code>
void inside(const Actor& actor, Code code) {
    drover_test::door done;
    actor.tell(act{[&](drover::context& me) {
        code(me);
        done.open();
    }});
    done.pass();
}

template <class Policy>
constexpr bool spreads_evenly =
    std::is_same_v<Policy, drover::round_robin> || std::is_same_v<Policy, drover::weighted_round_robin>;

using by_maglev = drover::consistent_hash<drover::maglev>;
using bounded = drover::bounded_load<drover::maglev>;

}  // namespace

TEMPLATE_TEST_CASE("pool: every way to send, by any policy, reaches one member once", "", drover::round_robin,
                   drover::weighted_round_robin, drover::random_pick, drover::power_of_two_choices,
                   drover::least_loaded, by_maglev, bounded) {
    const std::size_t before = blocks_in_use();
    const auto outbox = static_cast<std::size_t>(GENERATE(0, 4));
    const auto all = std::make_shared<book>();
    {
        world w(2, [&](drover::runtime_options& options) { options.outbox = outbox; });
        const auto pool = spawn_pool<worker, TestType>(w.rt, {.members = 4, .seed = 7}, all);
        const auto hundred = [&](auto&& send) {
            const counts so_far = all->all();
            for (std::uint64_t each = 0; each != 100; ++each) {
                send(each);
            }
            w.settle();
            int sum = 0;
            for (std::size_t each = 0; each != 4; ++each) {
                const int now = all->all()[each] - so_far[each];
                sum += now;
                if (spreads_evenly<TestType>) {
                    CHECK(now == 25);
                }
            }
            CHECK(sum == 100);
        };
        hundred([&](std::uint64_t n) { CHECK(pool.tell(who{n}) == delivery::accepted); });
        hundred([&](std::uint64_t n) {
            who message{n};
            CHECK(pool.try_tell(message) == delivery::accepted);
        });
        hundred([&](std::uint64_t n) { CHECK(pool.ask(who{n}).get() < 4); });
        hundred([&](std::uint64_t n) { CHECK(pool.ask(who{n}, 1h).get() < 4); });
        hundred([&](std::uint64_t n) {
            const auto result = n % 2 == 0 ? pool.tell_batch(std::vector<who>{{n}, {n + 1}}) : drover::batch_result{};
            CHECK(result.accepted == (n % 2 == 0 ? 2 : 0));
            CHECK(result.refused + result.no_target == 0);
        });
        const auto s = w.rt.spawn<sender>();
        const auto from_actor = [&](auto code) {
            const counts so_far = all->all();
            inside(s, code);
            w.settle();
            for (std::size_t each = 0; each != 4 && spreads_evenly<TestType>; ++each) {
                CHECK(all->all()[each] - so_far[each] == 25);
            }
        };
        from_actor([&](drover::context&) {
            for (std::uint64_t each = 0; each != 100; ++each) {
                pool.tell(who{each});
            }
        });
        from_actor([&](drover::context& me) {
            for (std::uint64_t each = 0; each != 50; ++each) {
                pool.ask(who{each}).then(me, [](auto) {});
                who message{each};
                CHECK(pool.try_tell(message) == delivery::accepted);
            }
        });
        from_actor([&](drover::context&) {
            std::vector<who> some(100);
            CHECK(pool.tell_batch(some).accepted == 100);
        });
        CHECK(all->sum() == 800);
        CHECK(pool.broadcast(who{}) == 4);
        const drover::ref<worker> as_ref = pool;
        for (std::uint64_t each = 0; each != 40; ++each) {
            CHECK(as_ref.tell(who{each}) == delivery::accepted);
        }
        w.settle();
        CHECK(all->sum() == 844);
        for (const auto& each : pool.members()) {
            CHECK(each.load == 0);
        }
        CHECK(w.heard.count() == 0);
        CHECK(w.finish());
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("pool: counts over a full table are exact at any number of threads") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker>(w.rt, {.members = 4, .weights = {5, 1, 1, 0}}, all);
    std::vector<std::thread> threads;
    for (int each = 0; each != 3; ++each) {
        threads.emplace_back([&] {
            for (int turn = 0; turn != 700; ++turn) {
                pool.tell(keyless{});
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    w.settle();
    CHECK(all->all() == counts{1500, 300, 300, 0});
}

TEST_CASE("pool: a seed makes random picks repeat") {
    const auto picked = [](std::uint64_t seed) {
        drover::simulated_runtime rt(1);
        const auto all = std::make_shared<book>();
        const auto pool = spawn_pool<worker, drover::random_pick>(rt, {.members = 8, .seed = seed}, all);
        counts found;
        for (int each = 0; each != 50; ++each) {
            found.push_back(pool.ask(who{}).get());
        }
        return found;
    };
    CHECK(picked(1) == picked(1));
    CHECK(picked(1) != picked(2));
    CHECK(picked(0) == picked(0));
}

TEST_CASE("pool: messages of one sender to one member keep their order, by an outbox too") {
    struct in_order {
        void operator()(keyless k) {
            *wrong += k.number <= last ? 1 : 0;
            last = k.number;
        }
        std::atomic<int>* wrong;
        int last = 0;
    };
    std::atomic<int> wrong{0};
    world w(2, [](drover::runtime_options& options) { options.outbox = 8; });
    const auto pool = spawn_pool<in_order, drover::round_robin>(w.rt, {.members = 3}, &wrong);
    inside(w.rt.spawn<sender>(), [&](drover::context&) {
        for (int each = 1; each != 500; ++each) {
            if (each % 17 == 0) {
                pool.tell_batch(std::vector<keyless>{{each}});
            } else {
                pool.tell(keyless{each});
            }
        }
    });
    w.settle();
    CHECK(wrong == 0);
}

namespace {

using few = worker_in<drover::bounded_mailbox<2>>;
using latest = worker_in<drover::bounded_mailbox<2, drover::drop_oldest>>;
using patient = worker_in<drover::bounded_mailbox<2, drover::block_sender<>>>;

}  // namespace

TEMPLATE_TEST_CASE("pool: members' bounded mailboxes refuse what they have no room for", "", drover::round_robin,
                   drover::least_loaded) {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<few, TestType>(w.rt, {.members = 1}, all);
    {
        const plugged busy(pool.members()[0].actor);
        CHECK(is_accepted(pool.tell(who{})));
        CHECK(is_accepted(pool.tell(who{})));
        CHECK(pool.tell(who{}) == delivery::rejected_full);
        who kept{};
        CHECK(pool.try_tell(kept) == delivery::rejected_full);
        CHECK(pool.ask(who{}).result().error().code == ask_error::mailbox_full);
        const auto batch = pool.tell_batch(std::vector<who>(2));
        CHECK(batch.accepted == 0);
        CHECK(batch.refused == 2);
        CHECK(pool.broadcast(who{}) == 0);
    }
    w.settle();
    CHECK(all->sum() == 2);
    CHECK(w.heard.dead(reason::rejected) == 5);
    CHECK(w.heard.count() == 5);
    CHECK(pool.members()[0].load == 0);
    CHECK(w.rt.statistics().returned == 1);
}

TEMPLATE_TEST_CASE("pool: a mailbox that drops its oldest does so in a pool", "", drover::round_robin,
                   drover::least_loaded) {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<latest, TestType>(w.rt, {.members = 1}, all);
    {
        const plugged busy(pool.members()[0].actor);
        for (int each = 0; each != 6; ++each) {
            CHECK(is_accepted(pool.tell(who{})));
        }
        CHECK(pool.tell_batch(std::vector<who>(2)).accepted == 2);
        CHECK(pool.members()[0].load == (std::is_same_v<TestType, drover::least_loaded> ? 3 : 0));
        const drover::ref<latest> as_ref = pool;
        CHECK(is_accepted(as_ref.tell(who{})));
    }
    w.settle();
    CHECK(all->sum() == 2);
    CHECK(w.heard.dead(reason::dropped) == 7);
    CHECK(pool.members()[0].load == 0);
}

TEST_CASE("pool: a sender waits for room of the member that was picked for it") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<patient, drover::least_loaded>(w.rt, {.members = 1}, all);
    std::atomic<int> accepted{0};
    std::thread waiting;
    {
        const plugged busy(pool.members()[0].actor);
        CHECK(is_accepted(pool.tell(who{})));
        CHECK(is_accepted(pool.tell(who{})));
        waiting = std::thread([&] {
            accepted += is_accepted(pool.tell(who{})) ? 1 : 0;
            const drover::ref<patient> as_ref = pool;
            accepted += is_accepted(as_ref.tell(who{})) ? 1 : 0;
        });
    }
    waiting.join();
    w.settle();
    CHECK(accepted == 2);
    CHECK(all->sum() == 4);
    CHECK(pool.members()[0].load == 0);
    CHECK(w.heard.count() == 0);
}

namespace {

struct note {
    std::size_t level;
};
struct sorter {
    using mailbox = drover::priority_mailbox<3>;
    static std::size_t priority(const note& n) noexcept { return n.level; }
    void operator()(note n) { seen->push_back(n.level); }
    void operator()(const plug& p) { p.hold(); }
    std::vector<std::size_t>* seen;
};

}  // namespace

TEMPLATE_TEST_CASE("pool: priorities count in a member's mailbox", "", drover::round_robin, drover::least_loaded) {
    std::vector<std::size_t> seen;
    world w;
    const auto pool = spawn_pool<sorter, TestType>(w.rt, {.members = 1}, &seen);
    {
        const plugged busy(pool.members()[0].actor);
        pool.tell(note{2});
        pool.tell_batch(std::vector<note>{{1}, {2}});
        pool.tell(note{0});
        CHECK_THROWS_AS(pool.tell(note{3}), std::out_of_range);
        CHECK_THROWS_AS(pool.tell_batch(std::vector<note>{{0}, {3}}), std::out_of_range);
        note wrong{4};
        CHECK_THROWS_AS(pool.try_tell(wrong), std::out_of_range);
    }
    w.settle();
    CHECK(seen == std::vector<std::size_t>{2, 2, 1, 0});
    CHECK(pool.members()[0].load == 0);
}

TEMPLATE_TEST_CASE("pool: members may have threads of their own", "", drover::round_robin, drover::least_loaded) {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool =
        spawn_pool<worker, TestType>(w.rt, {.members = 3, .each = {.placement = drover::placement::own_thread}}, all);
    for (int each = 0; each != 30; ++each) {
        CHECK(pool.tell(who{}) == delivery::accepted);
        CHECK(pool.ask(who{}).get() < 3);
    }
    CHECK(pool.tell_batch(std::vector<who>(30)).accepted == 30);
    w.settle();
    CHECK(all->sum() == 90);
    CHECK(pool.add().get());
    CHECK(pool.resize(1).get() == 1);
    CHECK(pool.tell(who{}) == delivery::accepted);
    w.settle();
    CHECK(all->sum() == 91);
    CHECK(pool.members()[0].load == 0);
    // And one of them sends to another pool.
    struct relay {
        void operator()(who each) { to.tell(each); }
        drover::pool<worker, TestType> to;
    };
    const auto relays =
        spawn_pool<relay, TestType>(w.rt, {.members = 2, .each = {.placement = drover::placement::own_thread}}, pool);
    for (int each = 0; each != 20; ++each) {
        relays.tell(who{});
    }
    w.settle();
    CHECK(all->sum() == 111);
}

TEST_CASE("pool: the order of one account goes to one member, by the key beside its type") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_maglev>(w.rt, {.members = 4}, all);
    const auto members_of = [&](auto send) {
        const counts so_far = all->all();
        for (int each = 0; each != 10; ++each) {
            send();
        }
        w.settle();
        counts found;
        for (std::size_t each = 0; each != so_far.size(); ++each) {
            if (all->all()[each] != so_far[each]) {
                CHECK(all->all()[each] - so_far[each] == 10);
                found.push_back(static_cast<int>(each));
            }
        }
        return found;
    };
    std::vector<bool> used(4);
    for (const char* const account : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
        const counts found = members_of([&] { pool.tell(order{account}); });
        REQUIRE(found.size() == 1);
        used[static_cast<std::size_t>(found[0])] = true;
        CHECK(members_of([&] {
                  order message{account};
                  CHECK(pool.try_tell(message) == delivery::accepted);
                  CHECK(message.account.empty());
              }) == found);
        CHECK(members_of([&] { pool.tell_batch(std::vector<order>{{account}}); }) == found);
        const drover::ref<worker> as_ref = pool;  // and where its type is not seen
        CHECK(members_of([&] { as_ref.tell(order{account}); }) == found);
        const drover::recipient<order> as_recipient = pool;
        CHECK(members_of([&] { as_recipient.tell(order{account}); }) == found);
    }
    CHECK(std::count(used.begin(), used.end(), true) >= 2);
    CHECK(members_of([&] { pool.tell(orders::quote{orders::desk::shares}); }).size() == 1);
    const counts of_ask = members_of([&] { pool.ask(who{77}).get(); });
    const drover::ref<worker> as_ref = pool;
    CHECK(members_of([&] { as_ref.ask(who{77}).get(); }) == of_ask);
}

TEST_CASE("pool: a key that throws leaves the message with its sender") {
    world w;
    const auto all = std::make_shared<book>();
    const auto pool = spawn_pool<worker, by_maglev>(w.rt, {.members = 2}, all);
    CHECK_THROWS_WITH(pool.tell(orders::unlucky{}), "no key today");
    orders::unlucky message;
    CHECK_THROWS_AS(pool.try_tell(message), std::runtime_error);
    CHECK_THROWS_AS(pool.tell_batch(std::vector<orders::unlucky>(2)), std::runtime_error);
    w.settle();
    const auto sums = w.rt.statistics();
    CHECK(sums.offered == sums.handled);
    // By a ref it is told to the sinks.
    const drover::ref<worker> as_ref = pool;
    CHECK_FALSE(is_accepted(as_ref.tell(orders::unlucky{})));
    CHECK_FALSE(is_accepted(as_ref.tell(keyless{})));
    w.settle();
    REQUIRE(w.heard.failures().size() == 2);
    CHECK(w.heard.failures()[0].what == "no key today");
    CHECK_THAT(w.heard.failures()[1].what, Contains("a message without a routing key came by a ref to a pool"));
    CHECK(w.heard.count() == 2);
    CHECK(all->sum() == 0);
}

namespace {

struct shipment {
    std::string from;
    int weight = 0;
};
struct handled_by {
    std::string from;
};
constexpr auto first_letter = [](const auto& each) { return each.from.empty() ? '-' : each.from[0]; };
struct porter {
    void operator()(const shipment&) {}
    int operator()(const handled_by&) const { return index; }
    int index = 0;
};
struct counting_porter : porter {
    explicit counting_porter(std::shared_ptr<book> all) : porter{all->built++} {}
    using porter::operator();
};

}  // namespace

TEST_CASE("pool: keyed_by names the key by a member or by a callable") {
    world w;
    const auto all = std::make_shared<book>();
    const auto same = [&](const auto& pool, const std::string& one, const std::string& other) {
        const int first = pool.ask(handled_by{one}).get();
        CHECK(pool.ask(handled_by{one}).get() == first);
        return pool.ask(handled_by{other}).get() == first;
    };
    const auto by_place =
        spawn_pool<counting_porter, drover::keyed_by<&handled_by::from, by_maglev>>(w.rt, {.members = 8}, all);
    const auto by_letter =
        spawn_pool<counting_porter, drover::keyed_by<first_letter, by_maglev>>(w.rt, {.members = 8}, all);
    int alike = 0;
    for (int each = 0; each != 20; ++each) {
        const std::string name = "a" + std::to_string(each);
        alike += same(by_place, "a", name) ? 1 : 0;
        CHECK(same(by_letter, "a", name));
        CHECK(by_letter.tell(shipment{name, 1}) == delivery::accepted);
    }
    CHECK(alike < 20);
}

namespace {

struct riddle_me {};
struct solver {
    drover::task<int> operator()(riddle_me) {
        const int answer = co_await oracle.ask(drover_test::riddle{});
        co_return answer;
    }
    drover::ref<drover_test::oracle> oracle;
};

}  // namespace

TEST_CASE("pool: members whose handlers are coroutines count what waits as load") {
    world w;
    const auto o = w.rt.spawn<drover_test::oracle>();
    const auto pool = spawn_pool<solver, drover::least_loaded>(w.rt, {.members = 2}, o);
    auto first = pool.ask(riddle_me{});
    auto second = pool.ask(riddle_me{});
    for (const auto& each : pool.members()) {
        drover_test::await_held(each.actor);
    }
    for (const auto& each : pool.members()) {
        CHECK(each.load == 1);
    }
    o.tell(drover_test::solve{5});
    o.tell(drover_test::solve{6});
    CHECK(first.get() + second.get() == 11);
    wait_until([&] { return pool.members()[0].load + pool.members()[1].load == 0; });
    CHECK(pool.size() == 2);
}
