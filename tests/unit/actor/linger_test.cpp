#include <drover/actor/linger.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover_test::blocks_in_use;
using drover_test::wait_until;
using drover_test::world;

namespace {

using namespace std::chrono_literals;
using reason = drover::dead_letter_reason;
using sizes = std::vector<std::size_t>;

struct item {
    int number;
};
struct single {};
struct get {};

// What the actor of a test was called with; 0 stands for a message that came alone.
class record {
public:
    void add(std::size_t size) {
        const std::lock_guard lock(mutex_);
        calls_.push_back(size);
    }
    sizes calls() const {
        const std::lock_guard lock(mutex_);
        return calls_;
    }

private:
    mutable std::mutex mutex_;
    sizes calls_;
};

struct lazy {
    using batches = drover::of<item>;
    using batching = drover::linger<4, 100>;
    void operator()(std::span<item> some) { calls->add(some.size()); }
    void operator()(single) { calls->add(0); }
    int operator()(get) { return 7; }
    record* calls;
    explicit lazy(record* c) : calls(c) {}
};
struct lazy_and_small : lazy {
    using mailbox = drover::bounded_mailbox<3>;
    using lazy::lazy;
    using lazy::operator();
};
struct lazy_of_any_size : lazy {
    using mailbox = drover::bounded_mailbox<drover::given_at_spawn>;
    using lazy::lazy;
    using lazy::operator();
};
struct lazy_starter : lazy {
    using lazy::lazy;
    using lazy::operator();
    void started(drover::context& me) {
        me.self<lazy_starter>().tell(item{0});
        calls->add(100);
    }
};

template <class Actor>
void tell_items(const Actor& actor, int count) {
    for (int i = 0; i != count; ++i) {
        actor.tell(item{i});
    }
}

template <class Actor>
void await_held(const Actor& actor) {
    wait_until([&] { return actor.cell()->system.is_held(); });
}

// What comes next is the first message of a new run.
template <class Actor>
void await_idle(const Actor& actor) {
    wait_until([&] { return (actor.cell()->incoming.head.load() & drover::tagged_list::idle) != 0; });
}

void await(const record& calls, const sizes& expected) {
    wait_until([&] { return calls.calls().size() >= expected.size(); });
    CHECK(calls.calls() == expected);
}

void check_identity(const drover::accounting& sums) {
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending);
}

}  // namespace

