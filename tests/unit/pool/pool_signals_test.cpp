// Pools whose policies look at who is idle, at latencies, and at keys that stay, in virtual time.
#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using drover::delivery;
using drover::simulated_runtime;

namespace {

struct job {
    std::uint64_t key = 0;
};
std::uint64_t routing_key(job j) {
    return j.key;
}
struct slow_job {};

struct heavy {  // cannot be moved twice
    heavy() = default;
    heavy(heavy&&) { throw std::runtime_error("does not move"); }
};

struct notes {
    std::vector<int> handled = std::vector<int>(32);
    std::vector<drover::clock_duration> takes = std::vector<drover::clock_duration>(32);
    std::size_t made = 0;
};

struct member {
    explicit member(std::shared_ptr<notes> book) : all(std::move(book)), mine(all->made++) {}
    int operator()(job) {
        all->handled[mine] += 1;
        return static_cast<int>(mine);
    }
    drover::task<int> operator()(slow_job) {
        all->handled[mine] += 1;
        co_await drover::sleep_for(all->takes[mine]);
        co_return static_cast<int>(mine);
    }
    void operator()(const heavy&) {}

    std::shared_ptr<notes> all;
    std::size_t mine;
};

struct late_member : member {
    using member::member;
    void started(drover::context&) { all->handled[31] += 1; }
};

template <class Policy, class Worker = member>
struct scene {
    explicit scene(drover::pool_options<Policy> options)
        : pool(drover::spawn_pool<Worker, Policy>(rt, std::move(options), all)) {}

    std::vector<int> handled(std::size_t members) const {
        return {all->handled.begin(), all->handled.begin() + static_cast<std::ptrdiff_t>(members)};
    }

    std::shared_ptr<notes> all = std::make_shared<notes>();
    simulated_runtime rt{11};
    drover::pool<Worker, Policy> pool;
};

using idle = drover::join_idle_queue<drover::random_pick>;

}  // namespace

TEST_CASE("pool of idle members: each that has nothing to do gets one message") {
    scene<idle> s({.members = 8});
    for (int round = 1; round != 20; ++round) {
        for (int each = 0; each != 8; ++each) {
            CHECK(s.pool.tell(job{}) == delivery::accepted);
        }
        s.rt.run_until_idle();
        CHECK(s.handled(8) == std::vector<int>(8, round));
    }
}

TEST_CASE("pool of idle members: those that start first say so themselves") {
    scene<idle, late_member> s({.members = 4});
    s.rt.run_until_idle();
    CHECK(s.all->handled[31] == 4);
    for (int each = 0; each != 4; ++each) {
        s.pool.tell(job{});
    }
    s.rt.run_until_idle();
    CHECK(s.handled(4) == std::vector<int>(4, 1));
}

TEST_CASE("pool of idle members: who is told past the pool is not idle for it") {
    scene<idle> s({.members = 3});
    s.all->takes[0] = 1s;
    const auto members = s.pool.members();
    for (const auto& each : members) {
        if (auto asked = each.actor.ask(slow_job{}); true) {
            s.rt.run_until_idle();
        }
        if (s.all->handled[0] == 1) {
            break;
        }
        s.rt.advance(1ms);
    }
    const int first = s.all->handled[0];
    for (int each = 0; each != 10; ++each) {
        s.pool.tell(job{});
        s.rt.run_until_idle();
    }
    CHECK(s.all->handled[0] == first);
    s.rt.advance(2s);
    for (int each = 0; each != 3; ++each) {
        s.pool.tell(job{});
    }
    s.rt.run_until_idle();
    CHECK(s.all->handled[0] == first + 1);
}

TEST_CASE("pool of idle members: a message that does not come in leaves its member idle") {
    scene<idle> s({.members = 4});
    for (int each = 0; each != 12; ++each) {
        CHECK_THROWS_WITH(s.pool.tell(heavy()), "does not move");
    }
    heavy one;
    CHECK_THROWS_WITH(s.pool.try_tell(one), "does not move");
    for (int each = 0; each != 4; ++each) {
        s.pool.tell(job{});
    }
    s.rt.run_until_idle();
    CHECK(s.handled(4) == std::vector<int>(4, 1));
    for (const auto& each : s.pool.members()) {
        CHECK(each.load == 0);
    }
}

