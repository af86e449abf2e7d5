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

// Names, services, redirections and copies come and go while messages are sent by name; what was seen is judged
// afterwards by what was noted of each change. A global counter orders the notes, and each fact has two times: it may
// have been true from a tick before the act that began it to one after the act that ended it, and surely was true
// between the two acts. So whatever the test calls wrong is wrong.

using drover::dead_letter_reason;
using drover::delivery;
using drover_test::scaled;
using drover_test::wait_until;
using drover_test::world;

namespace {

constexpr std::size_t owners = 2;
constexpr std::size_t names_per_owner = 3;                   // with one actor each at most
constexpr std::size_t ends_per_owner = names_per_owner + 1;  // and a service
constexpr std::size_t most_providers = 4;
constexpr std::size_t ends = owners * ends_per_owner;
constexpr std::size_t ways = 2 * ends;  // as many aliases as ends, each to a random end of its owner
constexpr std::size_t listeners = 2;
constexpr std::size_t senders = 3;
constexpr std::size_t messages_per_change = 8;  // at most
constexpr std::uint64_t never = ~std::uint64_t{0};

struct interval {
    std::uint64_t begin;
    std::uint64_t end;
    bool meets(const interval& other) const { return begin <= other.end && other.begin <= end; }
    bool covers(const interval& other) const { return begin <= other.begin && other.end <= end; }
};

struct fact {
    interval possible;
    interval sure{never, 0};
};

struct holding : fact {
    drover::actor_id actor;
};

struct alias_time : fact {
    std::size_t goal;
};

template <class Facts, class Test>
bool any(const Facts& facts, Test test) {
    return std::any_of(facts.begin(), facts.end(), test);
}

struct tagged {
    std::size_t number;
};

struct oracle;

// Holds names and provides services.
struct witness {
    oracle* all;
    std::array<std::size_t, senders> next{};
    void operator()(tagged message, drover::context& turn);
};

// Hears the copies.
struct listener {
    oracle* all;
    std::size_t which;
    void operator()(tagged message);
};

enum class way_sent : std::uint8_t { tell, try_tell, batch };

struct sent_message {
    interval when;
    std::size_t way;  // an end, or an alias from `ends` on
    way_sent how;
    delivery result;  // of no meaning in a batch
};

struct sent_batch {
    std::size_t first;
    std::size_t count;
    drover::batch_result result;
};

struct oracle {
    explicit oracle(std::size_t messages_per_sender)
        : per_sender(messages_per_sender), fates(senders * per_sender), copies(senders * per_sender * listeners) {}

    std::uint64_t tick() { return clock.fetch_add(1) + 1; }
    static bool is_service(std::size_t end) { return end % ends_per_owner == names_per_owner; }
    static std::string text(std::size_t way) {
        return way >= ends ? "alias/" + std::to_string(way - ends)
                           : (is_service(way) ? "service/" : "name/") + std::to_string(way);
    }

    const std::size_t per_sender;
    std::atomic<std::uint64_t> clock{0};
    std::atomic<std::size_t> senders_left{senders};
    std::atomic<std::uint64_t> changes{0};
    std::atomic<int> twice{0};
    std::atomic<int> out_of_order{0};
    std::array<std::atomic<std::uint64_t>, drover::dead_letter_reasons> sunk{};
    std::vector<std::atomic<std::uint64_t>> fates;  // the actor that handled it
    std::vector<std::atomic<std::uint8_t>> copies;  // for each listener
    std::array<std::vector<holding>, ends> holdings;
    std::array<std::vector<interval>, ends> held_times;  // surely by somebody; of a service: by this provider
    std::array<std::vector<alias_time>, ends> aliases;
    std::array<std::array<std::vector<fact>, listeners>, ways> tees;
    std::array<std::vector<sent_message>, senders> sent;
    std::array<std::vector<sent_batch>, senders> batches;
};

void witness::operator()(tagged message, drover::context& turn) {
    const std::uint64_t before = all->fates[message.number].exchange(to_integer(turn.self().id()));
    all->twice.fetch_add(before != 0 ? 1 : 0);
    std::size_t& expected = next[message.number / all->per_sender];
    all->out_of_order.fetch_add(message.number < expected ? 1 : 0);
    expected = message.number + 1;
}

void listener::operator()(tagged message) {
    all->copies[message.number * listeners + which].fetch_add(1);
}

// Changes some names, one change at a time; nobody else changes these.
class owner {
public:
    owner(oracle& all, world& w, std::size_t which, const std::array<drover::ref<listener>, listeners>& heard,
          std::uint64_t seed)
        : all_(all), w_(w), registry_(w.rt.registry()), first_(which * ends_per_owner), heard_(heard), random_(seed) {}

