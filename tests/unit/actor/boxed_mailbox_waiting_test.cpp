#include <drover/actor/boxed_mailbox.hpp>

#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/plug.hpp"
#include "support/world.hpp"

using drover::delivery;
using drover_test::blocks_in_use;
using drover_test::door;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

namespace {

using reason = drover::dead_letter_reason;
using std::chrono::milliseconds;

struct item {
    int number;
};
struct question {};

// Fails to be moved in the moment between its place and its envelope, after doing what a test wants done there.
struct bomb {
    explicit bomb(std::function<void()> what) : before(std::move(what)) {}
    bomb(bomb&& from) : before(std::move(from.before)) {
        before();
        throw std::runtime_error("bomb");
    }
    std::function<void()> before;
};

struct keeper {
    void operator()(item i) { seen_.push_back(i.number); }
    void operator()(const plug& p) { p.hold(); }
    void operator()(const bomb&) {}
    std::vector<int> operator()(question) const { return seen_; }
    std::vector<int> seen_{};
};

template <class Overflow, std::size_t N = 2>
auto spawn_bounded(world& w) {
    return w.rt.spawn<keeper>(drover::spawn_in<drover::bounded_mailbox<N, Overflow>>{});
}

// An actor that is in a handler until it is let go, and whose mailbox is full.
struct full {
    full(const drover::ref<keeper>& actor, int count) : leave(actor) {
        for (int each = 1; each <= count; ++each) {
            CHECK(drover::is_accepted(actor.tell(item{each})));
        }
    }
    const plugged leave;
};

void check_identity(const drover::accounting& sums) {
    CHECK(sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending);
}

using numbers = std::vector<int>;
template <class Error>
drover::ask_error::code_type code_of(const Error& outcome) {
    return outcome.error().code;
}

}  // namespace

TEST_CASE("reject_newest answers rejected_full, and the message is a dead letter") {
    world w;
    const auto a = spawn_bounded<drover::reject_newest>(w);
    full f(a, 2);
    CHECK(a.tell(item{3}) == delivery::rejected_full);
    item four{4};
    CHECK(a.try_tell(four) == delivery::rejected_full);
    CHECK(code_of(a.ask(question{}).result()) == drover::ask_error::mailbox_full);
    CHECK(a.tell_batch(std::vector<item>{{5}, {6}}) == delivery::rejected_full);
    f.leave.open();
    w.settle();
    CHECK(a.ask(question{}).get() == numbers{1, 2});
    w.settle();
    const auto sums = w.rt.statistics();
    CHECK(sums.dead(reason::rejected) == 4);
    CHECK(sums.returned == 1);
    CHECK(sums.handled == 4);
    check_identity(sums);
}

TEST_CASE("drop_newest answers dropped") {
    world w;
    const auto a = spawn_bounded<drover::drop_newest>(w);
    full f(a, 2);
    CHECK(a.tell(item{3}) == delivery::dropped);
    item four{4};
    CHECK(a.try_tell(four) == delivery::dropped);
    CHECK(code_of(a.ask(question{}).result()) == drover::ask_error::mailbox_full);
    f.leave.open();
    w.settle();
    CHECK(a.ask(question{}).get() == numbers{1, 2});
    w.settle();
    CHECK(w.rt.statistics().dead(reason::dropped) == 2);
    CHECK(w.rt.statistics().returned == 1);
    check_identity(w.rt.statistics());
}

TEST_CASE("drop_oldest makes room with the oldest, for single messages, asks and batches") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        const auto a = spawn_bounded<drover::drop_oldest, 3>(w);
        {
            full f(a, 3);
            CHECK(drover::is_accepted(a.tell(item{4})));
            CHECK(drover::is_accepted(a.tell_batch(std::vector<item>{{5}, {6}})));
            item seven{7};
            CHECK(drover::is_accepted(a.try_tell(seven)));
            CHECK(a.tell_batch(std::vector<item>(4, item{0})) == delivery::dropped);  // more than there is room for
            CHECK(w.rt.statistics().dead(reason::dropped) == 8);
        }
        w.settle();
        CHECK(a.ask(question{}).get() == numbers{5, 6, 7});
        w.settle();
        CHECK(w.heard.dead(reason::dropped) == 8);
        check_identity(w.rt.statistics());
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("an ask that is evicted is answered that it will not be") {
    world w;
    const auto a = spawn_bounded<drover::drop_oldest, 1>(w);
    full f(a, 0);
    auto answer = a.ask(question{});
    a.tell(item{1});
    CHECK(answer.is_ready());
    CHECK_THROWS_AS(answer.get(), drover::ask_failed);
}

TEST_CASE("drop_oldest leaves the end mark where it is, and what came before it alone goes") {
    world w;
    const auto a = spawn_bounded<drover::drop_oldest, 2>(w);
    {
        full f(a, 2);
        a.stop_when_drained();
        CHECK(drover::is_accepted(a.tell(item{3})));  // 1 goes
        CHECK(drover::is_accepted(a.tell(item{4})));  // 2 goes
        CHECK(drover::is_accepted(a.tell(item{5})));  // 3 goes, which is behind the mark
    }
    wait_until([&] { return a.stopped(); });
    w.settle();
    CHECK(w.rt.statistics().handled == 1);
    CHECK(w.rt.statistics().dead(reason::dropped) == 3);
    CHECK(w.rt.statistics().dead(reason::stopped) == 2);
    check_identity(w.rt.statistics());
}

