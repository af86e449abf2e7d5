// One body over every mailbox, overflow policy and way of batching, through a runtime: order of each sender, no loss,
// no double, exact capacity, stops that overtake, and accounts that agree to the last message.
#include <drover/drover.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using namespace drover;
using drover_test::door;
using drover_test::scaled;
using drover_test::wait_until;
using drover_test::world;

namespace {

constexpr std::size_t senders_most = 8;

struct order {
    std::size_t sender;
    std::size_t number;
};

/// What the messages of one test came to.
struct ledger {
    std::array<std::size_t, senders_most> next{};
    std::size_t handled = 0;
    bool in_order = true;
    bool gaps = false;  // a policy that drops leaves gaps, and never an older message behind a newer

    void take(const order& o) {
        in_order = in_order && o.number >= next[o.sender];
        gaps = gaps || o.number != next[o.sender];
        next[o.sender] = o.number + 1;
        handled += 1;
    }
};

struct gate {
    door* wait_for;
    std::atomic<bool>* inside;
};

/// Threads that are joined at the end of their scope.
struct joined : std::vector<std::thread> {
    ~joined() {
        for (std::thread& each : *this) {
            each.join();
        }
    }
};

/// An actor of one mailbox.
template <class Mailbox>
struct single {
    using mailbox = Mailbox;
    ledger* book;
    void operator()(order o) { book->take(o); }
    void operator()(gate g) {
        g.inside->store(true);
        g.wait_for->pass();
        g.inside->store(false);
    }
};

/// The same in batches.
template <class Mailbox, class Batching>
struct batched {
    using mailbox = Mailbox;
    using batches = of<order>;
    using batching = Batching;
    ledger* book;
    void operator()(std::span<order> all) {
        for (const order& each : all) {
            book->take(each);
        }
    }
    void operator()(gate g) {
        g.inside->store(true);
        g.wait_for->pass();
        g.inside->store(false);
    }
};

constexpr std::size_t room = 16;
template <class Overflow>
using bounded = bounded_mailbox<room, Overflow>;
template <class Overflow>
using ring = single_producer_mailbox<room, Overflow>;

template <class A>
constexpr bool one_sender = false;
template <class O>
constexpr bool one_sender<single<ring<O>>> = true;
template <class O, class B>
constexpr bool one_sender<batched<ring<O>, B>> = true;

template <class A>
constexpr overflow policy() {
    return A::mailbox::default_limits().when_full;
}

template <class A>
constexpr delivery when_full() {
    switch (policy<A>()) {
        case overflow::drop_newest: return delivery::dropped;
        case overflow::drop_oldest: return delivery::accepted_above_high_water;
        case overflow::block_sender: return delivery::timed_out;
        default: return delivery::rejected_full;
    }
}

/// Holds an actor inside a handler, so that what is sent stays in its mailbox.
template <class A>
struct plug {
    explicit plug(const ref<A>& actor) {
        actor.tell(gate{&closed, &inside});
        wait_until([&] { return inside.load(); });
    }
    ~plug() {
        closed.open();
        wait_until([&] { return !inside.load(); });  // the handler looks at the door until then
    }

    door closed;
    std::atomic<bool> inside{false};
};

void check_accounts(world& w) {
    const accounting sums = w.rt.statistics();
    REQUIRE(sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending);
}

}  // namespace

// A macro, since Catch2 2.13 takes types one by one.
#define DROVER_LIMITED                                                                             \
    single<bounded<reject_newest>>, single<bounded<drop_newest>>, single<bounded<drop_oldest>>,    \
        single<bounded<block_sender<50>>>, single<ring<reject_newest>>, single<ring<drop_newest>>, \
        single<ring<block_sender<50>>>, (batched<bounded<reject_newest>, up_to<4>>),               \
        (batched<bounded<drop_oldest>, up_to<100>>), (batched<ring<reject_newest>, up_to<5>>)

#define DROVER_PLUGGABLE                                                                            \
    single<unbounded_mailbox>, single<priority_mailbox<3>>, (batched<unbounded_mailbox, up_to<8>>), \
        (batched<unbounded_mailbox, one_at_a_time>), (batched<priority_mailbox<2>, up_to<8>>),      \
        single<bounded<fail_actor>>, DROVER_LIMITED

// An actor that lingers does not take the message that would plug it.
#define DROVER_ALL DROVER_PLUGGABLE, (batched<bounded<reject_newest>, linger<4, 100>>)

