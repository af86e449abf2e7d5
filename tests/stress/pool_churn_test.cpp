// Members that come and go against senders of all kinds: every message has one end, and nobody is sent to who had left
// before.
#include <drover/drover.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using drover::context;
using drover::undelivered;
using drover_test::scaled;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct parcel {
    std::size_t number;
    std::uint64_t epoch;
};
std::uint64_t routing_key(const parcel& each) {
    return each.number % 16;
}
struct who {};
struct act {};

constexpr std::size_t for_each_change = 40;  ///< parcels, so that neither side is ready before the other

struct book {
    explicit book(std::size_t changes) : seen(changes * for_each_change), retired_at(changes * 8 + 8) {}

    std::vector<std::atomic<std::uint8_t>> seen;  ///< by number of the parcel: how often it was handled
    /// By number of the member: the epoch in which its drain had been answered; 0 if it has not.
    std::vector<std::atomic<std::uint64_t>> retired_at;
    std::atomic<std::uint64_t> epoch{1};
    std::atomic<std::size_t> built{0};
    std::atomic<std::size_t> allowed{0};  ///< parcels
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> handled{0};
    std::atomic<std::size_t> returned{0};
    std::atomic<std::size_t> dead{0};
    std::atomic<int> late{0};
    std::atomic<int> alive{0};
};

struct member {
    explicit member(book* b) : all(b), index(all->built++) { all->alive += 1; }
    member(const member&) = delete;
    member& operator=(const member&) = delete;
    ~member() { all->alive -= 1; }

    void operator()(const parcel& each) {
        all->seen[each.number] += 1;
        all->handled += 1;
        const std::uint64_t since = all->retired_at[index];
        all->late += since != 0 && each.epoch >= since ? 1 : 0;
    }
    std::size_t operator()(who) const { return index; }

    book* all;
    std::size_t index;
};

// One piece of a sender's work; false when all parcels are gone.
template <class Pool>
bool send_some(const Pool& pool, book& all) {
    const auto fresh = [&](parcel& each) {
        each = {all.next++, all.epoch};
        return each.number < all.seen.size();
    };
    if (all.next >= all.allowed) {
        std::this_thread::yield();
        return all.next < all.seen.size();
    }
    parcel one{};
    for (int left = 0; left != 4; ++left) {
        if (!fresh(one)) {
            return false;
        }
        if (left != 3) {
            pool.tell(one);
        } else if (!is_accepted(pool.try_tell(one))) {
            all.returned += 1;
        }
    }
    std::vector<parcel> some;
    while (some.size() != 4 && fresh(one)) {
        some.push_back(one);
    }
    pool.tell_batch(some);
    return some.size() == 4;
}

template <class Pool>
struct sender {
    void operator()(act, context& me) {
        if (send_some(pool, *all)) {
            me.self<sender>().tell(act{});
        }
    }
    Pool pool;
    book* all;
};

template <class Pool>
void change(const Pool& pool, book& all, drover::random_source& random) {
    const auto members = pool.members();
    const auto one = members.empty() ? drover::ref<member>()
                                     : members[random.below(static_cast<std::uint32_t>(members.size()))].actor;
    switch (random.below(9)) {
        case 0:
        case 1:
        case 2: static_cast<void>(pool.add(1.0).result()); break;
        case 3:
        case 4:
            if (const auto index = one.ask(who{}).result()) {
                const auto drained = pool.drain(one).result();
                if (drained && *drained) {
                    all.retired_at[*index] = all.epoch.fetch_add(1) + 1;
                }
            }
            break;
        case 5: static_cast<void>(pool.remove(one).result()); break;
        case 6: static_cast<void>(pool.set_weight(one, random.below(3)).result()); break;
        case 7: one.stop(); break;  // the pool hears of it later
        default: static_cast<void>(pool.resize(2 + random.below(6)).result());
    }
}

using by_key = drover::consistent_hash<drover::rendezvous>;
using capped = drover::bounded_load<drover::maglev>;
using lasting = drover::sticky<drover::round_robin>;

}  // namespace

