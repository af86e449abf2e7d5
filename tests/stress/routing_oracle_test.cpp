#include <drover/routing.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

// Names come and go while messages are sent by them; what was seen is judged afterwards by what the name's owner noted. A
// global counter orders the notes: an interval begins with a tick taken before the act, and ends with one taken after it, so
// whatever the test calls wrong is wrong.

using drover::dead_letter_reason;
using drover::delivery;
using drover_test::scaled;
using drover_test::wait_until;
using drover_test::world;

namespace {

constexpr std::size_t names_per_owner = 3;
constexpr std::size_t owners = 2;
constexpr std::size_t names = owners * names_per_owner;  // and as many aliases, one to each owner's names at random
constexpr std::size_t senders = 3;
constexpr std::uint64_t never = ~std::uint64_t{0};

struct interval {
    std::uint64_t begin;
    std::uint64_t end;
    bool meets(const interval& other) const { return begin <= other.end && other.begin <= end; }
    bool covers(const interval& other) const { return begin <= other.begin && other.end <= end; }
};

struct holding : interval {
    drover::actor_id actor;
};

struct alias_time : interval {
    std::size_t name;
};

struct tagged {
    std::size_t number;
};

struct witness {
    void operator()(tagged message, drover::context& turn) {
        const std::uint64_t before = (*fates)[message.number].exchange(to_integer(turn.self().id()));
        twice->fetch_add(before != 0 ? 1 : 0);
    }
    std::vector<std::atomic<std::uint64_t>>* fates;
    std::atomic<int>* twice;
};

struct sent_message {
    interval when;
    std::size_t name;  // an alias from `names` on
    delivery result;
};

struct oracle {
    explicit oracle(std::size_t messages_per_sender) : per_sender(messages_per_sender), fates(senders * per_sender) {}

    std::uint64_t tick() { return clock.fetch_add(1) + 1; }
    static std::string text(std::size_t name) {
        return name < names ? "name/" + std::to_string(name) : "alias/" + std::to_string(name - names);
    }

    // The owner of some names: only it changes them, one change at a time.
    void change_names(world& w, std::size_t owner, std::uint64_t seed) {
        auto& registry = w.rt.registry();
        std::mt19937_64 random(seed);
        std::array<drover::ref<witness>, names_per_owner> holders;
        const auto name_at = [&](std::size_t which) { return owner * names_per_owner + which; };
        const auto end_holding = [&](std::size_t which) {
            holders[which] = {};
            holdings[name_at(which)].back().end = tick();
        };
        while (senders_left.load() != 0) {
            const std::size_t which = random() % names_per_owner;
            const std::size_t name = name_at(which);
            drover::ref<witness>& holder = holders[which];
            switch (random() % 6) {
                case 0: {
                    const std::uint64_t before = tick();
                    auto fresh = random() % 4 == 0 && holders[0] ? holders[0] : w.rt.spawn<witness>(&fates, &twice);
                    if (holder == fresh) {
                        break;
                    }
                    const bool held = static_cast<bool>(holder);
                    held ? registry.replace(text(name), fresh) : registry.add(text(name), fresh);
                    if (held) {
                        end_holding(which);
                    } else {
                        held_times[name].push_back({tick(), never});
                    }
                    holdings[name].push_back({{before, never}, fresh.id()});
                    holder = fresh;
                    break;
                }
                case 1:
                    if (holder) {
                        held_times[name].back().end = tick();
                        registry.remove(text(name));
                        end_holding(which);
                    }
                    break;
                case 2:
                    if (holder) {
                        const auto gone = holder;
                        for (std::size_t each = 0; each != names_per_owner; ++each) {
                            if (holders[each] == gone) {
                                held_times[name_at(each)].back().end = tick();
                            }
                        }
                        random() % 2 == 0 ? gone.stop() : gone.stop_when_drained();
                        for (std::size_t each = 0; each != names_per_owner; ++each) {
                            if (holders[each] == gone) {
                                wait_until([&] { return !registry.find(text(name_at(each))); });
                                end_holding(each);
                            }
                        }
                    }
                    break;
                case 3: {
                    const std::size_t alias = names + name;
                    const std::size_t goal = name_at(random() % names_per_owner);
                    const std::uint64_t before = tick();
                    registry.redirect(text(alias), text(goal));
                    if (!aliases[name].empty() && aliases[name].back().end == never) {
                        aliases[name].back().end = tick();
                    }
                    aliases[name].push_back({{before, never}, goal});
                    break;
                }
                case 4:
                    if (registry.unredirect(text(names + name))) {
                        aliases[name].back().end = tick();
                    }
                    break;
                default: std::this_thread::yield();
            }
        }
    }