TEMPLATE_TEST_CASE("under any number of senders each message is handled once, in order, or is a dead letter", "",
                   DROVER_ALL) {
    const std::size_t most = one_sender<TestType> ? 1 : senders_most;
    for (std::size_t senders = 1; senders <= most; senders *= 2) {
        ledger book;
        const std::size_t messages = scaled(2000);
        std::atomic<std::size_t> taken{0};
        world w(2);
        const auto actor = w.rt.spawn<TestType>(&book);
        {
            joined threads;
            for (std::size_t sender = 0; sender != senders; ++sender) {
                threads.emplace_back([&, sender] {
                    for (std::size_t number = 0; number != messages;) {
                        // Where the actor fails of a full mailbox, the test must not fill it.
                        if constexpr (policy<TestType>() == overflow::fail_actor && TestType::mailbox::limited) {
                            order one{sender, number};
                            if (actor.cell()->box->room->level() + senders_most >= room) {
                                std::this_thread::yield();
                                continue;
                            }
                            taken += is_accepted(actor.tell(one)) ? 1U : 0U;
                            number += 1;
                        } else if (number % 5 == 0 && number + 3 <= messages) {
                            const std::vector<order> some{{sender, number}, {sender, number + 1}, {sender, number + 2}};
                            taken += is_accepted(actor.tell_batch(some)) ? 3U : 0U;
                            number += 3;
                        } else {
                            taken += is_accepted(actor.tell(order{sender, number})) ? 1U : 0U;
                            number += 1;
                        }
                    }
                });
            }
        }
        actor.stop_when_drained();
        wait_until([&] { return actor.stopped(); });
        w.settle();
        const accounting sums = w.rt.statistics();
        INFO(senders << " senders");
        CHECK(book.in_order);
        CHECK(sums.offered == senders * messages);
        CHECK(sums.handled == book.handled);
        CHECK(sums.dead() == sums.offered - book.handled);
        CHECK(sums.dead(dead_letter_reason::stopped) == 0);
        CHECK(sums.pending == 0);
        if (policy<TestType>() == overflow::drop_oldest) {
            CHECK(taken - sums.dead(dead_letter_reason::dropped) <= book.handled);
        } else {
            CHECK(taken == book.handled);
        }
        if (sums.dead() == 0) {
            CHECK_FALSE(book.gaps);
        }
        CHECK(w.heard.failures().empty());
    }
}

TEMPLATE_TEST_CASE("a full mailbox holds exactly its capacity, and its policy answers the next message", "",
                   DROVER_LIMITED) {
    ledger book;
    world w(1);
    const auto actor = w.rt.spawn<TestType>(&book);
    {
        plug<TestType> held(actor);
        std::size_t accepted = 0;
        for (std::size_t number = 0; number != room; ++number) {
            const delivery sent = actor.tell(order{0, number});
            CHECK(sent == (number < room * 3 / 4 ? delivery::accepted : delivery::accepted_above_high_water));
            accepted += is_accepted(sent) ? 1U : 0U;
        }
        CHECK(accepted == room);
        order kept{0, room};
        CHECK(actor.try_tell(kept) == (policy<TestType>() == overflow::drop_oldest ? delivery::accepted_above_high_water
                                       : policy<TestType>() == overflow::drop_newest ? delivery::dropped
                                                                                     : delivery::rejected_full));
        if (policy<TestType>() == overflow::block_sender) {
            std::atomic<bool> over{false};
            std::thread turning([&] {
                while (!over) {
                    w.clock.advance(10ms);
                    std::this_thread::yield();
                }
            });
            CHECK(actor.tell(order{0, room + 1}) == delivery::timed_out);
            over = true;
            turning.join();
        } else {
            CHECK(actor.tell(order{0, room + 1}) == when_full<TestType>());
        }
        CHECK(actor.cell()->box->room->level() == room);
        check_accounts(w);
    }
    actor.stop_when_drained();
    wait_until([&] { return actor.stopped(); });
    w.settle();
    CHECK(book.handled == room);
    CHECK(book.in_order);
    check_accounts(w);
    const accounting sums = w.rt.statistics();
    switch (policy<TestType>()) {
        case overflow::drop_oldest: CHECK(sums.dead(dead_letter_reason::dropped) == 2); break;
        case overflow::drop_newest:
            CHECK(sums.dead(dead_letter_reason::dropped) == 1);
            CHECK(sums.returned == 1);
            break;
        default: CHECK(sums.dead(dead_letter_reason::rejected) == 1); CHECK(sums.returned == 1);
    }
}

