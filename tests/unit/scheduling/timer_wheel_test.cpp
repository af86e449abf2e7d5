#include <drover/scheduling/timer_wheel.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/base/random.hpp>

#include "support/scale.hpp"

using drover::random_source;
using drover::timer;
using drover::timer_wheel;

namespace {

struct numbered : timer {
    numbered() noexcept : timer(nullptr) {}
    std::uint64_t due = 0;    // its deadline, or when it was armed if that is later
    std::uint64_t order = 0;  // of arming
};

std::vector<timer*> walk(timer* first) {
    std::vector<timer*> found;
    for (; first != nullptr; first = first->next) {
        found.push_back(first);
    }
    return found;
}

// The same, as a list in order.
class naive_timers {
public:
    void add(numbered& t) {
        const auto later = [](const numbered* a, const numbered* b) {
            return a->due != b->due ? a->due < b->due : a->order < b->order;
        };
        armed_.insert(std::upper_bound(armed_.begin(), armed_.end(), &t, later), &t);
    }
    void remove(numbered& t) { armed_.erase(std::find(armed_.begin(), armed_.end(), &t)); }
    std::vector<timer*> advance(std::uint64_t to) {
        std::vector<timer*> due;
        while (!armed_.empty() && armed_.front()->due <= to) {
            due.push_back(armed_.front());
            armed_.erase(armed_.begin());
        }
        return due;
    }
    bool empty() const { return armed_.empty(); }
    std::uint64_t earliest() const { return armed_.front()->due; }

private:
    std::vector<numbered*> armed_;
};

// Distances of every magnitude: a timer's level is decided by it.
std::uint64_t some_distance(random_source& random, unsigned bits) {
    return random.next() >> (63U - random.below(bits));
}

void compare_with_naive(std::uint64_t seed, std::uint64_t start, unsigned bits, int steps) {
    random_source random(seed);
    timer_wheel wheel(start);
    naive_timers naive;
    std::deque<numbered> timers(40);
    std::uint64_t now = start;
    std::uint64_t order = 0;
    for (int step = 0; step != steps; ++step) {
        numbered& t = timers[random.below(static_cast<std::uint32_t>(timers.size()))];
        switch (random.below(4)) {
            case 0:
            case 1:
                if (!t.armed) {
                    const std::uint64_t distance = some_distance(random, bits);
                    // One in eight is already over; the others stay below the end of time.
                    t.deadline = random.below(8) == 0 ? now - std::min(now, distance)
                                                      : now + std::min(distance, timer_wheel::never - 1 - now);
                    t.due = std::max(t.deadline, now);
                    t.order = ++order;
                    wheel.add(t);
                    naive.add(t);
                }
                break;
            case 2:
                if (t.armed) {
                    wheel.remove(t);
                    naive.remove(t);
                    REQUIRE_FALSE(t.armed);
                }
                break;
            default: {
                const std::uint64_t before = wheel.next_event();
                REQUIRE((before == timer_wheel::never) == naive.empty());
                REQUIRE((naive.empty() || before <= naive.earliest()));
                // Half of the time exactly to an event, so that its edges are met.
                std::uint64_t to = now + std::min(some_distance(random, bits), timer_wheel::never - 1 - now);
                if (random.below(2) == 0 && before != timer_wheel::never) {
                    to = std::max(now, before - random.below(2));
                }
                const std::vector<timer*> due = walk(wheel.advance(to));
                REQUIRE(due == naive.advance(to));
                REQUIRE(std::none_of(due.begin(), due.end(), [](const timer* each) { return each->armed; }));
                now = to;
            }
        }
    }
    const std::vector<timer*> rest = walk(wheel.advance(timer_wheel::never - 1));
    REQUIRE(rest == naive.advance(timer_wheel::never - 1));
    REQUIRE(wheel.next_event() == timer_wheel::never);
}

}  // namespace

TEST_CASE("an empty wheel has nothing to do") {
    timer_wheel wheel(5);
    CHECK(wheel.next_event() == timer_wheel::never);
    CHECK(wheel.advance(1000) == nullptr);
    CHECK(wheel.advance(timer_wheel::never) == nullptr);
}

TEST_CASE("a timer is due at its deadline and not before") {
    for (const std::uint64_t distance : {1ULL, 63ULL, 64ULL, 65ULL, 4095ULL, 4096ULL, 1ULL << 30U, 1ULL << 62U}) {
        timer_wheel wheel(100);
        numbered t;
        t.deadline = 100 + distance;
        wheel.add(t);
        CHECK(t.armed);
        CHECK(wheel.next_event() <= t.deadline);
        CHECK(wheel.advance(t.deadline - 1) == nullptr);
        CHECK(t.armed);
        CHECK(wheel.next_event() == t.deadline);
        CHECK(wheel.advance(t.deadline) == &t);
        CHECK_FALSE(t.armed);
        CHECK(wheel.next_event() == timer_wheel::never);
    }
}