TEST_CASE("the dead-letter sink may send to the very actor whose message was evicted") {
    drover::ref<keeper> target;
    std::vector<delivery> answers;
    {
        world w(2, [&](drover::runtime_options& o) {
            o.on_dead_letter = [&](const drover::dead_letter&) { answers.push_back(target.tell(item{100})); };
        });
        target = spawn_bounded<drover::drop_oldest, 1>(w);
        {
            full f(target, 1);
            CHECK(drover::is_accepted(target.tell(item{2})));
            CHECK(answers.size() == 1);
            CHECK(drover::is_accepted(answers.at(0)));
        }
        w.settle();
        CHECK(target.ask(question{}).get() == numbers{100});
        answers.clear();
        w.settle();
        check_identity(w.rt.statistics());
    }
    target = {};
}

TEST_CASE("a message that sends to its own receiver while it is built does not wait for itself") {
    world w;
    const auto a = spawn_bounded<drover::drop_oldest, 1>(w);
    {
        full f(a, 0);
        delivery inner{};
        CHECK_THROWS(a.tell(bomb([&] { inner = a.tell(item{1}); })));  // the one place is the bomb's
        CHECK(inner == delivery::dropped);
        CHECK(drover::is_accepted(a.tell(item{2})));  // and was given back
    }
    w.settle();
    CHECK(a.ask(question{}).get() == numbers{2});
    w.settle();
    check_identity(w.rt.statistics());
}

TEST_CASE("a message that cannot be built gives its place back") {
    world w;
    const auto a = spawn_bounded<drover::reject_newest>(w);
    {
        full f(a, 1);
        for (int round = 0; round != 5; ++round) {
            delivery inner{};
            CHECK_THROWS_WITH(a.tell(bomb([&] { inner = a.tell(item{0}); })), "bomb");
            CHECK(inner == delivery::rejected_full);
            bomb kept([] {});
            CHECK_THROWS_WITH(a.try_tell(kept), "bomb");
        }
        CHECK(drover::is_accepted(a.tell(item{2})));
        CHECK(a.tell(item{3}) == delivery::rejected_full);
    }
    w.settle();
    CHECK(a.ask(question{}).get() == numbers{1, 2});
    w.settle();
    check_identity(w.rt.statistics());
}

TEST_CASE("fail_actor refuses the message and fails the actor with mailbox_overflow") {
    world w;
    const auto a = spawn_bounded<drover::fail_actor>(w);
    {
        full f(a, 2);
        CHECK(a.tell(item{3}) == delivery::rejected_full);
        CHECK(a.tell(item{4}) == delivery::rejected_full);
    }
    wait_until([&] { return a.stopped(); });
    w.settle();
    REQUIRE(w.heard.failures().size() == 1);
    CHECK_THROWS_AS(std::rethrow_exception(w.heard.failures()[0].exception), drover::mailbox_overflow);
    CHECK(w.heard.failures()[0].message == "its mailbox");
    CHECK(w.rt.statistics().dead(reason::rejected) == 2);
    CHECK(w.rt.statistics().dead(reason::stopped) == 2);
    CHECK(a.tell(item{5}) == delivery::stopped);
    check_identity(w.rt.statistics());
}

TEST_CASE("block_sender waits for room, and a worker may not") {
    world w;
    const auto a = spawn_bounded<drover::block_sender<50>, 1>(w);
    full f(a, 1);
    delivery inside{};
    const auto b = w.rt.spawn([&](question) {
        inside = a.tell(item{9});
        return 0;
    });
    CHECK(b.ask(question{}).get() == 0);
    CHECK(inside == delivery::would_deadlock);
    item kept{8};
    CHECK(a.try_tell(kept) == delivery::rejected_full);                           // never waits
    CHECK(a.tell_batch(std::vector<item>{{1}, {2}}) == delivery::rejected_full);  // would never have room
    delivery waited{};
    std::thread sender([&] { waited = a.tell(item{2}); });
    wait_until([&] { return a.cell()->box->room->awaited(); });
    f.leave.open();
    sender.join();
    CHECK(drover::is_accepted(waited));
    w.settle();
    CHECK(a.ask(question{}).get() == numbers{1, 2});
    w.settle();
    check_identity(w.rt.statistics());
    CHECK(w.rt.statistics().dead(reason::rejected) == 3);
}

