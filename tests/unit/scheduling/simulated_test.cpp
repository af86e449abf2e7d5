#include <drover/scheduling/simulated.hpp>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/death.hpp"
#include "support/test_core.hpp"

using namespace std::chrono_literals;
using drover::run_result;
using drover::runnable;
using drover::simulated;
using drover_test::test_core;

namespace {

// Has so many runs to do, and writes down each.
struct item : runnable {
    item(std::string& to, char own_name, int own_runs) : runnable(&run_it), log(to), name(own_name), runs(own_runs) {}

    static run_result run_it(runnable* self, drover::lane& mine) {
        item& me = static_cast<item&>(*self);
        me.log += me.name;
        me.worker_inside = drover::this_thread().worker && drover::this_thread().current == &mine;
        if (me.wakes != nullptr) {
            static_cast<drover::worker&>(mine).group.schedule(static_cast<drover::worker&>(mine),
                                                              std::exchange(me.wakes, nullptr));
        }
        return --me.runs == 0 ? run_result::done : run_result::again;
    }

    std::string& log;
    char name;
    int runs;
    bool worker_inside = false;
    item* wakes = nullptr;
};

struct scene {
    explicit scene(std::uint64_t seed, simulated::settings more = {})
        : all(core, 1, [](runnable*) noexcept { released += 1; }, with(more, seed)) {}

    static inline int released = 0;
    drover::manual_clock clock;
    test_core core{clock};
    simulated all;
    std::string log;

private:
    simulated::settings with(simulated::settings chosen, std::uint64_t seed) {
        chosen.seed = seed;
        chosen.clock = &clock;
        return chosen;
    }
};

std::string order_of(std::uint64_t seed, std::uint64_t* fingerprint = nullptr) {
    scene s(seed);
    item a(s.log, 'a', 3);
    item b(s.log, 'b', 3);
    item c(s.log, 'c', 3);
    for (item* each : {&a, &b, &c}) {
        s.all.submit(each);
    }
    while (s.all.step()) {}
    if (fingerprint != nullptr) {
        *fingerprint = s.all.fingerprint();
    }
    return s.log;
}

}  // namespace

TEST_CASE("a step runs one of those that are ready, in the calling thread, as the worker") {
    scene s(1);
    item one(s.log, 'a', 2);
    CHECK_FALSE(s.all.step());
    s.all.submit(&one);
    CHECK_FALSE(s.all.quiescent([] { return true; }));
    CHECK(s.log.empty());
    CHECK(s.all.step());
    CHECK(s.log == "a");
    CHECK(one.worker_inside);
    CHECK_FALSE(drover::this_thread().worker);
    CHECK(s.all.step());
    CHECK(s.log == "aa");
    CHECK_FALSE(s.all.step());
    CHECK(s.all.quiescent([] { return true; }));
    CHECK_FALSE(s.all.quiescent([] { return false; }));
}

TEST_CASE("the seed decides the order, and every order comes up") {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    CHECK(order_of(5, &first) == order_of(5, &second));
    CHECK(first == second);
    std::vector<std::string> orders;
    for (std::uint64_t seed = 0; seed != 30'000; ++seed) {
        orders.push_back(order_of(seed));
    }
    std::sort(orders.begin(), orders.end());
    orders.erase(std::unique(orders.begin(), orders.end()), orders.end());
    CHECK(orders.size() == 1680);  // 9! / (3! 3! 3!)
}

TEST_CASE("whoever becomes ready in a run is one of the choices of the next") {
    bool woken_first = false;
    bool woken_last = false;
    for (std::uint64_t seed = 0; seed != 50; ++seed) {
        scene s(seed);
        item a(s.log, 'a', 2);
        item b(s.log, 'b', 1);
        a.wakes = &b;
        s.all.submit(&a);
        while (s.all.step()) {}
        woken_first = woken_first || s.log == "aba";
        woken_last = woken_last || s.log == "aab";
        CHECK(s.log.size() == 3);
    }
    CHECK(woken_first);
    CHECK(woken_last);
}