    void run() {
        while (all_.senders_left.load() != 0) {
            const std::size_t name = first_ + below(names_per_owner);
            const std::size_t service = first_ + names_per_owner;
            switch (below(10)) {
                case 0: give(name); break;
                case 1: take(name); break;
                case 2:
                case 3: provide(service); break;
                case 4: withdraw(service); break;
                case 5: stop_one(first_ + below(ends_per_owner)); break;
                case 6: redirect(ends + first_ + below(ends_per_owner)); break;
                case 7: unredirect(ends + first_ + below(ends_per_owner)); break;
                case 8: tee(first_ + below(ends_per_owner) + (below(2) == 0 ? ends : 0)); break;
                default: std::this_thread::yield();
            }
            all_.changes.fetch_add(1);
        }
    }

private:
    struct tenure {
        drover::ref<witness> actor;
        std::size_t end;
        std::size_t noted;  // in `holdings`
        std::size_t held;   // in `held_times`
    };

    std::size_t below(std::size_t limit) { return random_() % limit; }

    drover::ref<witness> somebody() {
        return below(4) == 0 && !tenures_.empty() ? tenures_[below(tenures_.size())].actor
                                                  : w_.rt.spawn<witness>(witness{&all_});
    }

    auto tenure_of(std::size_t end) {
        return std::find_if(tenures_.begin(), tenures_.end(), [&](const tenure& each) { return each.end == end; });
    }

    // `before`: the tick that was taken before the act.
    void begins(const drover::ref<witness>& actor, std::size_t end, std::uint64_t before, std::size_t held) {
        all_.holdings[end].push_back({{{before, never}}, actor.id()});
        tenures_.push_back({actor, end, all_.holdings[end].size() - 1, held});
    }
    std::size_t held_from_now(std::size_t end) {
        all_.held_times[end].push_back({all_.tick(), never});
        return all_.held_times[end].size() - 1;
    }
    void holds_no_longer_surely(const tenure& gone) { all_.held_times[gone.end][gone.held].end = all_.tick(); }
    void is_over(const tenure& gone) { all_.holdings[gone.end][gone.noted].possible.end = all_.tick(); }

    void give(std::size_t name) {
        const std::uint64_t before = all_.tick();
        const auto fresh = somebody();
        const auto old = tenure_of(name);
        if (old == tenures_.end()) {
            registry_.add(all_.text(name), fresh);
            begins(fresh, name, before, held_from_now(name));
        } else if (old->actor != fresh) {
            registry_.replace(all_.text(name), fresh);  // and at no moment does nobody hold it
            const std::size_t held = old->held;
            is_over(*old);
            tenures_.erase(old);
            begins(fresh, name, before, held);
        }
    }

    void take(std::size_t name) {
        const auto old = tenure_of(name);
        if (old != tenures_.end()) {
            holds_no_longer_surely(*old);
            registry_.remove(all_.text(name));
            is_over(*old);
            tenures_.erase(old);
        }
    }

    void provide(std::size_t service) {
        const std::uint64_t before = all_.tick();
        const auto fresh = somebody();
        std::size_t there = 0;
        for (const tenure& each : tenures_) {
            if (each.end == service) {
                there += each.actor == fresh ? most_providers : 1;
            }
        }
        if (there < most_providers) {
            registry_.provide(all_.text(service), fresh);
            begins(fresh, service, before, held_from_now(service));
        }
    }

    void withdraw(std::size_t service) {
        const auto old = tenure_of(service);
        if (old != tenures_.end()) {
            holds_no_longer_surely(*old);
            registry_.withdraw(all_.text(service), old->actor);
            is_over(*old);
            tenures_.erase(old);
        }
    }