namespace {

// Who waits for room is counted where only heirs may look.
struct opened : drover::admission {
    static std::uint32_t waiters(const drover::ref<keeper>& a) {
        return (a.cell()->box->room->*&opened::waiters_).load();
    }
};

// Sends from a thread of its own to a full blocking mailbox, and gives what it was answered.
class blocked_thread {
public:
    explicit blocked_thread(const drover::ref<keeper>& a, std::function<delivery()> send = {}) {
        const std::uint32_t before = opened::waiters(a);
        thread_ = std::thread([this, a, send] { answer_ = send ? send() : a.tell(item{77}); });
        wait_until([&] { return opened::waiters(a) > before; });
    }
    blocked_thread(const blocked_thread&) = delete;
    blocked_thread& operator=(const blocked_thread&) = delete;
    ~blocked_thread() {
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    delivery answer() {
        thread_.join();
        return answer_;
    }

private:
    delivery answer_{};
    std::thread thread_;
};

}  // namespace

TEST_CASE("a blocked sender hears of its deadline on the runtime's clock") {
    world w;
    const auto a = spawn_bounded<drover::block_sender<50>, 1>(w);
    full f(a, 1);
    blocked_thread one(a);
    blocked_thread two(a);
    w.clock.advance(milliseconds(49));
    CHECK(w.rt.statistics().dead() == 0);
    w.clock.advance(milliseconds(1));
    CHECK(one.answer() == delivery::timed_out);
    CHECK(two.answer() == delivery::timed_out);
    CHECK(w.rt.statistics().dead(reason::rejected) == 2);
    check_identity(w.rt.statistics());
}

TEST_CASE("a blocked sender hears of the actor's stop") {
    world w;
    const auto a = spawn_bounded<drover::block_sender<50>, 1>(w);
    full f(a, 1);
    blocked_thread one(a);
    a.stop();
    f.leave.open();
    const delivery answer = one.answer();  // one that looks just then may find room before the mailbox is closed
    CHECK((answer == delivery::stopped || drover::is_accepted(answer)));
    w.settle();
    CHECK(w.rt.statistics().dead(reason::stopped) == 2);
    check_identity(w.rt.statistics());
}

TEST_CASE("a blocked sender hears of the stop of an actor whose places are all reserved and none filled") {
    door reached;
    door go_on;
    world w;
    const auto a = spawn_bounded<drover::block_sender<50>, 1>(w);
    std::thread failing([&] {
        try {
            a.tell(bomb([&] {
                reached.open();
                go_on.pass();
            }));
        } catch (const std::runtime_error&) {
            return;
        }
        std::abort();
    });
    reached.pass();
    blocked_thread one(a);
    a.stop();  // nothing is popped, so no release rings
    CHECK(one.answer() == delivery::stopped);
    go_on.open();
    failing.join();
    check_identity(w.rt.statistics());
}

TEST_CASE("a blocked sender hears of the runtime's drain and stop, which do not wait for it") {
    world w;
    const auto a = spawn_bounded<drover::block_sender<50>, 1>(w);
    full f(a, 1);
    blocked_thread one(a);
    std::thread ending;
    bool complete = false;
    SECTION("drain") {
        ending = std::thread([&] { complete = w.finish(); });
    }
    SECTION("stop") {
        ending = std::thread([&] { complete = static_cast<bool>(w.rt.stop()); });
    }
    CHECK(one.answer() == delivery::stopped);
    f.leave.open();
    ending.join();
    CHECK(complete);
    check_identity(w.rt.statistics());
    CHECK(w.rt.statistics().pending == 0);
}

TEST_CASE("a blocked sender gets the place that a message that cannot be built gives back") {
    door reached;
    door go_on;
    world w;
    const auto a = spawn_bounded<drover::block_sender<50>, 1>(w);
    full f(a, 0);
    std::thread failing([&] {
        try {
            a.tell(bomb([&] {
                reached.open();
                go_on.pass();
            }));
        } catch (const std::runtime_error&) {
            return;
        }
        std::abort();
    });
    reached.pass();
    blocked_thread one(a);
    go_on.open();
    failing.join();
    CHECK(drover::is_accepted(one.answer()));
    f.leave.open();
    w.settle();
    check_identity(w.rt.statistics());
}

TEST_CASE("a blocked batch gets all of its places at once") {
    world w;
    const auto a = spawn_bounded<drover::block_sender<50>, 3>(w);
    {
        full f(a, 2);
        blocked_thread one(a, [a] { return a.tell_batch(std::vector<item>{{3}, {4}, {5}}); });
        f.leave.open();
        CHECK(drover::is_accepted(one.answer()));
    }
    w.settle();
    CHECK(a.ask(question{}).get() == numbers{1, 2, 3, 4, 5});
}

TEST_CASE("replies, stops and continuations do not count for the capacity") {
    world w;
    struct asker {
        void operator()(const drover::ref<keeper>& other, drover::context& me) {
            for (int each = 0; each != 20; ++each) {
                other.ask(question{}).then(me, [this](auto&&) { answers += 1; });
            }
        }
        int operator()(question) const { return answers; }
        int answers = 0;
    };
    const auto a = w.rt.spawn<keeper>();
    const auto q = w.rt.spawn<asker>(drover::spawn_in<drover::bounded_mailbox<1>>{});
    CHECK(drover::is_accepted(q.tell(a)));
    w.settle();
    wait_until([&] { return q.ask(question{}).get() == 20; });
}
