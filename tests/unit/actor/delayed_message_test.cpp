#include <drover/actor/delayed_message.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/plug.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover_test::world;

namespace {

struct show {};

struct notebook {
    void operator()(int n) { seen.push_back(n); }
    void operator()(std::unique_ptr<int> n) { seen.push_back(*n); }
    std::vector<int> operator()(show) const { return seen; }
    std::vector<int> seen;
};

std::vector<int> pages(const drover::ref<notebook>& book) {
    return book.ask(show{}).get();
}

using numbers = std::vector<int>;

}  // namespace

TEST_CASE("a message that was put off is sent when its time has come, and not before") {
    world w;
    const auto book = w.rt.spawn<notebook>();
    const drover::timer_handle late = book.tell_after(10ms, 1);
    const auto early = book.tell_at(w.rt.now() + 5ms, 2);
    CHECK(late.pending());
    CHECK(w.rt.statistics().offered == 0);
    w.clock.advance(5ms - 1ns);
    CHECK(pages(book).empty());
    w.clock.advance(1ns);
    CHECK(pages(book) == numbers{2});
    CHECK_FALSE(early.pending());
    w.clock.advance(5ms);
    CHECK(pages(book) == numbers{2, 1});
    CHECK_FALSE(late.cancel());
    w.clock.advance(1h);
    CHECK(pages(book) == numbers{2, 1});
}

TEST_CASE("a time that has come already sends at once") {
    world w;
    const auto book = w.rt.spawn<notebook>();
    CHECK_FALSE(book.tell_after(0ms, 1).pending());
    CHECK_FALSE(book.tell_after(-5ms, 2).pending());
    CHECK_FALSE(book.tell_at(w.rt.now(), 3).pending());
    CHECK(pages(book) == numbers{1, 2, 3});
}

TEST_CASE("a message that is put off may be move-only") {
    world w;
    const auto book = w.rt.spawn<notebook>();
    book.tell_after(1ms, std::make_unique<int>(7));
    w.clock.advance(1ms);
    CHECK(pages(book) == numbers{7});
}

TEST_CASE("the end of time is far enough") {
    world w;
    const auto book = w.rt.spawn<notebook>();
    const auto never = book.tell_after(drover::clock_duration::max(), 1);
    w.clock.advance(std::chrono::hours(24 * 365));
    CHECK(never.pending());
}

TEST_CASE("at a fixed rate what was missed is made up for; after a fixed delay it is not") {
    world w;
    const auto rate = w.rt.spawn<notebook>();
    const auto delay = w.rt.spawn<notebook>();
    const auto first = rate.tell_every(10ms, 1);
    const auto second = delay.tell_every(10ms, 1, drover::repetition::fixed_delay);
    w.clock.advance(35ms);
    CHECK(pages(rate) == numbers{1, 1, 1});
    CHECK(pages(delay) == numbers{1});
    w.clock.advance(5ms);  // 40: the fourth of the one; the other's next is at 45
    CHECK(pages(rate).size() == 4);
    CHECK(pages(delay).size() == 1);
    w.clock.advance(5ms);
    CHECK(pages(delay).size() == 2);
    CHECK(first.pending());
    CHECK(first.cancel());
    CHECK(second.cancel());
    CHECK_FALSE(second.cancel());
    w.clock.advance(1h);
    CHECK(pages(rate).size() == 4);
    CHECK(pages(delay).size() == 2);
}

TEST_CASE("what a turn of the clock makes due is sent in the order of its times") {
    world w;
    const auto book = w.rt.spawn<notebook>();
    book.tell_after(25ms, 25);
    const auto every = book.tell_every(10ms, 10);
    w.clock.advance(40ms);
    CHECK(pages(book) == numbers{10, 10, 25, 10, 10});
}

TEST_CASE("a period that is not positive is refused with a sentence") {
    world w;
    const auto book = w.rt.spawn<notebook>();
    CHECK_THROWS_WITH(book.tell_every(0ns, 1),
                      Catch::Matchers::Equals("drover: tell_every got a period of 0 ns; use more than 0"));
    CHECK_THROWS_AS(book.tell_every(-1ms, 1), std::invalid_argument);
}