    template <class Cache>
    void send(world& w, std::size_t sender, std::uint64_t seed) {
        drover::router<Cache> by(w.rt.registry());
        std::mt19937_64 random(seed);
        std::vector<sent_message>& mine = sent[sender];
        mine.reserve(per_sender);
        while (mine.size() != per_sender) {
            const std::size_t name = random() % (2 * names);
            tagged message{sender * per_sender + mine.size()};
            const std::uint64_t before = tick();
            const delivery result = random() % 8 == 0 ? by.template try_tell<witness>(text(name), message)
                                                      : by.template tell<witness>(text(name), message);
            mine.push_back({{before, tick()}, name, result});
        }
        senders_left.fetch_sub(1);
    }

    bool allowed(const sent_message& message, drover::actor_id actor) const {
        const auto held_by = [&](std::size_t name) {
            return std::any_of(holdings[name].begin(), holdings[name].end(),
                               [&](const holding& each) { return each.actor == actor && each.meets(message.when); });
        };
        if (message.name < names) {
            return held_by(message.name);
        }
        const auto& times = aliases[message.name - names];
        return std::any_of(times.begin(), times.end(),
                           [&](const alias_time& each) { return each.meets(message.when) && held_by(each.name); });
    }

    bool was_held_throughout(const sent_message& message) const {
        if (message.name >= names) {
            return false;
        }
        const auto& times = held_times[message.name];
        return std::any_of(times.begin(), times.end(), [&](const interval& each) { return each.covers(message.when); });
    }

    const std::size_t per_sender;
    std::atomic<std::uint64_t> clock{0};
    std::atomic<std::size_t> senders_left{senders};
    std::atomic<int> twice{0};
    std::vector<std::atomic<std::uint64_t>> fates;  // the actor that handled it
    std::array<std::vector<holding>, names> holdings;
    std::array<std::vector<interval>, names> held_times;
    std::array<std::vector<alias_time>, names> aliases;
    std::array<std::vector<sent_message>, senders> sent;
};

}  // namespace

// Red if a router does not look at `current`, if the table clears `current` before it publishes the successor, or if aliases
// are not composed anew when their goal changes.
TEST_CASE("what is sent by a name is handled by an actor that held it during the send, or is a dead letter") {
    const std::uint64_t first_seed = std::random_device{}();
    for (std::uint64_t seed = first_seed; seed != first_seed + 4; ++seed) {
        CAPTURE(seed);
        const auto all = std::make_unique<oracle>(scaled(50'000));
        world w(2,
                [](drover::runtime_options& options) { options.on_dead_letter = [](const drover::dead_letter&) {}; });
        std::vector<std::thread> threads;
        for (std::size_t each = 0; each != owners; ++each) {
            threads.emplace_back([&, each] { all->change_names(w, each, seed * 100 + each); });
        }
        threads.emplace_back([&] { all->send<drover::no_cache>(w, 0, seed * 100 + 10); });
        threads.emplace_back([&] { all->send<drover::direct_mapped_cache<8>>(w, 1, seed * 100 + 11); });
        threads.emplace_back([&] { all->send<drover::set_associative_cache<16, 8>>(w, 2, seed * 100 + 12); });
        for (std::thread& each : threads) {
            each.join();
        }
        REQUIRE(w.finish());

        std::uint64_t handled = 0;
        std::uint64_t unknown = 0;
        std::uint64_t wrong_actor = 0;
        std::uint64_t wrongly_unknown = 0;
        std::uint64_t handled_unsent = 0;
        for (std::size_t sender = 0; sender != senders; ++sender) {
            for (std::size_t each = 0; each != all->per_sender; ++each) {
                const sent_message& message = all->sent[sender][each];
                const std::uint64_t actor = all->fates[sender * all->per_sender + each].load();
                if (actor != 0) {
                    handled += 1;
                    wrong_actor += all->allowed(message, drover::actor_id{actor}) ? 0 : 1;
                    handled_unsent += is_accepted(message.result) ? 0 : 1;
                } else if (message.result == delivery::no_target) {
                    unknown += 1;
                    wrongly_unknown += all->was_held_throughout(message) ? 1 : 0;
                }
            }
        }
        CHECK(all->twice == 0);
        CHECK(wrong_actor == 0);
        CHECK(wrongly_unknown == 0);
        CHECK(handled_unsent == 0);
        CHECK(handled > 0);
        CHECK(unknown > 0);
        const drover::accounting sums = w.rt.statistics();
        CHECK(sums.offered == senders * all->per_sender);
        CHECK(sums.handled == handled);
        CHECK(sums.pending == 0);
        CHECK(sums.handled + sums.dead() + sums.returned == sums.offered);
        CHECK(sums.dead() == sums.dead(dead_letter_reason::no_target) + sums.dead(dead_letter_reason::stopped));
        CHECK(sums.dead(dead_letter_reason::no_target) <= unknown);
        CHECK(sums.dead(dead_letter_reason::no_target) + sums.returned >= unknown);
    }
}