TEST_CASE("linger: an actor runs when enough messages wait") {
    const std::size_t before = blocks_in_use();
    {
        record calls;
        world w;
        const auto h = w.rt.spawn<lazy>(&calls);
        for (int round = 1; round != 4; ++round) {
            tell_items(h, 3);
            await_held(h);
            CHECK(w.rt.statistics().pending == 3);
            CHECK(h.tell(item{3}) == drover::delivery::accepted);
            await(calls, sizes(static_cast<std::size_t>(round), 4));
            await_idle(h);
        }
        check_identity(w.rt.statistics());
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("linger: an actor runs when the first message has waited long enough") {
    record calls;
    world w;
    const auto h = w.rt.spawn<lazy>(&calls);
    h.tell(item{1});
    await_held(h);
    w.clock.advance(60us);
    CHECK(h.cell()->system.is_held());
    h.tell(item{2});
    w.clock.advance(39us);
    CHECK(h.cell()->system.is_held());
    CHECK(calls.calls().empty());
    w.clock.advance(1us);
    await(calls, {2});
    await_idle(h);

    h.tell(single{});  // it waits anew
    await_held(h);
    w.clock.advance(99us);
    CHECK(h.cell()->system.is_held());
    w.clock.advance(1us);
    await(calls, {2, 0});
}

TEST_CASE("linger: an older timer does not cut the next wait short") {
    record calls;
    world w;
    const auto h = w.rt.spawn<lazy>(&calls);
    h.tell(item{1});
    await_held(h);
    w.clock.advance(50us);
    tell_items(h, 3);  // enough; the timer stays armed
    await(calls, {4});
    await_idle(h);
    h.tell(item{5});
    await_held(h);
    w.clock.advance(50us);  // the older one fires
    await_held(h);
    w.clock.advance(49us);
    await_held(h);
    CHECK(calls.calls().size() == 1);
    w.clock.advance(1us);
    await(calls, {4, 1});
}

TEST_CASE("linger: more than enough comes in spans of N") {
    record calls;
    world w;
    const auto h = w.rt.spawn<lazy>(&calls);
    h.tell_batch(std::vector<item>(10));
    await(calls, {4, 4, 2});
    CHECK(w.finish());
    CHECK(w.rt.statistics().handled == 10);
}

TEST_CASE("linger: an ask waits as all messages do, and counts") {
    record calls;
    world w;
    const auto h = w.rt.spawn<lazy>(&calls);
    auto first = h.ask(get{});
    await_held(h);
    tell_items(h, 2);
    CHECK(h.cell()->system.is_held());
    auto second = h.ask(get{});
    CHECK(first.get() == 7);
    CHECK(second.get() == 7);
    CHECK(calls.calls() == sizes{2});
    w.settle();

    record more;
    const auto late = w.rt.spawn<lazy>(&more);
    auto third = late.ask(get{}, 50us);
    await_held(late);
    w.clock.advance(50us);
    const auto outcome = third.result();
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == drover::ask_error::timeout);
    w.clock.advance(50us);
    w.settle();
    CHECK(w.rt.statistics().late_replies == 1);
    check_identity(w.rt.statistics());
}

TEST_CASE("linger: a stop, a pill, a drain and the runtime's end end the wait") {
    const std::size_t before = blocks_in_use();
    {
        record calls;
        std::optional<world> w(std::in_place);
        const auto h = w->rt.spawn<lazy>(&calls);
        tell_items(h, 3);
        await_held(h);
        SECTION("stop") {
            h.stop();
            wait_until([&] { return h.stopped(); });
            w->settle();
            CHECK(calls.calls().empty());
            CHECK(w->rt.statistics().dead(reason::stopped) == 3);
            w->clock.advance(1s);  // the timer fires when the actor is gone
        }
        SECTION("stop_when_drained") {
            h.stop_when_drained();
            wait_until([&] { return h.stopped(); });
            CHECK(calls.calls() == sizes{3});
            w->clock.advance(1s);
        }
        SECTION("drain") {
            CHECK(w->finish());
            CHECK(calls.calls() == sizes{3});
            CHECK(w->rt.statistics().handled == 3);
        }
        SECTION("stop of the runtime") {
            CHECK(w->rt.stop());  // the actor may run before the stop comes to it
            CHECK(w->rt.statistics().handled + w->rt.statistics().dead(reason::stopped) == 3);
        }
        SECTION("the destructor of the runtime") {
            w.reset();
            CHECK(h.stopped());
        }
        if (w.has_value()) {
            w->settle();
            check_identity(w->rt.statistics());
        }
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("linger: once a drain has begun nobody lingers") {
    record calls;
    world w;
    const auto h = w.rt.spawn<lazy>(&calls);
    const auto from = w.rt.spawn([&](single) {
        while (w.rt.core().gate_open()) {
            drover::yield_thread();
        }
        h.tell(item{1});
    });
    from.tell(single{});
    CHECK(w.finish());
    CHECK(calls.calls() == sizes{1});
}

TEST_CASE("linger: a mailbox of its own that is full is enough") {
    record calls;
    world w;
    const auto h = w.rt.spawn<lazy_and_small>(&calls);
    tell_items(h, 2);
    await_held(h);
    h.tell(item{2});
    await(calls, {3});
    w.settle();

    record wide_calls;
    const auto wide = w.rt.spawn<lazy_of_any_size>(drover::spawn_options{.capacity = 100}, &wide_calls);
    tell_items(wide, 3);
    await_held(wide);
    wide.tell(item{2});
    await(wide_calls, {4});
    CHECK(w.finish());
    CHECK(w.rt.statistics().dead() == 0);
}

TEST_CASE("linger: a mailbox may be given where the actor is spawned") {
    record calls;
    world w;
    const auto h = w.rt.spawn<lazy>(drover::spawn_in<drover::bounded_mailbox<2>>{}, &calls);
    h.tell(item{1});
    await_held(h);
    h.tell(item{2});
    await(calls, {2});
    CHECK(w.finish());
}

TEST_CASE("linger: an actor starts at once, and lingers then") {
    record calls;
    world w;
    const auto h = w.rt.spawn<lazy_starter>(&calls);
    await(calls, {100});
    await_held(h);
    CHECK(calls.calls() == sizes{100});
    w.clock.advance(100us);
    await(calls, {100, 1});
    CHECK(w.finish());
    check_identity(w.rt.statistics());
}