    // One that has this end, and so loses all that it has.
    void stop_one(std::size_t end) {
        const auto found = tenure_of(end);
        if (found == tenures_.end()) {
            return;
        }
        const auto gone = found->actor;
        const auto its = std::stable_partition(tenures_.begin(), tenures_.end(),
                                               [&](const tenure& each) { return each.actor != gone; });
        std::for_each(its, tenures_.end(), [&](const tenure& each) { holds_no_longer_surely(each); });
        below(2) == 0 ? gone.stop() : gone.stop_when_drained();
        std::for_each(its, tenures_.end(), [&](const tenure& each) {
            wait_until([&] {
                const auto left = registry_.template providers<witness>(all_.text(each.end));
                return all_.is_service(each.end) ? std::find(left.begin(), left.end(), gone) == left.end()
                                                 : !registry_.find(all_.text(each.end));
            });
            is_over(each);
        });
        tenures_.erase(its, tenures_.end());
    }

    void end_redirection(std::size_t alias, std::uint64_t before) {
        auto& times = all_.aliases[alias - ends];
        if (!times.empty() && times.back().possible.end == never) {
            times.back().sure.end = before;
            times.back().possible.end = all_.tick();
        }
    }

    void redirect(std::size_t alias) {
        const std::size_t goal = first_ + below(ends_per_owner);
        const std::uint64_t before = all_.tick();
        registry_.redirect(all_.text(alias), all_.text(goal));
        end_redirection(alias, before);
        all_.aliases[alias - ends].push_back({{{before, never}, {all_.tick(), never}}, goal});
    }

    void unredirect(std::size_t alias) {
        const std::uint64_t before = all_.tick();
        if (registry_.unredirect(all_.text(alias))) {
            end_redirection(alias, before);
        }
    }

    void tee(std::size_t way) {
        const std::size_t which = below(listeners);
        std::vector<fact>& times = all_.tees[way][which];
        const std::uint64_t before = all_.tick();
        if (times.empty() || times.back().possible.end != never) {
            registry_.template tee<tagged>(all_.text(way), heard_[which]);
            times.push_back({{before, never}, {all_.tick(), never}});
        } else {
            times.back().sure.end = before;
            registry_.untee(all_.text(way), heard_[which]);
            times.back().possible.end = all_.tick();
        }
    }

    oracle& all_;
    world& w_;
    drover::registry& registry_;
    const std::size_t first_;
    const std::array<drover::ref<listener>, listeners>& heard_;
    std::mt19937_64 random_;
    std::vector<tenure> tenures_;
};

template <class Cache>
void send(oracle& all, world& w, std::size_t sender, std::uint64_t seed) {
    drover::router<Cache> by(w.rt.registry());
    std::mt19937_64 random(seed);
    std::vector<sent_message>& mine = all.sent[sender];
    mine.reserve(all.per_sender);
    std::size_t pause_at = 0;
    while (mine.size() != all.per_sender) {
        // Else all is sent before the names have changed a few times.
        if (mine.size() >= pause_at) {
            pause_at = mine.size() + messages_per_change;
            wait_until([&, now = all.changes.load()] { return all.changes.load() != now; });
        }
        const std::size_t left = all.per_sender - mine.size();
        const std::size_t kind = random() % 16;
        if (kind == 0) {
            const std::size_t first = mine.size();
            std::vector<tagged> messages;
            std::vector<std::size_t> to;
            for (std::size_t count = std::min<std::size_t>(left, 1 + random() % 16); count != 0; --count) {
                messages.push_back({sender * all.per_sender + first + to.size()});
                to.push_back(random() % ways);
            }
            const auto name_of = [&](const tagged& message) {
                return all.text(to[message.number - sender * all.per_sender - first]);
            };
            const std::uint64_t before = all.tick();
            const auto result = random() % 2 == 0 ? by.template tell_batch<witness>(messages, name_of)
                                                  : by.template tell_batch<witness>(std::move(messages), name_of);
            const interval when{before, all.tick()};
            for (const std::size_t way : to) {
                mine.push_back({when, way, way_sent::batch, {}});
            }
            all.batches[sender].push_back({first, to.size(), result});
        } else {
            const std::size_t way = random() % ways;
            tagged message{sender * all.per_sender + mine.size()};
            const std::string text = all.text(way);
            const std::uint64_t before = all.tick();
            const delivery result =
                kind <= 2 ? by.template try_tell<witness>(text, message) : by.template tell<witness>(text, message);
            mine.push_back({{before, all.tick()}, way, kind <= 2 ? way_sent::try_tell : way_sent::tell, result});
        }
    }
    all.senders_left.fetch_sub(1);
}

// What must not have happened, and how often what should happen did.
class judgement {
public:
    explicit judgement(const oracle& all) : all_(all) {
        for (std::size_t sender = 0; sender != senders; ++sender) {
            for (std::size_t each = 0; each != all.per_sender; ++each) {
                judge(all.sent[sender][each], sender * all.per_sender + each);
            }
            for (const sent_batch& each : all.batches[sender]) {
                judge(each, sender);
            }
        }
    }

