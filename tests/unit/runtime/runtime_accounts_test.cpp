// Where every message went: dead letters and failures, their sinks, the counters, and memory that runs out.
#include <drover/runtime/runtime.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/capture.hpp"
#include "support/failing_new.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::context;
using drover::dead_letter_reason;
using drover::delivery;
using drover_test::await_closed;
using drover_test::door;
using drover_test::wait_until;
using drover_test::world;

namespace {

// What a test knows of its own sends, to hold against what the runtime says.
struct oracle {
    std::uint64_t offered = 0;
    std::uint64_t returned = 0;
    std::uint64_t stopped = 0;
    std::uint64_t failed = 0;

    void agrees_with(const world& w, std::uint64_t handled, std::uint64_t pending) const {
        const auto accounts = w.rt.statistics();
        CHECK(accounts.offered == offered);
        CHECK(accounts.returned == returned);
        CHECK(accounts.handled == handled);
        CHECK(accounts.dead(dead_letter_reason::stopped) == stopped);
        CHECK(accounts.dead(dead_letter_reason::failed) == failed);
        CHECK(accounts.dead() == stopped + failed);
        CHECK(accounts.pending == pending);
        CHECK(offered == handled + returned + stopped + failed + pending);
        CHECK(w.heard.dead(dead_letter_reason::stopped) == stopped);
        CHECK(w.heard.dead(dead_letter_reason::failed) == failed);
    }
};

struct bulky {
    std::array<char, 1000> bytes{};
};

struct taker {
    std::atomic<int>* handled;
    void operator()(int) { *handled += 1; }
    void operator()(const door* way) { way->pass(); }
    void operator()(const bulky&) { *handled += 1; }
    int operator()(const std::string& text) {
        *handled += 1;
        return static_cast<int>(text.size());
    }
};

// Sends until memory for it runs out; how many were accepted before.
template <class Send>
int send_until_out_of_memory(Send send) {
    int accepted = 0;
    const drover_test::failing_new none;
    try {
        for (;;) {
            send();
            accepted += 1;
        }
    } catch (const std::bad_alloc&) {
        return accepted;
    }
}

}  // namespace

TEST_CASE("the accounts agree with the test's own at every quiescent point") {
    oracle mine;
    door entered;
    door leave;
    world w(1);
    std::atomic<int> handled{0};
    auto a = w.rt.spawn(drover::overload{[&](int n) {
                                             if (n < 0) {
                                                 throw std::runtime_error("negative");
                                             }
                                             handled += 1;
                                             return n;
                                         },
                                         [&](const std::string&) {
                                             entered.open();
                                             leave.pass();
                                             handled += 1;
                                         }});
    mine.agrees_with(w, 0, 0);
    a.tell(1);
    a.tell_batch(std::vector<int>{1, 2, 3});
    int five = 5;
    CHECK(a.try_tell(five) == delivery::accepted);
    CHECK(a.ask(6).get() == 6);
    mine.offered += 6;
    w.settle();
    mine.agrees_with(w, 6, 0);

    a.tell(std::string("hold it"));
    entered.pass();
    a.tell(7);
    a.tell(-1);
    a.tell(8);
    auto asked = a.ask(9);
    mine.offered += 5;
    mine.agrees_with(w, 6, 5);
    leave.open();
    wait_until([&] { return a.stopped(); });
    w.settle();
    mine.failed += 1;
    mine.stopped += 2;
    mine.agrees_with(w, 8, 0);
    CHECK(asked.result().error().code == drover::ask_error::actor_stopped);

    a.tell(10);
    CHECK(a.try_tell(five) == delivery::stopped);
    a.tell_batch(std::vector<int>{1, 2});
    static_cast<void>(a.ask(11));
    mine.offered += 5;
    mine.returned += 1;
    mine.stopped += 4;
    mine.agrees_with(w, 8, 0);

    CHECK(w.finish());
    a.tell(12);
    CHECK(a.try_tell(five) == delivery::stopped);
    a.tell_batch(std::vector<int>{1, 2, 3});
    static_cast<void>(a.ask(13));
    mine.offered += 6;
    mine.returned += 1;
    mine.stopped += 5;
    mine.agrees_with(w, 8, 0);
    CHECK(w.rt.stop().complete);
    mine.agrees_with(w, 8, 0);
    CHECK(handled == 8);
}