TEST_CASE("an empty ref puts nothing off") {
    const drover::ref<notebook> nobody;
    CHECK_FALSE(nobody.tell_after(1ms, 1).pending());
    CHECK_FALSE(nobody.tell_at(drover::time_point(1ms), 1).pending());
    CHECK_FALSE(nobody.tell_every(1ms, 1).pending());
}

TEST_CASE("what was put off vanishes with its actor, and what comes after that is a dead letter") {
    world w;
    const auto book = w.rt.spawn<notebook>();
    const auto witness = std::make_shared<int>(1);
    const auto holder = w.rt.spawn([](const std::shared_ptr<int>&) {});
    const auto once = holder.tell_after(1s, witness);
    const auto often = holder.tell_every(1s, witness);
    const auto other = book.tell_after(1s, 4);
    CHECK(witness.use_count() == 3);
    holder.stop();
    drover_test::wait_until([&] { return witness.use_count() == 1; });
    CHECK_FALSE(once.pending());
    CHECK_FALSE(often.pending());
    CHECK_FALSE(once.cancel());
    CHECK(w.heard.letters().empty());
    CHECK_FALSE(holder.tell_after(1s, witness).pending());
    CHECK_FALSE(holder.tell_every(1s, witness).pending());
    CHECK(w.heard.dead(drover::dead_letter_reason::stopped) == 2);
    CHECK(witness.use_count() == 1);
    w.clock.advance(2s);
    CHECK(pages(book) == numbers{4});
}

TEST_CASE("a full mailbox makes a dead letter of what was put off, and the clock does not wait") {
    using patient = drover::block_sender<1'000'000>;
    world w(1);
    const auto book = w.rt.spawn<notebook>(drover::spawn_in<drover::bounded_mailbox<1, patient>>{});
    const auto plug = w.rt.spawn([](const drover_test::plug& p) { p.hold(); });
    {
        const drover_test::plugged until_told(plug);  // the only worker
        const auto first = book.tell_after(1ms, 1);
        const auto second = book.tell_after(2ms, 2);
        const auto third = book.tell_every(3ms, 3);
        w.clock.advance(6ms);
        CHECK(w.heard.dead(drover::dead_letter_reason::rejected) == 3);
        CHECK(third.pending());
        CHECK_FALSE(second.pending());
        third.cancel();
    }
    w.settle();
    CHECK(pages(book) == numbers{1});
}

TEST_CASE("a drain lets what was put off vanish") {
    world w;
    const auto book = w.rt.spawn<notebook>();
    const auto witness = std::make_shared<int>(1);
    const auto holder = w.rt.spawn([](const std::shared_ptr<int>&) {});
    holder.tell_after(1s, witness);
    const auto often = book.tell_every(1s, 1);
    CHECK(w.rt.drain(1s));
    CHECK_FALSE(book.tell_after(1s, 2).pending());  // a dead letter
    w.clock.advance(2s);
    CHECK(witness.use_count() == 1);
    CHECK_FALSE(often.pending());
    CHECK(w.rt.statistics().handled == 0);
    CHECK(w.rt.statistics().dead() == 1);
}

TEST_CASE("a drain that finishes timers waits for what is sent once, and names what did not come") {
    world w;
    const auto book = w.rt.spawn<notebook>();
    book.tell_after(1s, 1);
    const auto often = book.tell_every(400ms, 4);
    const auto cancelled = book.tell_after(5s, 5);
    std::thread turner([&] {
        drover_test::wait_until([&] { return !w.rt.core().gate_open(); });
        w.clock.advance(1s);
        drover_test::wait_until([&] { return w.rt.statistics().handled == 3; });
        cancelled.cancel();
    });
    CHECK(w.rt.drain(10s, drover::timed_sends::finish));
    turner.join();
    CHECK(w.rt.statistics().handled == 3);
    // What is done is done: from here on nothing repeats.
    w.clock.advance(10s);
    CHECK_FALSE(often.pending());
    w.settle();
    CHECK(w.rt.statistics().handled == 3);

    world late;
    const auto other = late.rt.spawn<notebook>();
    other.tell_after(std::chrono::hours(24 * 365), 1);
    std::atomic<bool> over{false};
    std::thread clock([&] {
        drover_test::wait_until([&] {
            late.clock.advance(1s);  // a year is far away, however late the drain begins
            return over.load();
        });
    });
    const drover::drain_result result = late.rt.drain(10s, drover::timed_sends::finish);
    over = true;
    clock.join();
    CHECK_FALSE(result);
    REQUIRE(result.stragglers.size() == 1);
    CHECK(result.stragglers[0].name == "timers");
    CHECK(result.stragglers[0].count == 1);
    CHECK(result.stragglers[0].waiting_for == "their time to come");
}