TEMPLATE_TEST_CASE("a batch is taken whole or not at all", "", single<bounded<reject_newest>>,
                   single<bounded<drop_newest>>, single<ring<reject_newest>>) {
    ledger book;
    world w(1);
    const auto actor = w.rt.spawn<TestType>(&book);
    {
        plug<TestType> held(actor);
        std::vector<order> first(room - 2);
        for (std::size_t each = 0; each != first.size(); ++each) {
            first[each] = {0, each};
        }
        CHECK(is_accepted(actor.tell_batch(first)));
        const std::vector<order> three{{1, 0}, {1, 1}, {1, 2}};
        CHECK(actor.tell_batch(three) == when_full<TestType>());
        CHECK(actor.cell()->box->room->level() == room - 2);
        const std::vector<order> two{{2, 0}, {2, 1}};
        CHECK(is_accepted(actor.tell_batch(two)));
        CHECK(actor.tell_batch(std::vector<order>(room + 1)) == when_full<TestType>());
        check_accounts(w);
    }
    actor.stop_when_drained();
    wait_until([&] { return actor.stopped(); });
    w.settle();
    CHECK(book.handled == room);
    CHECK(book.next[1] == 0);
    CHECK(w.rt.statistics().dead() == 3 + room + 1);
}

TEMPLATE_TEST_CASE("a stop overtakes what is queued, and what is queued becomes dead letters", "", DROVER_PLUGGABLE) {
    ledger book;
    world w(1);
    const auto actor = w.rt.spawn<TestType>(&book);
    {
        plug<TestType> held(actor);
        for (std::size_t number = 0; number != 5; ++number) {
            CHECK(is_accepted(actor.tell(order{0, number})));
        }
        actor.stop();
    }
    wait_until([&] { return actor.stopped(); });
    w.settle();
    CHECK(actor.tell(order{0, 5}) == delivery::stopped);
    w.settle();
    CHECK(book.handled == 0);
    CHECK(w.heard.dead(dead_letter_reason::stopped) == 6);
    check_accounts(w);
}

TEMPLATE_TEST_CASE("a stop while senders come loses no message", "", DROVER_ALL) {
    for (std::size_t round = 0; round != scaled(40); ++round) {
        ledger book;
        world w(2);
        const auto actor = w.rt.spawn<TestType>(&book);
        {
            joined threads;
            for (std::size_t sender = 0; sender != (one_sender<TestType> ? 1 : 2); ++sender) {
                threads.emplace_back([&, sender] {
                    for (std::size_t number = 0; number != 200; ++number) {
                        static_cast<void>(actor.tell(order{sender, number}));
                        if (number == round * 5 % 200 && sender == 0) {
                            round % 2 == 0 ? actor.stop() : actor.stop_when_drained();
                        }
                    }
                });
            }
        }
        wait_until([&] { return actor.stopped(); });
        w.settle();
        const accounting sums = w.rt.statistics();
        REQUIRE(sums.handled == book.handled);
        REQUIRE(sums.offered == book.handled + sums.dead());
        REQUIRE(book.in_order);
    }
}

namespace {

/// Throws when it is copied or moved the nth time.
struct fragile {
    explicit fragile(int moves) : moves_left(moves) {}
    fragile(const fragile& other) : moves_left(other.moves_left - 1) { throw_if_worn(); }
    fragile(fragile&& other) : moves_left(other.moves_left - 1) { throw_if_worn(); }
    void throw_if_worn() const {
        if (moves_left < 0) {
            throw std::runtime_error("worn out");
        }
    }
    int moves_left;
};

template <class Mailbox>
struct odd {
    using mailbox = Mailbox;
    int* sum;
    void operator()(std::unique_ptr<int> p) { *sum += *p; }
    void operator()(fragile) { *sum += 1; }
    int operator()(int n) { return n; }
};

}  // namespace

TEMPLATE_TEST_CASE("messages may be move-only, and one that cannot be built leaves its place", "",
                   odd<unbounded_mailbox>, odd<priority_mailbox<2>>, odd<bounded<reject_newest>>,
                   odd<bounded<drop_oldest>>, odd<ring<reject_newest>>) {
    int sum = 0;
    world w(1);
    const auto actor = w.rt.spawn<TestType>(&sum);
    for (std::size_t each = 0; each != 3 * room; ++each) {
        CHECK_THROWS_AS(actor.tell(fragile(0)), std::runtime_error);
        fragile kept(0);
        CHECK_THROWS_AS(static_cast<void>(actor.try_tell(kept)), std::runtime_error);
        CHECK_THROWS_AS(actor.tell_batch(std::vector<fragile>(1, fragile(1))), std::runtime_error);
    }
    CHECK(actor.tell(std::make_unique<int>(7)) == delivery::accepted);
    CHECK(actor.ask(5).get() == 5);
    CHECK(sum == 7);
    check_accounts(w);
}