TEST_CASE("pool of idle members: batches, and members that come and go") {
    scene<idle> s({.members = 4});
    CHECK(s.pool.tell_batch(std::vector<job>(4)).accepted == 4);
    s.rt.run_until_idle();
    CHECK(s.handled(4) == std::vector<int>(4, 1));
    for (int each = 0; each != 200; ++each) {  // slots are used again
        auto fresh = s.pool.add();
        s.rt.run_until_idle();
        const auto one = fresh.get();
        CHECK(s.pool.tell_batch(std::vector<job>(5)).accepted == 5);
        auto gone = s.pool.remove(one);
        s.rt.run_until_idle();
        CHECK(gone.get());
        s.all->made -= 1;
    }
    CHECK(s.pool.size() == 4);
    s.rt.run_until_idle();
    for (const auto& each : s.pool.members()) {
        CHECK(each.load == 0);
    }
}

TEST_CASE("pool of idle members: no more than it has slots for") {
    scene<idle> s({.members = 3, .policy = {.most_slots = 3}});
    auto more = s.pool.add();
    s.rt.run_until_idle();
    CHECK_FALSE(more.result());
    CHECK(s.pool.size() == 3);
    // One that is free again is given away, though tables that are not freed yet hold it.
    for (int each = 0; each != 50; ++each) {
        auto gone = s.pool.remove(s.pool.members()[0].actor);
        s.rt.run_until_idle();
        CHECK(gone.get());
        auto fresh = s.pool.add();
        s.rt.run_until_idle();
        CHECK(fresh.result());
        s.all->made = 3;
    }
}

TEST_CASE("pool by latency: a slow member gets little, and a failed message counts as slow") {
    scene<drover::peak_ewma> s({.members = 4});
    for (auto& each : s.all->takes) {
        each = 1ms;
    }
    s.all->takes[2] = 100ms;
    std::vector<drover::answer<int>> answers;
    for (int each = 0; each != 400; ++each) {
        answers.push_back(s.pool.ask(slow_job{}));
        s.rt.advance(1ms);
    }
    s.rt.advance(1s);
    const std::vector<int> got = s.handled(4);
    CHECK(got[2] < 40);
    CHECK(got[0] + got[1] + got[3] > 360);
    CHECK(std::min({got[0], got[1], got[3]}) > 60);
}

TEST_CASE("pool of idle members, else by latency, else by key that stays: they nest") {
    scene<drover::sticky<drover::join_idle_queue<drover::peak_ewma>>> s({.members = 6});
    std::vector<int> owner;
    for (std::uint64_t key = 0; key != 60; ++key) {
        auto asked = s.pool.ask(job{key});
        s.rt.run_until_idle();
        owner.push_back(asked.get());
    }
    for (int round = 0; round != 5; ++round) {
        s.rt.advance(2s);
        for (std::uint64_t key = 0; key != 60; ++key) {
            auto asked = s.pool.ask(job{key});
            s.rt.run_until_idle();
            CHECK(asked.get() == owner[key]);
        }
    }
}

TEST_CASE("pool of keys that stay: a member that drains keeps its keys until it has nothing to do") {
    scene<drover::sticky<drover::round_robin>> s({.members = 3});
    std::vector<int> owner;
    for (std::uint64_t key = 0; key != 30; ++key) {
        auto asked = s.pool.ask(job{key});
        s.rt.run_until_idle();
        owner.push_back(asked.get());
    }
    // The member of key 0 is busy for a while.
    s.all->takes[static_cast<std::size_t>(owner[0])] = 5s;
    const auto found = s.pool.members();
    for (const auto& each : found) {
        auto asked = each.actor.ask(job{});
        s.rt.run_until_idle();
        if (asked.get() == owner[0]) {
            static_cast<void>(each.actor.ask(slow_job{}));
            s.rt.run_until_idle();
            auto drained = s.pool.drain(each.actor);
            s.rt.run_until_idle();
            CHECK(drained.get());
        }
    }
    CHECK(s.pool.size() == 3);
    auto kept = s.pool.ask(job{0});
    s.rt.advance(3s);
    CHECK(s.pool.size() == 3);
    s.rt.advance(10s);
    CHECK(kept.get() == owner[0]);
    CHECK(s.pool.size() == 2);
    for (std::uint64_t key = 0; key != 30; ++key) {
        auto asked = s.pool.ask(job{key});
        s.rt.run_until_idle();
        const int now = asked.get();
        CHECK(now != owner[0]);
        if (owner[key] != owner[0]) {
            CHECK(now == owner[key]);
        }
    }
}

TEST_CASE("slot book: the least that nobody holds") {
    drover::slot_book book;
    CHECK(book.take() == 0);
    CHECK(book.take() == 1);
    CHECK(book.take() == 2);
    book.hold(1);
    book.drop(1);
    CHECK(book.take() == 3);
    book.drop(1);
    book.drop(3);
    CHECK(book.take() == 1);
    CHECK(book.take() == 3);
    CHECK(book.take() == 4);
}
