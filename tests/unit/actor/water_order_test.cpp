#include <drover/actor/water.hpp>

#include <array>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/plug.hpp"
#include "support/world.hpp"

using drover::delivery;
using drover_test::door;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct item {
    int number;
};
struct question {};

// Held in its constructor by its sender, which then fails: a place that is reserved for a while and given back.
struct slow {
    slow(door* at, door* go_on) noexcept : reached(at), leave(go_on) {}
    slow(slow&& from) : reached(from.reached), leave(from.leave) {
        reached->open();
        leave->pass();
        throw std::runtime_error("slow");
    }
    door* reached;
    door* leave;
};

struct watched {
    using mailbox = drover::bounded_mailbox<8>;  // high 6, low 2
    void operator()(item) {}
    void operator()(const plug& p) { p.hold(); }
    void operator()(const slow&) {}
};

struct watched_with_outbox : watched {
    using outbox = drover::outbox<16>;
    using watched::operator();
};

struct dry {
    using mailbox = drover::bounded_mailbox<4, drover::reject_newest, drover::water_marks<50, 0>>;
    void operator()(item) {}
    void operator()(const plug& p) { p.hold(); }
    void operator()(const slow&) {}
};

struct notice {
    bool above;
    std::size_t waiting;
    std::size_t capacity;
    drover::actor_id actor;
};

struct notebook {
    std::mutex mutex;
    std::vector<notice> taken;
    std::vector<bool> turns() {
        const std::lock_guard lock(mutex);
        std::vector<bool> result;
        for (const notice& each : taken) {
            result.push_back(each.above);
        }
        return result;
    }
};

struct reader {
    void operator()(const drover::water_level& now) {
        const std::lock_guard lock(book->mutex);
        book->taken.push_back({now.above, now.waiting, now.capacity, now.actor});
    }
    int operator()(question) const { return 1; }
    notebook* book;
};

using turns = std::vector<bool>;

template <class A>
void fill(const drover::ref<A>& actor, int count) {
    for (int each = 0; each != count; ++each) {
        actor.tell(item{each});
    }
}

}  // namespace

TEST_CASE("a subscriber is told of more than the high mark, then of the low one, in turn") {
    world w;
    notebook book;
    const auto a = w.rt.spawn<watched>();
    const auto r = w.rt.spawn<reader>(&book);
    drover::subscribe_water<drover::features>(a, r);
    drover::subscribe_water<drover::features>(a, r);  // twice is once
    for (std::size_t round = 1; round <= 3; ++round) {
        const plugged leave(a);
        fill(a, 6);
        CHECK(book.turns().size() == 2 * (round - 1));
        CHECK(a.tell(item{7}) == delivery::accepted_above_high_water);
        wait_until([&] { return book.turns().size() == 2 * round - 1; });
        CHECK(a.tell(item{8}) == delivery::accepted_above_high_water);
        leave.open();
        w.settle();
        CHECK(book.turns().size() == 2 * round);
    }
    CHECK(book.turns() == turns{true, false, true, false, true, false});
    CHECK(book.taken.at(0).waiting == 7);
    CHECK(book.taken.at(0).capacity == 8);
    CHECK(book.taken.at(0).actor == a.id());
    CHECK(book.taken.at(1).waiting <= 2);
}

TEST_CASE("several subscribers are told; whoever took it back, or has stopped, is not") {
    world w;
    std::array<notebook, 3> books;
    const auto a = w.rt.spawn<watched>();
    std::vector<drover::ref<reader>> readers;
    for (notebook& each : books) {
        readers.push_back(w.rt.spawn<reader>(&each));
        drover::subscribe_water<drover::features>(a, readers.back());
    }
    const auto cross = [&] {
        const plugged leave(a);
        fill(a, 7);
        leave.open();
        w.settle();
    };
    cross();
    for (notebook& each : books) {
        CHECK(each.turns() == turns{true, false});
    }
    CHECK(drover::unsubscribe_water<drover::features>(a, readers[0]));
    CHECK_FALSE(drover::unsubscribe_water<drover::features>(a, readers[0]));
    readers[1].stop();
    wait_until([&] { return readers[1].stopped(); });
    cross();
    CHECK(books[0].turns().size() == 2);
    CHECK(books[1].turns().size() == 2);
    CHECK(books[2].turns() == turns{true, false, true, false});
    CHECK(w.rt.statistics().dead() == 0);  // nothing was sent to the stopped one
    CHECK_FALSE(drover::unsubscribe_water<drover::features>(a, readers[1]));
}

