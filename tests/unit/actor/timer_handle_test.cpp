#include <drover/actor/timer_handle.hpp>

#include <chrono>
#include <utility>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace std::chrono_literals;
using drover_test::world;

namespace {

struct total {};

struct counter {
    void operator()(int n) { sum += n; }
    int operator()(total) const { return sum; }
    int sum = 0;
};

}  // namespace

TEST_CASE("an empty timer handle has nothing to cancel") {
    const drover::timer_handle none;
    CHECK_FALSE(none.pending());
    CHECK_FALSE(none.cancel());
    const drover::scoped_timer scoped;
    CHECK_FALSE(scoped.pending());
}

TEST_CASE("a handle that is dropped changes nothing, and copies are one send") {
    world w;
    const auto a = w.rt.spawn<counter>();
    static_cast<void>(a.tell_after(1ms, 1));
    const drover::timer_handle one = a.tell_after(2ms, 10);
    const drover::timer_handle copy = one;
    CHECK(copy.cancel());
    CHECK_FALSE(one.cancel());
    CHECK_FALSE(one.pending());
    w.clock.advance(5ms);
    CHECK(a.ask(total{}).get() == 1);
}

TEST_CASE("a scoped timer cancels at its end, when it is assigned to, and not once it is given up") {
    world w;
    const auto a = w.rt.spawn<counter>();
    { const drover::scoped_timer ends = a.tell_after(1ms, 1); }
    drover::scoped_timer kept = a.tell_after(1ms, 10);
    kept = a.tell_after(1ms, 100);  // the ten is cancelled
    drover::scoped_timer moved = std::move(kept);
    CHECK_FALSE(kept.pending());  // NOLINT: a moved-from timer is empty
    CHECK(moved.pending());
    drover::timer_handle given_up;
    {
        drover::scoped_timer before = a.tell_after(1ms, 1000);
        given_up = before.release();
    }
    CHECK(given_up.pending());
    w.clock.advance(1ms);
    CHECK(a.ask(total{}).get() == 1100);
    CHECK_FALSE(moved.cancel());
}

TEST_CASE("a scoped timer assigned to itself stays as it is") {
    world w;
    const auto a = w.rt.spawn<counter>();
    drover::scoped_timer one = a.tell_after(1ms, 1);
    drover::scoped_timer& same = one;
    one = std::move(same);
    CHECK(one.pending());
}
