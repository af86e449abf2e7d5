#include <drover/health/trial.hpp>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using drover::time_point;
using drover::trial;

namespace {

constexpr time_point at(std::chrono::nanoseconds time) {
    return time_point(time);
}

}  // namespace

TEST_CASE("all get through a closed one, nobody through an open one, one through one that is half open") {
    trial one(10s);
    CHECK(one.claim(at(0s)));
    CHECK(one.claim(at(0s)));
    one.open();
    CHECK_FALSE(one.claim(at(1h)));
    one.offer();
    CHECK(one.claim(at(1h)));
    CHECK_FALSE(one.claim(at(1h)));
    one.close();
    CHECK(one.claim(at(1h)));
}

TEST_CASE("the outcome of a trial is the first one after it was claimed") {
    trial one(10s);
    CHECK_FALSE(one.succeeded());
    CHECK_FALSE(one.failed());
    one.offer();
    CHECK_FALSE(one.succeeded());  // of a message sent before
    CHECK(one.now() == trial::phase::offered);
    CHECK(one.claim(at(0s)));
    CHECK(one.now() == trial::phase::taken);
    CHECK(one.succeeded());
    CHECK_FALSE(one.failed());
    CHECK(one.now() == trial::phase::passed);
    CHECK_FALSE(one.claim(at(1h)));
    one.offer();
    CHECK(one.claim(at(0s)));
    CHECK(one.failed());
    CHECK(one.now() == trial::phase::failed);
    CHECK_FALSE(one.claim(at(1h)));
}

TEST_CASE("a lost trial is had by another when its time is over, and not before") {
    trial one(10s);
    one.offer();
    CHECK(one.claim(at(5s)));
    CHECK_FALSE(one.claim(at(15s - 8ns)));
    CHECK(one.claim(at(15s)));
    CHECK_FALSE(one.claim(at(25s - 8ns)));
    CHECK(one.claim(at(25s)));
    CHECK(one.succeeded());
}

TEST_CASE("what could not be sent is given back") {
    trial one(10s);
    one.offer();
    one.give_back(0);
    const auto first = one.claim(at(8s));
    CHECK((first.granted && first.ticket != 0));
    one.give_back(first.ticket);
    CHECK(one.now() == trial::phase::offered);
    const auto second = one.claim(at(0s));
    CHECK(second);
    CHECK(one.failed());
    one.give_back(second.ticket);  // too late
    CHECK(one.now() == trial::phase::failed);
}

TEST_CASE("only who has claimed gives back, and not what is another's by now") {
    trial one(10s);
    const auto free = one.claim(at(0s));
    CHECK((free.granted && free.ticket == 0));
    one.offer();
    const auto lost = one.claim(at(0s));
    const auto taken = one.claim(at(20s));
    CHECK((taken.granted && taken.ticket != lost.ticket));
    one.give_back(lost.ticket);
    CHECK(one.now() == trial::phase::taken);
    CHECK_FALSE(one.claim(at(20s)));
    one.give_back(taken.ticket);
    CHECK(one.claim(at(20s)));
}

TEST_CASE("of many senders one gets the trial, each time it is offered, given back or lost") {
    trial one(10s);
    constexpr int rounds = 2000;
    std::atomic<int> round{0};
    std::atomic<int> tried{0};
    std::atomic<std::uint32_t> ticket{0};
    std::vector<int> had(3);
    std::vector<std::thread> senders;
    for (int& mine : had) {
        senders.emplace_back([&] {
            for (int seen = 0; seen != rounds;) {
                if (round.load() == seen) {
                    std::this_thread::yield();
                    continue;
                }
                seen += 1;
                // The first is offered; the others come when the one before is lost.
                if (const auto got = one.claim(at(seen * 10s))) {
                    mine += 1;
                    ticket = got.ticket;
                }
                tried += 1;
            }
        });
    }
    for (int each = 1; each <= rounds; ++each) {
        if (each % 3 == 1) one.offer();
        if (each % 3 == 2) one.give_back(ticket);
        round = each;
        while (tried != each * 3) std::this_thread::yield();
    }
    for (std::thread& each : senders) each.join();
    CHECK(had[0] + had[1] + had[2] == rounds);
}