TEST_CASE("a subscription of nobody, or to a mailbox without a limit, is refused with a sentence") {
    world w;
    notebook book;
    const auto a = w.rt.spawn<watched>();
    const auto r = w.rt.spawn<reader>(&book);
    CHECK_THROWS_WITH(drover::subscribe_water<drover::features>(drover::handle{}, r),
                      "drover: subscribe_water with an empty ref; spawn the actor first");
    CHECK_THROWS_AS(drover::subscribe_water<drover::features>(a, drover::recipient<drover::water_level>{}),
                    std::invalid_argument);
    try {
        drover::subscribe_water<drover::features>(r, r);
        FAIL("no error");
    } catch (const std::logic_error& error) {
        const std::string said = error.what();
        CHECK(said.starts_with("drover: the mailbox of "));
        CHECK(said.ends_with(" has no limit and so no water marks; give the actor a bounded_mailbox"));
    }
    CHECK_FALSE(drover::unsubscribe_water<drover::features>(drover::handle{}, r));
    CHECK_FALSE(drover::unsubscribe_water<drover::features>(r, r));
}

TEST_CASE("a place that is given back may be what brings the mailbox down to its low mark") {
    door reached;
    door go_on;
    world w;
    notebook book;
    const auto d = w.rt.spawn<dry>();
    const auto r = w.rt.spawn<reader>(&book);
    drover::subscribe_water<drover::features>(d, r);
    const plugged leave(d);
    fill(d, 3);
    wait_until([&] { return book.turns() == turns{true}; });
    std::thread failing([&] {
        try {
            d.tell(slow(&reached, &go_on));
        } catch (const std::runtime_error&) {
            return;
        }
        std::abort();
    });
    reached.pass();
    leave.open();
    w.settle();  // all three are handled; the place of the fourth is still taken
    CHECK(book.turns() == turns{true});
    go_on.open();
    failing.join();
    wait_until([&] { return book.turns().size() == 2; });
    CHECK(book.turns() == turns{true, false});
}

TEST_CASE("the last notice says how it stands where the watched actor has an outbox") {
    world w;
    notebook book;
    const auto a = w.rt.spawn<watched_with_outbox>();
    const auto r = w.rt.spawn<reader>(&book);
    drover::subscribe_water<drover::features>(a, r);
    const plug first;
    const plug second;
    const plug third;
    a.tell(first);
    first.entered->pass();
    fill(a, 5);
    a.tell(second);
    a.tell(item{8});  // seven
    wait_until([&] { return book.turns() == turns{true}; });
    first.leave->open();
    second.entered->pass();  // one waits
    a.tell(third);
    fill(a, 6);  // eight
    CHECK(r.ask(question{}).get() == 1);
    CHECK(book.turns() == turns{true, false, true});
    second.leave->open();
    third.entered->pass();
    CHECK(r.ask(question{}).get() == 1);
    CHECK(book.turns() == turns{true, false, true});
    third.leave->open();
    w.settle();
    CHECK(book.turns() == turns{true, false, true, false});
}

namespace {

// Each is the other's subscriber, with a mailbox that crosses its marks by what it is told.
struct mutual {
    using mailbox = drover::bounded_mailbox<4, drover::drop_oldest, drover::water_marks<25, 0>>;
    void operator()(item) {}
    void operator()(const plug& p) { p.hold(); }
    void operator()(const drover::water_level& now) {
        told += 1;
        above = now.above;
    }
    bool operator()(question) const { return above; }
    int told = 0;
    bool above = false;
};

}  // namespace

TEST_CASE("two actors that watch each other neither wait for each other nor end in a circle") {
    world w;
    const auto a = w.rt.spawn<mutual>();
    const auto b = w.rt.spawn<mutual>();
    drover::subscribe_water<drover::features>(a, b);
    drover::subscribe_water<drover::features>(b, a);
    drover::subscribe_water<drover::features>(a, a);
    std::vector<std::thread> senders;
    for (int sender = 0; sender != 2; ++sender) {
        senders.emplace_back([&] {
            for (int round = 0; round != 300; ++round) {
                a.tell(item{round});
                b.tell(item{round});
            }
        });
    }
    for (std::thread& each : senders) {
        each.join();
    }
    w.settle();
    const auto sums = w.rt.statistics();
    CHECK(sums.pending == 0);
    CHECK(sums.offered == sums.handled + sums.dead());
}

TEST_CASE("a watched actor that stops lets go of its subscribers") {
    notebook book;
    drover::ref<reader> kept;
    {
        world w;
        const auto a = w.rt.spawn<watched>();
        const auto r = w.rt.spawn<reader>(&book);
        kept = r;
        drover::subscribe_water<drover::features>(a, r);
        const plugged leave(a);
        fill(a, 8);
        a.stop();
        leave.open();
        wait_until([&] { return a.stopped(); });
        w.settle();
        CHECK(book.turns() == turns{true, false});
    }
    CHECK(kept.cell()->references.load() == 1);
}