TEST_CASE("after its runtime nothing is sent, and handles say so") {
    drover::timer_handle once;
    drover::timer_handle often;
    drover::ref<notebook> book;
    {
        world w;
        book = w.rt.spawn<notebook>();
        once = book.tell_after(1s, 1);
        often = book.tell_every(1s, 1);
    }
    CHECK_FALSE(once.pending());
    CHECK_FALSE(often.cancel());
    CHECK_FALSE(book.tell_after(1s, 1).pending());
}

namespace {

struct touchy {
    explicit touchy(int copies) : left(copies) {}
    touchy(touchy&&) = default;
    touchy(const touchy& other) : left(other.left - 1) {
        if (left == 0) {
            other.left = 2;  // the next copies go well
            throw std::runtime_error("no copy");
        }
        other.left -= 1;
    }
    mutable int left;
};

struct bad_end {
    bad_end() = default;
    bad_end(bad_end&&) noexcept = default;
    bad_end(const bad_end&) = default;
    ~bad_end() noexcept(false) {
        if (armed != nullptr && *armed) {
            throw std::runtime_error("bad end");
        }
    }
    std::shared_ptr<bool> armed;
};

}  // namespace

TEST_CASE("a copy that throws is reported, and the next is sent") {
    world w;
    int got = 0;
    const auto taker = w.rt.spawn([&](const touchy&) { got += 1; });
    const auto often = taker.tell_every(1ms, touchy(2));
    w.clock.advance(2ms);
    w.settle();
    CHECK(w.heard.failures().size() == 1);
    CHECK(w.heard.failures()[0].what == "no copy");
    CHECK(often.pending());
    CHECK(w.finish());
    CHECK(got == 1);
}

TEST_CASE("a message whose destructor throws when it is cancelled is reported") {
    world w;
    const auto taker = w.rt.spawn([](const bad_end&) {});
    const auto armed = std::make_shared<bool>(false);
    bad_end message;
    message.armed = armed;
    const auto once = taker.tell_after(1s, message);
    const auto often = taker.tell_every(1s, message);
    *armed = true;
    CHECK(once.cancel());
    CHECK(often.cancel());
    CHECK(w.heard.failures().size() == 2);
    *armed = false;
}

namespace {

struct urgent {
    std::size_t level;
};
struct ward {
    using mailbox = drover::priority_mailbox<2>;
    static std::size_t priority(const urgent& u) { return u.level; }
    void operator()(const urgent&) {}
};

struct ticker {
    void started(drover::context& turn) { turn.self<ticker>().tell_at(turn.now() + 1ms, 1); }
    void operator()(int n, drover::context& turn) {
        seen += n;
        if (seen < 3) {
            turn.self<ticker>().tell_after(1ms, 1);
        }
    }
    int operator()(show) const { return seen; }
    int seen = 0;
};

}  // namespace

TEST_CASE("a priority that the mailbox does not have is refused when it is put off") {
    world w;
    const auto a = w.rt.spawn<ward>();
    CHECK_THROWS_AS(a.tell_after(1s, urgent{2}), std::out_of_range);
    const auto right = a.tell_after(1s, urgent{1});
    CHECK(right.pending());
}

TEST_CASE("an actor puts a message to itself off, with its own clock") {
    world w;
    const auto a = w.rt.spawn<ticker>();
    static_cast<void>(a.ask(show{}).get());
    for (int each = 1; each <= 3; ++each) {
        w.clock.advance(1ms);
        CHECK(a.ask(show{}).get() == each);
    }
    w.clock.advance(1h);
    CHECK(a.ask(show{}).get() == 3);
}