TEST_CASE("the accounts agree at any moment, also while all is in motion") {
    world w(2);
    std::atomic<int> handled{0};
    auto a = w.rt.spawn<taker>(&handled);
    std::atomic<bool> done{false};
    std::thread sender([&] {
        for (int n = 0; n != 5000; ++n) {
            a.tell(n);
        }
        done = true;
    });
    std::uint64_t last = 0;
    bool agreed = true;
    while (!done) {
        const auto accounts = w.rt.statistics();
        agreed =
            agreed && accounts.offered == accounts.handled + accounts.returned + accounts.dead() + accounts.pending;
        agreed = agreed && accounts.pending <= 5000 && accounts.offered >= last;
        last = accounts.offered;
    }
    sender.join();
    CHECK(agreed);
    CHECK(w.finish());
    CHECK(w.rt.statistics().handled == 5000);
}

TEST_CASE("a sink that throws is named on standard error, and nothing else happens") {
    const std::string said = drover_test::standard_error_of([] {
        world w(1, [](drover::runtime_options& o) {
            o.on_dead_letter = [](const drover::dead_letter&) { throw std::runtime_error("letter sink"); };
            o.on_failure = [](const drover::failure&) { throw 5; };
        });
        auto a = w.rt.spawn([](int n) {
            if (n < 0) {
                throw std::runtime_error("negative");
            }
        });
        a.tell(-1);
        wait_until([&] { return a.stopped(); });
        a.tell(1);
        w.finish();
    });
    CHECK_THAT(said, Catch::Contains("a sink threw (letter sink)") &&
                         Catch::Contains("a sink threw (an exception that is no std::exception)"));
}

TEST_CASE("without own sinks there is a line on standard error for a failure and for a dead letter") {
    const std::string said = drover_test::standard_error_of([] {
        drover::runtime rt({.threads = 1});
        auto a = rt.spawn(drover::spawn_options{.name = "clumsy"}, [](int) { throw std::runtime_error("dropped it"); });
        a.tell(1);
        wait_until([&] { return a.stopped(); });
        CHECK(rt.drain(1h).complete);
    });
    CHECK_THAT(said, Catch::Contains("drover: clumsy #1 failed in int: dropped it") &&
                         Catch::Contains("drover: dead letter (failed): int to clumsy #1"));
}

TEST_CASE("a sink may send: to living actors, and to the dead one without end or recursion") {
    std::atomic<int> sunk{0};
    std::atomic<int> forwarded{0};
    drover::recipient<int> dead;
    drover::recipient<int> living;
    world w(2, [&](drover::runtime_options& o) {
        o.on_dead_letter = [&](const drover::dead_letter&) {
            sunk += 1;
            dead.tell(0);
            living.tell(1);
        };
    });
    living = w.rt.spawn([&](int n) { forwarded += n; });
    auto a = w.rt.spawn([](int) {});
    dead = a;
    SECTION("from outside") {
        a.stop();
        await_closed(a);
        a.tell(1);
        a.tell(2);
        CHECK(sunk == 2);
        CHECK(w.rt.statistics().dead() == 4);  // the sink's own are counted and not reported
    }
    SECTION("from the worker that stops the actor, with a queue") {
        door entered;
        door leave;
        auto b = w.rt.spawn([&](int) {
            entered.open();
            leave.pass();
        });
        dead = b;
        b.tell(1);
        entered.pass();
        b.tell_batch(std::vector<int>{2, 3, 4});
        b.stop();
        leave.open();
        wait_until([&] { return b.stopped(); });
        w.settle();
        CHECK(sunk == 3);
        CHECK(w.rt.statistics().dead() == 6);
    }
    CHECK(w.finish());
    CHECK(forwarded == sunk);
    dead = {};
    living = {};
}

