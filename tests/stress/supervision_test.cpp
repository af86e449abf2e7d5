// Failures at random against sends, asks, stops and delays: every message has one end, and every actor one state.
#include <drover/drover.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using drover::context;
using drover::directive;
using drover::supervised;
using drover_test::scaled;
using drover_test::wait_until;
using drover_test::world;

namespace {

using namespace std::chrono_literals;

// Longer than any turning of a clock beside it: a test that waits in vain is ended by ctest.
constexpr drover::clock_duration patience = 100'000h;
std::atomic<int> alive{0};
std::atomic<std::uint64_t> dice{0};

// One chance in so many, in an order that differs from run to run.
bool happens(std::uint64_t one_in) {
    drover::random_source source(dice.fetch_add(1));
    return source.next() % one_in == 0;
}

struct worker {
    worker() {
        if (happens(20)) {
            throw std::runtime_error("constructor");
        }
        alive += 1;
    }
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker() { alive -= 1; }
    void started(context& me) {
        if (happens(20)) {
            throw std::runtime_error("started");
        }
        me.self<worker>().tell(0);
    }
    int operator()(int n) {
        if (happens(10)) {
            throw std::runtime_error("handler");
        }
        return n;
    }
};

struct team {
    std::vector<drover::ref<worker>> members{};
    void started(context& me) {
        for (int each = 0; each != 4; ++each) {
            try {
                members.push_back(me.spawn<worker>(
                    supervised{.plan = {.limit = {.count = 3, .within = 10ms},
                                        .beyond = directive::escalate,
                                        .backoff = {.first = each % 2 == 0 ? 0ms : 1ms, .most = 5ms}}}));
            } catch (const std::runtime_error&) {  // its constructor
            }
        }
    }
    int operator()(int n, context& me) {
        for (const auto& each : members) {
            each.tell(n);
            each.ask(n).then(me, [this](auto) { answers += 1; });
        }
        if (happens(50)) {
            throw std::runtime_error("team");
        }
        return answers;
    }
    int answers = 0;
};

}  // namespace

TEST_CASE("random failures in a tree: accounts are exact and states are neither lost nor doubled") {
    const std::size_t before = drover_test::blocks_in_use();
    {
        world w(2);
        std::vector<drover::ref<team>> teams;
        for (int each = 0; each != 6; ++each) {
            teams.push_back(w.rt.spawn<team>(
                supervised{.plan = {.limit = {.count = 1000, .within = 1ms}, .backoff = {.first = 1ms, .most = 2ms}}}));
        }
        std::atomic<bool> over{false};
        std::thread time([&] {
            while (!over) {
                w.clock.advance(100us);
                std::this_thread::yield();
            }
        });
        std::vector<std::thread> senders;
        for (std::size_t one = 0; one != 2; ++one) {
            senders.emplace_back([&, one] {
                const std::size_t rounds = scaled(1500);
                for (std::size_t round = 0; round != rounds; ++round) {
                    const auto& to = teams[(round + one) % teams.size()];
                    if (round % 7 == 0) {
                        static_cast<void>(to.ask(1).result());
                    } else {
                        to.tell(1);
                    }
                    if (round % 400 == 399) {
                        teams[one].stop();
                    }
                }
            });
        }
        for (std::thread& each : senders) {
            each.join();
        }
        CHECK(w.rt.drain(patience).complete);
        over = true;
        time.join();
        const auto sums = w.rt.statistics();
        CHECK(sums.pending == 0);
        CHECK(sums.offered == sums.handled + sums.dead() + sums.returned);
        CHECK(sums.dead(drover::dead_letter_reason::failed) > 0);
        CHECK(w.rt.stop().complete);
    }
    CHECK(alive == 0);
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("a stop meets an actor at any step of its restart") {
    world w(2);
    std::atomic<bool> over{false};
    std::thread time([&] {
        while (!over) {
            w.clock.advance(1ms);
            std::this_thread::yield();
        }
    });
    const std::size_t rounds = scaled(600);
    for (std::size_t round = 0; round != rounds; ++round) {
        const auto a = w.rt.spawn(
            supervised{.plan = {.backoff = {.first = std::chrono::milliseconds(round % 3), .most = 3ms}}}, [](int n) {
                if (n < 0) {
                    throw std::runtime_error("negative");
                }
                return n;
            });
        a.tell(1);
        a.tell(-1);
        a.tell(2);
        if (round % 2 == 0) {
            a.stop();
            wait_until([&] { return a.stopped(); });
        } else {
            CHECK(a.ask(3).get() == 3);
        }
    }
    CHECK(w.rt.drain(patience).complete);
    over = true;
    time.join();
    const auto sums = w.rt.statistics();
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned);
}

