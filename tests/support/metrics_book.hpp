#pragma once

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"

// What a random program sees of itself, to be compared with what metrics count of it.
namespace drover_test {

struct observed : drover::features {
    using metrics = drover::latency_metrics<1>;
};
using app = drover::with<observed>;
using app_context = app::context;
using reason = drover::dead_letter_reason;

// What the test has seen of one type.
struct seen {
    std::uint64_t enqueued = 0;
    std::uint64_t perhaps = 0;  // what was sent to one that had stopped, and may have been put there
    std::uint64_t begun = 0;
    std::uint64_t handled = 0;
    std::uint64_t rejected = 0;
    std::uint64_t dropped = 0;
    std::uint64_t spawned = 0;
    std::uint64_t built = 0;
    std::uint64_t failures = 0;
    std::uint64_t batches = 0;
    std::uint64_t batched = 0;
    std::uint64_t asked = 0;
    std::uint64_t answered = 0;
    std::uint64_t timed_out = 0;
    std::uint64_t fired = 0;
    std::uint64_t calls = 0;  // of handlers, that returned at their first attempt and were no coroutines
    drover::histogram waited{};
};

struct book {
    explicit book(std::uint64_t seed) : random(~seed) {}

    std::uint32_t below(std::uint32_t bound) { return random.below(bound); }
    drover::time_point now() const { return clock(); }

    drover::random_source random;
    std::function<drover::time_point()> clock{};
    std::map<std::string_view, seen> types{};
    std::map<drover::actor_id, std::string_view> type_of{};
    std::array<std::uint64_t, drover::dead_letter_reasons> dead{};
    std::map<std::uint32_t, std::uint32_t> attempts{};
    std::vector<std::function<void()>> sends{};      // of actors to others
    std::map<drover::actor_id, std::size_t> kept{};  // how many are in stashes
    std::uint32_t next_number = 0;
    bool arms = false;

    template <class A>
    seen& of() {
        return types[drover::type_name<A>()];
    }
    seen* of(drover::actor_id id) {
        const auto found = type_of.find(id);
        return found == type_of.end() ? nullptr : &types[found->second];
    }
};

enum class act : std::uint8_t { nothing, fail, send, stop, keep, replay, clear, change };

struct note {
    drover::time_point pushed{};
    std::uint32_t number = 0;
    act what = act::nothing;
    std::size_t level = 0;
    std::uint32_t failures = 0;
};
struct late_note {  // by a timer
    drover::time_point due{};
};
struct news {
    drover::time_point pushed{};
};
enum class how : std::uint8_t { now, later, never, fails };
struct question {
    drover::time_point pushed{};
    how answer = how::now;
};
struct settle {
    drover::time_point pushed{};
};

// Counts states; a handler counts itself by begin() and end().
template <class A>
struct recorded {
    explicit recorded(book* b) : all(b) { all->of<A>().built += 1; }

    void begin(drover::time_point pushed) const {
        all->of<A>().begun += 1;
        all->of<A>().waited.record(all->now() - pushed);
    }
    void end(bool timed = true) const {
        all->of<A>().handled += 1;
        all->of<A>().calls += timed ? 1U : 0U;
    }
    void send_some() const {
        if (!all->sends.empty()) {
            for (std::uint32_t left = all->below(4); left != 0; --left) {
                all->sends[all->below(static_cast<std::uint32_t>(all->sends.size()))]();
            }
        }
    }
    void meet(const note& n, app_context& me) const {
        begin(n.pushed);
        if (n.what == act::fail) {
            throw std::runtime_error("as told");
        }
        if (n.what == act::send) {
            send_some();
        }
        if (n.what == act::stop) {
            me.stop();
        }
        end();
    }
    void meet_late(const late_note& n) const {
        begin(n.due);
        all->of<A>().fired += 1;
        all->of<A>().enqueued += 1;
        end();
    }
    book* all;
};

struct mismatch : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline void same(std::string_view type, std::string_view what, std::uint64_t is, std::uint64_t should) {
    if (is != should) {
        throw mismatch(std::string(type) + " " + std::string(what) + ": " + std::to_string(is) + " counted, " +
                       std::to_string(should) + " seen");
    }
}

inline drover::simulated_options options_of(book& all) {
    drover::simulated_options chosen;
    chosen.quantum = all.below(2) == 0 ? 1 : 7;
    chosen.outbox = all.below(2) == 0 ? 0 : 8;
    chosen.on_dead_letter = [&all](const drover::dead_letter& letter) {
        all.dead[static_cast<std::size_t>(letter.reason)] += 1;
        seen* const its = all.of(letter.id);
        if (its == nullptr) {
            return;
        }
        const bool late = letter.message == drover::type_name<late_note>() && !all.arms;
        its->fired += late ? 1U : 0U;
        its->dropped += letter.reason == reason::dropped ? 1U : 0U;
        if (letter.reason == reason::unhandled) {
            its->begun += 1;
        }
        if (late) {
            (letter.reason == reason::rejected ? its->rejected : its->enqueued) += 1;
        }
    };
    chosen.on_failure = [&all](const drover::failure& what) {
        if (seen* const its = all.of(what.id); its != nullptr) {
            its->failures += 1;
        }
    };
    return chosen;
}

template <class Program>
void run_seeds(std::uint64_t first, std::size_t rounds) {
    const char* const only = std::getenv("DROVER_SEED");
    const std::uint64_t begin = only != nullptr ? std::strtoull(only, nullptr, 10) : first;
    const std::uint64_t end = only != nullptr ? begin + 1 : first + drover_test::scaled(rounds);
    for (std::uint64_t seed = begin; seed != end; ++seed) {
        std::string what;
        try {
            Program(seed).run();
        } catch (const std::exception& e) {
            what = e.what();
        }
        INFO("seed " << seed << ": " << what);
        REQUIRE(what.empty());
    }
}

}  // namespace drover_test