TEST_CASE("a sink may read the statistics while another thread drains") {
    drover::runtime* rt = nullptr;
    door inside;
    door go_on;
    std::atomic<std::uint64_t> counted{0};
    world w(1, [&](drover::runtime_options& o) {
        o.on_dead_letter = [&](const drover::dead_letter&) {
            inside.open();
            go_on.pass();
            counted = rt->statistics().dead();
        };
    });
    rt = &w.rt;
    auto a = w.rt.spawn([](int) {});
    a.stop();
    await_closed(a);  // else its worker may call the sink, and a drain would wait for that worker
    std::thread sender([&] { a.tell(1); });
    inside.pass();
    CHECK_FALSE(w.rt.drain(0ns).complete);  // a send is under way
    std::thread drainer([&] { CHECK(w.rt.drain(1s).complete); });
    go_on.open();
    sender.join();
    drainer.join();
    CHECK(counted == 1);
}

TEST_CASE("a message whose copy blocks does not hold a drain beyond its patience") {
    door entered;
    door leave;
    struct slow_copy {
        door* entered;
        door* leave;
        slow_copy(door* in, door* out) : entered(in), leave(out) {}
        slow_copy(const slow_copy& other) : entered(other.entered), leave(other.leave) {
            entered->open();
            leave->pass();
        }
        slow_copy(slow_copy&&) = default;
        slow_copy& operator=(const slow_copy&) = default;
        slow_copy& operator=(slow_copy&&) = default;
        ~slow_copy() = default;
    };
    world w(1);
    std::atomic<int> handled{0};
    auto a = w.rt.spawn([&](const slow_copy&) { handled += 1; });
    std::thread sender([&] {
        const slow_copy message(&entered, &leave);
        a.tell(message);
    });
    entered.pass();
    CHECK_FALSE(w.rt.drain(0ns).complete);
    leave.open();
    sender.join();
    CHECK(w.rt.drain(1s).complete);
    CHECK(handled == 1);  // it had passed the gate
}

TEST_CASE("out of memory in a send: the sender hears of it, what was accepted is handled, nothing else is lost") {
    std::atomic<int> handled{0};
    door way;
    world w(1);
    auto a = w.rt.spawn<taker>(&handled);
    const door* const held = &way;
    a.tell(held);  // so that what is sent keeps its memory
    a.tell(0);
    int accepted = 1;
    SECTION("tell of a small message, whose memory is the pool's") {
        accepted += send_until_out_of_memory([&] { a.tell(1); });
    }
    SECTION("tell of a large message, which has memory of its own") {
        const bulky message{};
        const int sent = send_until_out_of_memory([&] { a.tell(message); });
        CHECK(sent == 0);
    }
    SECTION("try_tell leaves the message") {
        std::string text(100, 'x');
        bool intact = false;
        const int sent = send_until_out_of_memory([&] {
            try {
                std::string copy;
                copy.swap(text);
                struct put_back {
                    std::string& from;
                    std::string& to;
                    ~put_back() { to.swap(from); }
                } const scope{copy, text};
                if (a.try_tell(copy) == delivery::accepted) {
                    copy.assign("short");
                }
            } catch (const std::bad_alloc&) {
                intact = text == "short" || text.size() == 100;
                throw;
            }
        });
        accepted += sent;
        CHECK(intact);
    }
    SECTION("a batch is not sent in part") {
        const std::vector<int> batch(100, 1);
        accepted += 100 * send_until_out_of_memory([&] { a.tell_batch(batch); });
    }
    SECTION("ask") {
        const std::string text("short");
        accepted += send_until_out_of_memory([&] { static_cast<void>(a.ask(text)); });
    }
    way.open();
    a.tell(1);
    accepted += 1;
    CHECK(w.finish());
    CHECK(handled == accepted);
    const auto accounts = w.rt.statistics();
    CHECK(accounts.offered == static_cast<std::uint64_t>(accepted) + 1);
    CHECK(accounts.dead() == 0);
}

TEST_CASE("a timeout that comes after the reply, or is dropped with its answer, is no late reply") {
    world w(1);
    auto a = w.rt.spawn([](int n) { return n; });
    for (int each = 0; each != 10; ++each) {
        CHECK(a.ask(each, 1s).get() == each);
        static_cast<void>(a.ask(each, 1s));
    }
    w.settle();
    w.clock.advance(2s);
    CHECK(w.finish());
    CHECK(w.rt.statistics().late_replies == 0);
}