namespace {

struct crew {
    std::vector<drover::ref<worker>> members{};
    void started(context& me) {
        for (int each = 0; each != 5; ++each) {
            members.push_back(me.spawn<worker>(supervised{
                .plan = {.limit = {.count = 50, .within = 1ms},
                         .beyond = directive::escalate,
                         .backoff = {.first = each % 2 == 0 ? 0us : 100us, .most = 300us},
                         .kind = each == 4 ? drover::child_kind::temporary : drover::child_kind::transient}}));
        }
    }
    void operator()(int n) {
        for (std::size_t each = 0; each != members.size(); ++each) {
            members[(each + static_cast<std::size_t>(n)) % members.size()].tell(n);
        }
        if (n % 97 == 96) {
            throw std::runtime_error("crew");
        }
        if (n % 41 == 40) {
            members[static_cast<std::size_t>(n) % members.size()].stop();
        }
    }
};

}  // namespace

TEST_CASE("random failures in groups: rounds meet each other, stops, delays and the restarts of the parent") {
    const std::size_t before = drover_test::blocks_in_use();
    {
        world w(2);
        std::vector<drover::ref<crew>> crews;
        for (int each = 0; each != 4; ++each) {
            for (;;) {
                try {
                    crews.push_back(w.rt.spawn<crew>(
                        supervised{.plan = {.limit = {.count = 1000, .within = 1ms},
                                            .children = each % 2 == 0 ? drover::strategy::one_for_all
                                                                      : drover::strategy::rest_for_one}}));
                    break;
                } catch (const std::runtime_error&) {}
            }
        }
        std::atomic<bool> over{false};
        std::thread time([&] {
            while (!over) {
                w.clock.advance(20us);
                std::this_thread::yield();
            }
        });
        const int rounds = static_cast<int>(scaled(600));
        for (int round = 0; round != rounds; ++round) {
            crews[static_cast<std::size_t>(round) % 4].tell(round);
        }
        CHECK(w.rt.drain(patience).complete);
        over = true;
        time.join();
        const auto sums = w.rt.statistics();
        CHECK(sums.pending == 0);
        CHECK(sums.offered == sums.handled + sums.dead() + sums.returned);
        CHECK(w.rt.stop().complete);
    }
    CHECK(alive == 0);
    CHECK(drover_test::blocks_in_use() == before);
}

namespace {

// Its handler may take longer than its parent waits.
struct dawdler {
    explicit dawdler(std::uint64_t n) : lazy(n) { alive += 1; }
    dawdler(const dawdler&) = delete;
    dawdler& operator=(const dawdler&) = delete;
    ~dawdler() { alive -= 1; }
    void operator()(int) {
        for (std::uint64_t each = 0; each != lazy; ++each) {
            std::this_thread::yield();
        }
        if (happens(10)) {
            throw std::runtime_error("dawdler");
        }
    }
    std::uint64_t lazy;
};

struct impatient {
    std::vector<drover::ref<dawdler>> members{};
    void started(context& me) {
        for (std::uint64_t each = 0; each != 4; ++each) {
            members.push_back(me.spawn<dawdler>(
                supervised{.plan = {.limit = {.count = 1000, .within = 1us}, .beyond = directive::escalate},
                           .options = {.stop_within = std::chrono::microseconds(10 * (each + 1))}},
                each * each * 50));
        }
    }
    void operator()(int n) {
        for (const auto& each : members) {
            each.tell(n);
        }
        if (n % 5 == 4) {
            throw std::runtime_error("impatient");
        }
    }
};

}  // namespace

TEST_CASE("children that are late by chance: parents restart, halt groups and stop without them, and all end") {
    const std::size_t before = drover_test::blocks_in_use();
    std::atomic<std::uint64_t> late{0};
    {
        world w(3, [&](drover::runtime_options& options) {
            options.on_straggler = [&](const drover::straggler&) { late += 1; };
            options.stop_deadline = patience;
        });
        std::atomic<bool> over{false};
        std::thread time([&] {
            while (!over) {
                w.clock.advance(20us);
                std::this_thread::yield();
            }
        });
        std::vector<drover::ref<impatient>> all;
        for (int each = 0; each != 4; ++each) {
            all.push_back(
                w.rt.spawn<impatient>(supervised{.plan = {.limit = {.count = 1000, .within = 1us},
                                                          .children = static_cast<drover::strategy>(each % 3)}}));
        }
        const int rounds = static_cast<int>(scaled(400));
        for (int round = 0; round < rounds || late == 0; ++round) {
            if (round >= rounds) {
                std::this_thread::yield();
            }
            all[static_cast<std::size_t>(round) % all.size()].tell(round);
            if (round % 50 == 49) {
                auto& one = all[static_cast<std::size_t>(round / 50) % all.size()];
                one.stop();
                one = w.rt.spawn<impatient>(supervised{
                    .plan = {.limit = {.count = 1000, .within = 1us}, .children = drover::strategy::one_for_all}});
            }
        }
        CHECK(w.rt.drain(patience).complete);
        const auto sums = w.rt.statistics();
        CHECK(sums.pending == 0);
        CHECK(sums.offered == sums.handled + sums.dead() + sums.returned);
        CHECK(w.rt.stop().complete);
        over = true;
        time.join();
    }
    CHECK(late > 0);
    CHECK(alive == 0);
    CHECK(drover_test::blocks_in_use() == before);
}
