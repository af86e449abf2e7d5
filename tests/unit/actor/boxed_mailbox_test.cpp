#include <drover/actor/boxed_mailbox.hpp>

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::delivery;
using drover_test::door;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct wait_for {
    door* closed;
    std::atomic<bool>* inside;
};

template <class Mailbox>
struct worker {
    using mailbox = Mailbox;
    int sum = 0;
    int operator()(int n) { return sum += n; }
    void operator()(wait_for w) {
        w.inside->store(true);
        w.closed->pass();
        w.inside->store(false);
    }
};

template <class A>
struct plugged {
    explicit plugged(const drover::ref<A>& actor) {
        actor.tell(wait_for{&closed, &inside});
        wait_until([&] { return inside.load(); });
    }
    ~plugged() {
        closed.open();
        wait_until([&] { return !inside.load(); });  // the handler looks at the door until then
    }
    door closed;
    std::atomic<bool> inside{false};
};

using patient = worker<drover::bounded_mailbox<1, drover::block_sender<1000>>>;

// A sender that waits for room, in a thread of its own.
struct blocked {
    explicit blocked(const drover::ref<patient>& actor) : thread([this, actor] { result = actor.tell(2); }) {
        const auto& room = *actor.cell()->box->room;
        wait_until([&] { return room.awaited(); });
    }
    delivery wait() {
        thread.join();
        return *result;
    }
    std::optional<delivery> result;
    std::thread thread;
};

struct urgent {
    static constexpr int priority = 2;
};

struct ranked {
    using mailbox = drover::priority_mailbox<3>;
    static std::size_t priority(const int& n) { return static_cast<std::size_t>(n); }
    std::vector<int>* seen;
    void operator()(int n) { seen->push_back(n); }
    void operator()(urgent) { seen->push_back(100); }
    void operator()(wait_for w) {
        w.inside->store(true);
        w.closed->pass();
        w.inside->store(false);
    }
};

}  // namespace

TEST_CASE("a sender that waits for room goes on when there is some") {
    world w(1);
    const auto actor = w.rt.spawn<patient>();
    plugged<patient> held(actor);
    CHECK(is_accepted(actor.tell(1)));
    blocked sender(actor);
    held.closed.open();
    CHECK(is_accepted(sender.wait()));
    CHECK(actor.ask(0).get() == 3);
}

TEST_CASE("a sender that waits for room hears when its time is over") {
    world w(1);
    const auto actor = w.rt.spawn<patient>();
    plugged<patient> held(actor);
    CHECK(is_accepted(actor.tell(1)));
    blocked sender(actor);
    w.clock.advance(999ms);
    CHECK_FALSE(sender.result.has_value());
    w.clock.advance(1ms);
    CHECK(sender.wait() == delivery::timed_out);
    CHECK(w.heard.dead(drover::dead_letter_reason::rejected) == 1);
}

TEST_CASE("a sender that waits for room hears when the actor stops") {
    world w(1);
    const auto actor = w.rt.spawn<patient>();
    plugged<patient> held(actor);
    CHECK(is_accepted(actor.tell(1)));
    blocked sender(actor);
    actor.stop();
    held.closed.open();
    const delivery sent = sender.wait();  // room may become free before the end is seen
    CHECK((sent == delivery::stopped || is_accepted(sent)));
    wait_until([&] { return actor.stopped(); });
    w.settle();
    CHECK(w.heard.dead(drover::dead_letter_reason::stopped) == 2);
}

TEST_CASE("a sender that waits for room hears when the runtime drains") {
    world w(1);
    const auto actor = w.rt.spawn<patient>();
    plugged<patient> held(actor);
    CHECK(is_accepted(actor.tell(1)));
    blocked sender(actor);
    std::thread draining([&] { CHECK(w.rt.drain(1s).complete); });
    CHECK(sender.wait() == delivery::stopped);
    held.closed.open();
    draining.join();
    CHECK(w.rt.statistics().dead(drover::dead_letter_reason::stopped) == 1);
}

TEST_CASE("a worker never waits for room") {
    world w(2);
    const auto actor = w.rt.spawn<patient>();
    plugged<patient> held(actor);
    CHECK(is_accepted(actor.tell(1)));
    const auto other = w.rt.spawn([actor](int n) { return actor.tell(n); });
    CHECK(other.ask(2).get() == delivery::would_deadlock);
    const auto asking = w.rt.spawn([actor](int n) { return actor.ask(n).is_ready(); });
    CHECK(asking.ask(2).get());
    CHECK(w.heard.dead(drover::dead_letter_reason::rejected) == 2);
}

TEST_CASE("an ask that finds no room is answered so") {
    using full = worker<drover::bounded_mailbox<1>>;
    world w(1);
    const auto actor = w.rt.spawn<full>();
    plugged<full> held(actor);
    CHECK(is_accepted(actor.tell(1)));
    const auto refused = actor.ask(2).result();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == drover::ask_error::mailbox_full);
    CHECK(w.heard.dead(drover::dead_letter_reason::rejected) == 1);
}

