// What an actor watches, over its restart.
#include <drover/supervision/supervisor.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover::context;
using drover::supervised;
using drover_test::wait_until;
using drover_test::world;
using namespace std::chrono_literals;

namespace {

struct fault {};
struct follow {
    drover::handle whom;
};
struct count {};

struct plain {
    void operator()(int) {}
};

// What all states of one actor come to.
struct seen {
    int notices = 0;
    int spawned = 0;
};

struct guardian {
    std::shared_ptr<seen> all;
    void operator()(fault) { throw std::runtime_error("fault"); }
    bool operator()(const follow& f, context& me) { return me.watch<guardian>(f.whom); }
    bool operator()(const std::shared_ptr<int>& witness, context& me) {
        return me.watch(me.spawn<plain>(), [this, witness](const drover::stopped_event&) { all->notices += 1; });
    }
    void operator()(const drover::stopped_event&) { all->notices += 1; }
    int operator()(count) const { return all->notices; }
};

// Replaces each child that stops.
struct nursery {
    std::shared_ptr<seen> all;
    void started(context& me) { fill(me); }
    void operator()(fault) { throw std::runtime_error("fault"); }
    void operator()(const drover::stopped_event&, context& me) {
        if (all->spawned < 1000) {  // or for ever, and the restart with it
            fill(me);
        }
    }
    int operator()(count) const { return all->spawned; }

    void fill(context& me) {
        all->spawned += 1;
        me.watch<nursery>(me.spawn<plain>());
    }
};

}  // namespace

TEST_CASE("who restarts does not hear of the children that stop for that") {
    world w;
    const auto all = std::make_shared<seen>();
    const auto who = w.rt.spawn<nursery>(supervised{}, all);
    who.tell(fault{});
    CHECK(who.ask(count{}).get() == 2);  // one a state
    who.tell(fault{});
    CHECK(who.ask(count{}).get() == 3);
}

TEST_CASE("an actor without a state hears of no end, and its next one may watch anew") {
    world w;
    const auto all = std::make_shared<seen>();
    const auto who = w.rt.spawn<guardian>(supervised{.plan = {.backoff = {.first = 1s, .jitter = 0}}}, all);
    const auto one = w.rt.spawn<plain>();
    const auto two = w.rt.spawn<plain>();
    CHECK(who.ask(follow{one}).get());
    CHECK(who.ask(follow{two}).get());
    who.tell(fault{});
    wait_until([&] { return w.rt.core().timers.next_event().has_value(); });  // the delay has begun: there is no state
    one.stop();
    wait_until([&] { return one.stopped(); });
    w.clock.advance(1s);
    CHECK(who.ask(count{}).get() == 0);
    CHECK(who.ask(follow{two}).get());
    two.stop();
    wait_until([&] { return who.ask(count{}).get() == 1; });
}

TEST_CASE("what a notice was to call goes with the state that it would call") {
    world w;
    const auto all = std::make_shared<seen>();
    const auto witness = std::make_shared<int>(0);
    const auto who = w.rt.spawn<guardian>(supervised{}, all);
    CHECK(who.ask(witness).get());
    who.tell(fault{});
    CHECK(who.ask(count{}).get() == 0);
    CHECK(witness.use_count() == 1);
}