    std::uint64_t wrong_actor = 0;
    std::uint64_t wrongly_unknown = 0;
    std::uint64_t handled_unsent = 0;
    std::uint64_t wrong_sums = 0;  // of batches
    std::uint64_t wrongly_copied = 0;
    std::uint64_t not_copied = 0;

    std::uint64_t handled = 0;
    std::uint64_t handled_by_service = 0;
    std::uint64_t handled_of_batches = 0;
    std::uint64_t copies = 0;
    std::uint64_t unknown = 0;   // of tells and batches: dead letters
    std::uint64_t returned = 0;  // to try_tell

private:
    bool may_be_held(std::size_t end, drover::actor_id actor, const interval& when) const {
        return any(all_.holdings[end],
                   [&](const holding& each) { return each.actor == actor && each.possible.meets(when); });
    }

    bool may_have_it(const sent_message& message, drover::actor_id actor) const {
        return message.way < ends
                   ? may_be_held(message.way, actor, message.when)
                   : any(
                         all_.aliases[message.way - ends],
                         [&](const alias_time& each) {
                             return each.possible.meets(message.when) && may_be_held(each.goal, actor, message.when);
                         });
    }

    bool was_held_throughout(std::size_t end, const interval& when) const {
        return any(all_.held_times[end], [&](const interval& each) { return each.covers(when); });
    }

    bool was_known_throughout(const sent_message& message) const {
        return message.way < ends
                   ? was_held_throughout(message.way, message.when)
                   : any(
                         all_.aliases[message.way - ends],
                         [&](const alias_time& each) {
                             return each.sure.covers(message.when) && was_held_throughout(each.goal, message.when);
                         });
    }

    void judge(const sent_message& message, std::size_t number) {
        const std::uint64_t actor = all_.fates[number].load();
        const bool alone = message.how != way_sent::batch;
        if (actor != 0) {
            handled += 1;
            handled_by_service += message.way < ends && oracle::is_service(message.way) ? 1 : 0;
            handled_of_batches += alone ? 0 : 1;
            wrong_actor += may_have_it(message, drover::actor_id{actor}) ? 0 : 1;
            handled_unsent += alone && !is_accepted(message.result) ? 1 : 0;
        }
        const bool nobody = alone && message.result == delivery::no_target;
        wrongly_unknown += nobody && was_known_throughout(message) ? 1 : 0;
        unknown += nobody && message.how == way_sent::tell ? 1 : 0;
        returned += message.how == way_sent::try_tell && !is_accepted(message.result) ? 1 : 0;

        // Of a batch only those that were handled are known to have had an actor.
        const bool must_be_copied = message.how == way_sent::tell ? !nobody : !alone && actor != 0;
        for (std::size_t which = 0; which != listeners; ++which) {
            const auto& times = all_.tees[message.way][which];
            const std::uint8_t count = all_.copies[number * listeners + which].load();
            copies += count;
            const bool may_be = !nobody && message.how != way_sent::try_tell &&
                                any(times, [&](const fact& each) { return each.possible.meets(message.when); });
            wrongly_copied += count > (may_be ? 1 : 0) ? 1 : 0;
            not_copied += count == 0 && must_be_copied &&
                                  any(times, [&](const fact& each) { return each.sure.covers(message.when); })
                              ? 1
                              : 0;
        }
    }