TEST_CASE("an actor whose mailbox must not be full fails when it is") {
    using strict = worker<drover::bounded_mailbox<1, drover::fail_actor>>;
    world w(1);
    const auto actor = w.rt.spawn<strict>();
    {
        plugged<strict> held(actor);
        CHECK(is_accepted(actor.tell(1)));
        CHECK(actor.tell(2) == delivery::rejected_full);
        CHECK(actor.tell(3) == delivery::rejected_full);
    }
    wait_until([&] { return actor.stopped(); });
    w.settle();
    REQUIRE(w.heard.failures().size() == 1);
    CHECK_THROWS_AS(std::rethrow_exception(w.heard.failures()[0].exception), drover::mailbox_overflow);
    CHECK(w.heard.failures()[0].message == "its mailbox");
    CHECK(w.heard.dead(drover::dead_letter_reason::rejected) == 2);
    CHECK(w.heard.dead(drover::dead_letter_reason::stopped) == 1);
}

TEST_CASE("the oldest message makes room, and the sink that hears of it may send to the same actor") {
    using lossy = worker<drover::bounded_mailbox<2, drover::drop_oldest>>;
    drover::ref<lossy> actor;
    std::atomic<int> told{0};
    drover::runtime rt({.threads = 1, .on_dead_letter = [&](const drover::dead_letter& letter) {
                            if (letter.reason == drover::dead_letter_reason::dropped && told.fetch_add(1) == 0) {
                                static_cast<void>(actor.tell(1000));
                            }
                        }});
    actor = rt.spawn<lossy>();
    {
        plugged<lossy> held(actor);
        CHECK(is_accepted(actor.tell(1)));
        CHECK(is_accepted(actor.tell(10)));
        CHECK(is_accepted(actor.tell(100)));  // drops 1; the sink's 1000 drops 10
        CHECK(told == 1);                     // dead letters of a sink's own sends are counted only
        CHECK(actor.cell()->box->room->level() == 2);
    }
    CHECK(rt.drain(10s).complete);
    const drover::accounting sums = rt.statistics();
    CHECK(sums.dead(drover::dead_letter_reason::dropped) == 2);
    CHECK(sums.offered == sums.handled + sums.dead());
}

TEST_CASE("a batch evicts as many as it needs, and one larger than the mailbox is dropped") {
    using lossy = worker<drover::bounded_mailbox<4, drover::drop_oldest>>;
    world w(1);
    const auto actor = w.rt.spawn<lossy>();
    {
        plugged<lossy> held(actor);
        CHECK(is_accepted(actor.tell_batch(std::vector<int>{1, 2, 3})));
        CHECK(is_accepted(actor.tell_batch(std::vector<int>{10, 20, 30})));
        CHECK(actor.tell_batch(std::vector<int>(5)) == delivery::dropped);
        CHECK(actor.cell()->box->room->level() == 4);
    }
    wait_until([&] { return actor.cell()->box->room->level() == 0; });  // an ask would evict, too
    CHECK(actor.ask(0).get() == 63);
    CHECK(w.heard.dead(drover::dead_letter_reason::dropped) == 2 + 5);
}

TEST_CASE("the capacity may be given at spawn, and the options must agree with the type") {
    using flexible = worker<drover::bounded_mailbox<drover::given_at_spawn>>;
    world w(1);
    const auto actor = w.rt.spawn<flexible>(drover::spawn_options{.capacity = 3});
    {
        plugged<flexible> held(actor);
        for (int each = 0; each != 3; ++each) {
            CHECK(is_accepted(actor.tell(1)));
        }
        CHECK(actor.tell(1) == delivery::rejected_full);
    }
    CHECK_THROWS_WITH(w.rt.spawn<flexible>(), Catch::Contains("spawn_options::capacity, which is 0; use 1 or more"));
    CHECK_THROWS_WITH(w.rt.spawn<patient>(drover::spawn_options{.capacity = 7}),
                      Catch::Contains("capacity is 7, but the mailbox of") && Catch::Contains("does not take one"));
}

TEST_CASE("the mailbox may be chosen at spawn, for actors and callables") {
    door closed;
    world w(1);
    int sum = 0;
    std::atomic<bool> inside{false};
    const auto actor = w.rt.spawn(drover::spawn_in<drover::bounded_mailbox<2>>{{.name = "counter"}}, [&](int n) {
        inside = true;
        closed.pass();
        sum += n;
    });
    CHECK(actor.name() == "counter");
    CHECK(actor.tell(1) == delivery::accepted);
    wait_until([&] { return inside.load(); });
    CHECK(actor.tell(1) == delivery::accepted);
    CHECK(actor.tell(1) == delivery::accepted_above_high_water);
    CHECK(actor.tell(1) == delivery::rejected_full);
    int kept = 1;
    CHECK(actor.try_tell(kept) == delivery::rejected_full);
    CHECK(actor.tell_batch(std::vector<int>{1}) == delivery::rejected_full);
    closed.open();
    CHECK(w.finish());
    CHECK(sum == 3);
}

TEST_CASE("a message's priority is the actor's word, else its type's, and must be one of the levels") {
    std::vector<int> seen;
    world w(1);
    const auto actor = w.rt.spawn<ranked>(&seen);
    {
        plugged<ranked> held(actor);
        actor.tell(0);
        actor.tell(1);
        actor.tell(urgent{});
        actor.tell(2);
        CHECK_THROWS_WITH(actor.tell(3), Catch::Contains("of priority 3 for a mailbox of 3 levels; use 0 to 2"));
        CHECK_THROWS_AS(actor.tell_batch(std::vector<int>{1, 3}), std::out_of_range);
    }
    CHECK(w.finish());
    CHECK(seen == std::vector<int>{100, 2, 1, 0});
}