TEST_CASE("more than a ring holds is ready at once") {
    scene s(3);
    std::vector<item> many(1000, item(s.log, 'm', 2));
    for (item& each : many) {
        s.all.submit(&each);
    }
    while (s.all.step()) {}
    CHECK(s.log.size() == 2000);
}

TEST_CASE("drive steps, then turns the clock to the next timer, then gives up") {
    struct mark : drover::timer {
        explicit mark(scene& of) : timer(&fire), owner(of), woken(of.log, 't', 1) {}
        static void fire(timer* t) noexcept {
            auto& me = static_cast<mark&>(*t);
            me.owner.all.submit(&me.woken);
        }
        scene& owner;
        item woken;
    };
    scene s(1);
    mark later(s);
    item now(s.log, 'n', 1);
    REQUIRE(s.core.timers.arm_after(later, 1s));
    s.all.submit(&now);
    std::uint64_t done = 0;
    CHECK(s.all.drive(done));
    CHECK(s.log == "n");
    CHECK(s.clock.now().time_since_epoch() == 0s);
    while (s.all.drive(done)) {}
    CHECK(s.log == "nt");
    CHECK(s.clock.now().time_since_epoch() == 1s);
}

TEST_CASE("a wait ends after most_steps") {
    simulated::settings few;
    few.most_steps = 10;
    scene s(1, few);
    item endless(s.log, 'e', 1'000'000);
    s.all.submit(&endless);
    std::uint64_t done = 0;
    while (s.all.drive(done)) {}
    CHECK(done == 10);
    CHECK(s.log.size() == 10);
}

TEST_CASE("an actor is held up for as long as the observer says, and no longer than the gate is open") {
    struct observer {
        static drover::clock_duration before(void* who, runnable*) noexcept {
            return std::exchange(*static_cast<drover::clock_duration*>(who), drover::clock_duration::zero());
        }
    };
    drover::clock_duration length = 5s;
    simulated::settings chosen;
    chosen.observer = &length;
    chosen.before = &observer::before;
    scene s(1, chosen);
    item one(s.log, 'o', 1);
    s.all.submit(&one);
    CHECK_FALSE(s.all.step());
    CHECK_FALSE(s.all.quiescent([] { return true; }));
    CHECK(s.all.turn_to_next_event(drover::time_point(5s)));
    while (s.all.turn_to_next_event(drover::time_point(5s))) {}
    CHECK(s.clock.now().time_since_epoch() == 5s);
    CHECK(s.all.step());
    CHECK(s.log == "o");

    length = 1h;
    item two(s.log, 't', 1);
    s.all.submit(&two);
    CHECK_FALSE(s.all.step());
    s.core.close_gate();
    CHECK(s.all.step());
    CHECK(s.log == "ot");
    CHECK(s.all.quiescent([] { return true; }));
}

TEST_CASE("a stopped cell is released as soon as its run is over") {
    struct stopping : runnable {
        stopping()
            : runnable([](runnable* self, drover::lane& mine) {
                  auto& me = static_cast<drover::worker&>(mine);
                  me.group.retire(me, self);
                  return run_result::done;
              }) {}
    };
    scene s(1);
    scene::released = 0;
    stopping one;
    s.all.submit(&one);
    CHECK(s.all.step());
    CHECK(scene::released == 1);
}

TEST_CASE("a step inside a step ends the process with a sentence") {
    const auto outcome = drover_test::in_child([] {
        static scene* inside = nullptr;
        struct nested : runnable {
            nested()
                : runnable([](runnable*, drover::lane&) {
                      inside->all.step();
                      return run_result::done;
                  }) {}
        };
        scene s(1);
        inside = &s;
        nested one;
        s.all.submit(&one);
        s.all.step();
    });
    CHECK(outcome.signal == SIGABRT);
    CHECK(outcome.said.find("drive one simulation") != std::string::npos);
}