    void judge(const sent_batch& batch, std::size_t sender) {
        std::size_t arrived = 0;
        std::size_t known = 0;
        for (std::size_t each = batch.first; each != batch.first + batch.count; ++each) {
            arrived += all_.fates[sender * all_.per_sender + each].load() != 0 ? 1 : 0;
            known += was_known_throughout(all_.sent[sender][each]) ? 1 : 0;
        }
        unknown += batch.result.no_target;
        wrong_sums += batch.result.sent() != batch.count || arrived > batch.result.accepted ||
                              batch.result.no_target > batch.count - known
                          ? 1
                          : 0;
    }

    const oracle& all_;
};

}  // namespace

// Red if a router does not look at `current`, if the table clears `current` before it publishes the successor, if
// aliases are not composed anew when their goal changes, if a service's rotation can miss a provider that lives, if a
// copy is made for a try_tell or for a redirected name, if it is left out for a batch or a cached route, or if a batch
// turns its messages round.
TEST_CASE("what is sent by a name is handled by an actor that held it during the send, or is a dead letter") {
    const std::uint64_t first_seed = std::random_device{}();
    for (std::uint64_t seed = first_seed; seed != first_seed + 4; ++seed) {
        CAPTURE(seed);
        const auto all = std::make_unique<oracle>(scaled(20'000));
        world w(2, [&](drover::runtime_options& options) {
            options.on_dead_letter = [&](const drover::dead_letter& each) {
                all->sunk[static_cast<std::size_t>(each.reason)].fetch_add(1);
            };
        });
        std::array<drover::ref<listener>, listeners> heard;
        for (std::size_t each = 0; each != listeners; ++each) {
            heard[each] = w.rt.spawn<listener>(listener{all.get(), each});
        }
        std::vector<std::thread> threads;
        for (std::size_t each = 0; each != owners; ++each) {
            threads.emplace_back([&, each] { owner(*all, w, each, heard, seed * 100 + each).run(); });
        }
        threads.emplace_back([&] { send<drover::no_cache>(*all, w, 0, seed * 100 + 10); });
        threads.emplace_back([&] { send<drover::direct_mapped_cache<8>>(*all, w, 1, seed * 100 + 11); });
        threads.emplace_back([&] { send<drover::set_associative_cache<16, 8>>(*all, w, 2, seed * 100 + 12); });
        for (std::thread& each : threads) {
            each.join();
        }
        REQUIRE(w.finish());

        const judgement found(*all);
        CHECK(all->twice == 0);
        CHECK(all->out_of_order == 0);
        CHECK(found.wrong_actor == 0);
        CHECK(found.wrongly_unknown == 0);
        CHECK(found.handled_unsent == 0);
        CHECK(found.wrong_sums == 0);
        CHECK(found.wrongly_copied == 0);
        CHECK(found.not_copied == 0);
        CHECK(found.handled_by_service > 0);
        CHECK(found.handled_of_batches > 0);
        CHECK(found.copies > 0);
        CHECK(found.unknown > 0);
        const drover::accounting sums = w.rt.statistics();
        CHECK(sums.offered == senders * all->per_sender + found.copies);
        CHECK(sums.handled == found.handled + found.copies);
        CHECK(sums.returned == found.returned);
        CHECK(sums.pending == 0);
        CHECK(sums.handled + sums.dead() + sums.returned == sums.offered);
        CHECK(sums.dead(dead_letter_reason::no_target) == found.unknown);
        CHECK(sums.dead() == found.unknown + sums.dead(dead_letter_reason::stopped));
        CHECK(all->sunk[static_cast<std::size_t>(dead_letter_reason::no_target)] == found.unknown);
        CHECK(all->sunk[static_cast<std::size_t>(dead_letter_reason::stopped)] ==
              sums.dead(dead_letter_reason::stopped));
    }
}