TEMPLATE_TEST_CASE("pools under storms of changes: one end for each message, and none for who has left", "",
                   drover::weighted_round_robin, drover::power_of_two_choices, drover::least_loaded, by_key, capped,
                   drover::shared_queue) {
    using pool_type = drover::pool<member, TestType>;
    const auto what = GENERATE(undelivered::dead_letters, undelivered::pick_again);
    const bool own = GENERATE(false, true);
    const std::size_t before = drover_test::blocks_in_use();
    const std::size_t changes = scaled(own ? 20 : 100);  // by each of two threads
    book all(2 * changes);
    {
        world w(2, [&](drover::runtime_options& options) {
            options.outbox = 8;
            options.on_dead_letter = [&](const drover::dead_letter& letter) {
                all.dead += letter.message == drover::type_name<parcel>() ? 1 : 0;
            };
        });
        drover::pool_options<TestType> options{.members = 4, .undelivered = what};
        if (own) {
            options.each.placement = drover::placement::own_thread;
        }
        const auto pool = drover::spawn_pool<member>(w.rt, options, &all);
        std::vector<std::thread> threads;
        for (std::uint64_t each = 0; each != 2; ++each) {
            threads.emplace_back([&, each] {
                drover::random_source random(each + 1);
                for (std::size_t left = changes; left != 0; --left) {
                    all.allowed += for_each_change;
                    change(pool, all, random);
                }
            });
        }
        std::vector<drover::ref<sender<pool_type>>> senders;
        for (int each = 0; each != 2; ++each) {
            senders.push_back(w.rt.spawn<sender<pool_type>>(pool, &all));
        }
        senders.push_back(w.rt.spawn<sender<pool_type>>(
            drover::spawn_options{.placement = drover::placement::own_thread}, pool, &all));
        for (const auto& each : senders) {
            each.tell(act{});
        }
        // Threads that come and go, each with a lane of its own while it lives.
        bool goes_on = true;
        while (goes_on) {
            std::thread([&] {
                for (int left = 20; left != 0 && goes_on; --left) {
                    wait_until([&] { return all.next < all.allowed || all.next >= all.seen.size(); });
                    goes_on = send_some(pool, all);
                }
            }).join();
        }
        for (const auto& each : senders) {
            each.stop_when_drained();
        }
        for (const auto& each : senders) {
            wait_until([&] { return each.stopped(); });
        }
        for (std::thread& each : threads) {
            each.join();
        }
        // A member that was told to stop may be counted still when the pool is first told its size, and end after that.
        wait_until([&] { return pool.resize(2).get() == 2 && all.alive == 2; });
        wait_until([&] { return w.rt.statistics().pending == 0; });
        const auto members = pool.members();
        for (const auto& each : members) {
            wait_until([&] { return drover::membership_of(*each.actor.cell())->load.read() == 0; });
        }
        CHECK(w.rt.drain(std::chrono::seconds(1)).complete);
        CHECK(all.late == 0);
        const drover::accounting sums = w.rt.statistics();
        CHECK(sums.pending == 0);
        CHECK(sums.offered == sums.handled + sums.dead() + sums.returned);
        CHECK(sums.returned == all.returned);
        CHECK(w.rt.stop().complete);
    }
    CHECK(all.seen.size() == all.handled + all.dead + all.returned);
    std::size_t twice = 0;
    for (const auto& each : all.seen) {
        twice += each > 1 ? 1U : 0U;
    }
    CHECK(twice == 0);
    CHECK(all.alive == 0);
    CHECK(drover_test::blocks_in_use() == before);
}

TEMPLATE_TEST_CASE("members that stop by themselves under load: no message is lost while one is left", "",
                   drover::least_loaded, drover::power_of_two_choices, by_key, capped, lasting) {
    const std::size_t before = drover_test::blocks_in_use();
    const std::size_t changes = scaled(200);
    book all(changes);
    {
        world w(2, [&](drover::runtime_options& options) {
            options.on_dead_letter = [&](const drover::dead_letter& letter) {
                all.dead += letter.message == drover::type_name<parcel>() ? 1 : 0;
            };
        });
        const auto pool =
            drover::spawn_pool<member, TestType>(w.rt, {.members = 3, .undelivered = undelivered::pick_again}, &all);
        const auto stays = pool.members()[0].actor;
        std::vector<std::thread> senders;
        for (int each = 0; each != 2; ++each) {
            senders.emplace_back([&] {
                for (parcel one{all.next++, 0}; one.number < all.seen.size(); one.number = all.next++) {
                    wait_until([&] { return one.number < all.allowed; });
                    pool.tell(one);
                }
            });
        }
        for (std::size_t left = changes; left != 0; --left) {
            all.allowed += for_each_change;
            for (const auto& each : pool.members()) {
                if (each.actor != stays) {
                    each.actor.stop();
                    static_cast<void>(pool.add().result());
                    break;
                }
            }
        }
        for (std::thread& each : senders) {
            each.join();
        }
        CHECK(w.rt.drain(std::chrono::seconds(60)).complete);
        const drover::accounting sums = w.rt.statistics();
        CHECK(sums.pending == 0);
        CHECK(sums.offered == sums.handled + sums.dead());
        CHECK(all.dead == 0);
        CHECK(all.handled == all.seen.size());
        CHECK(w.rt.stop().complete);
    }
    CHECK(drover_test::blocks_in_use() == before);
}