TEST_CASE("a deadline in the past is due at the next advance, even if time stands still") {
    timer_wheel wheel(100);
    numbered past;
    numbered present;
    past.deadline = 3;
    present.deadline = 100;
    wheel.add(past);
    wheel.add(present);
    CHECK(wheel.next_event() == 100);
    CHECK(walk(wheel.advance(100)) == std::vector<timer*>{&past, &present});
}

TEST_CASE("time does not go back") {
    timer_wheel wheel(100);
    numbered t;
    t.deadline = 100;
    wheel.add(t);
    CHECK(wheel.advance(50) == nullptr);
    CHECK(wheel.advance(100) == &t);
}

TEST_CASE("one advance gives timers of all levels in the order of their deadlines") {
    timer_wheel wheel(0);
    std::deque<numbered> timers(60);
    for (std::size_t each = 0; each != timers.size(); ++each) {
        timers[timers.size() - 1 - each].deadline = (std::uint64_t{1} << (timers.size() - 1 - each)) + 1;
        wheel.add(timers[timers.size() - 1 - each]);
    }
    const std::vector<timer*> due = walk(wheel.advance(timer_wheel::never - 1));
    REQUIRE(due.size() == timers.size());
    for (std::size_t each = 0; each != due.size(); ++each) {
        CHECK(due[each] == &timers[each]);
    }
}

TEST_CASE("timers of one deadline fire in the order they were armed, also after moving down") {
    timer_wheel wheel(0);
    std::deque<numbered> timers(5);
    for (numbered& each : timers) {
        each.deadline = 1'000'000;
        wheel.add(each);
    }
    CHECK(wheel.advance(999'000) == nullptr);
    numbered late;
    late.deadline = 1'000'000;
    wheel.add(late);
    CHECK(walk(wheel.advance(1'000'000)) ==
          std::vector<timer*>{&timers[0], &timers[1], &timers[2], &timers[3], &timers[4], &late});
}

TEST_CASE("a timer can be removed from the front, the middle and the end of its slot") {
    timer_wheel wheel(0);
    std::deque<numbered> timers(4);
    for (numbered& each : timers) {
        each.deadline = 10;
        wheel.add(each);
    }
    wheel.remove(timers[1]);
    wheel.remove(timers[3]);
    wheel.remove(timers[0]);
    CHECK_FALSE(timers[0].armed);
    CHECK(wheel.next_event() == 10);
    wheel.remove(timers[2]);
    CHECK(wheel.next_event() == timer_wheel::never);
    wheel.add(timers[1]);
    CHECK(wheel.advance(10) == &timers[1]);
}

TEST_CASE("a wheel can stop at the first moment at which a timer is due") {
    timer_wheel wheel(0);
    numbered timers[4];
    const std::uint64_t due[4] = {70'000, 5'000'000, 70'000, 5'000'001};
    for (int each = 0; each != 4; ++each) {
        timers[each].deadline = due[each];
        wheel.add(timers[each]);
    }
    CHECK(wheel.advance_to_due(69'999) == nullptr);
    CHECK(walk(wheel.advance_to_due(6'000'000)) == std::vector<timer*>{&timers[0], &timers[2]});
    numbered between;
    between.deadline = 80'000;  // time has not gone on beyond what was due
    wheel.add(between);
    CHECK(walk(wheel.advance_to_due(6'000'000)) == std::vector<timer*>{&between});
    CHECK(walk(wheel.advance_to_due(6'000'000)) == std::vector<timer*>{&timers[1]});
    CHECK(walk(wheel.advance_to_due(6'000'000)) == std::vector<timer*>{&timers[3]});
    CHECK(wheel.advance_to_due(6'000'000) == nullptr);
    CHECK(wheel.next_event() == timer_wheel::never);
}

TEST_CASE("a wheel does what a list in order does") {
    const int steps = static_cast<int>(drover_test::scaled(4000));
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        compare_with_naive(seed, 0, 12, steps);
        compare_with_naive(seed, 1'000'000'000'000'000, 40, steps);
        compare_with_naive(seed, seed * 0x1234567, 63, steps / 8);
    }
}

TEST_CASE("the last tick before never is reached") {
    timer_wheel wheel(timer_wheel::never - 100);
    numbered t;
    t.deadline = timer_wheel::never - 1;
    wheel.add(t);
    CHECK(wheel.advance(timer_wheel::never - 2) == nullptr);
    CHECK(wheel.advance(timer_wheel::never - 1) == &t);
}
