#include <drover/actor/receive_timeout.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace std::chrono_literals;
using drover_test::world;

namespace {

struct set {
    drover::clock_duration after;
};
struct clear {};
struct count {};
struct fail {};

struct listener {
    bool operator()(set s, drover::context& me) {
        me.set_receive_timeout<listener>(s.after);
        return true;
    }
    bool operator()(clear, drover::context& me) {
        me.clear_receive_timeout();
        return true;
    }
    int operator()(count) const { return notices; }
    void operator()(drover::receive_timeout) { notices += 1; }
    void operator()(int) {}
    int notices = 0;
};

// Notices so far, without a message that would put off the next.
int notices_of(const std::atomic<int>& heard, int at_least) {
    drover_test::wait_until([&] { return heard.load() >= at_least; });
    return heard.load();
}

struct counting {
    bool operator()(set s, drover::context& me) {
        me.set_receive_timeout(s.after, [heard = heard](drover::receive_timeout) { heard->fetch_add(1); });
        return true;
    }
    bool operator()(clear, drover::context& me) {
        me.clear_receive_timeout();
        return true;
    }
    int operator()(int n) const { return n; }
    std::shared_ptr<std::atomic<int>> heard;
};

}  // namespace

TEST_CASE("an actor hears of silence, and again after each such time") {
    world w;
    const auto heard = std::make_shared<std::atomic<int>>(0);
    const auto a = w.rt.spawn<counting>(heard);
    CHECK(a.ask(set{10ms}).get());
    w.settle();
    w.clock.advance(10ms - 1ns);
    CHECK(heard->load() == 0);
    w.clock.advance(1ns);
    CHECK(notices_of(*heard, 1) == 1);
    w.settle();
    for (int each = 2; each != 5; ++each) {
        // The timer is armed anew before the notice is given.
        w.clock.advance(10ms);
        CHECK(notices_of(*heard, each) == each);
    }
}

TEST_CASE("a message puts the notice off, from the time at which it was handled") {
    world w;
    const auto heard = std::make_shared<std::atomic<int>>(0);
    const auto a = w.rt.spawn<counting>(heard);
    CHECK(a.ask(set{10ms}).get());
    w.settle();
    w.clock.advance(7ms);
    CHECK(a.ask(1).get() == 1);
    w.settle();
    w.clock.advance(5ms);        // 12: the timer has fired at 10, and is armed for 17
    CHECK(a.ask(2).get() == 2);  // its answer comes after the signal; handled at 12
    w.settle();
    CHECK(heard->load() == 0);
    w.clock.advance(9ms);  // 21: it has fired at 17, and is armed for 22 before the clock goes on
    drover_test::wait_until([&] { return w.rt.core().timers.next_event().has_value(); });
    CHECK(heard->load() == 0);
    w.clock.advance(1ms);  // 22
    CHECK(notices_of(*heard, 1) == 1);
}

TEST_CASE("after it was cleared, or the actor has stopped, there is no notice") {
    world w(1);
    const auto heard = std::make_shared<std::atomic<int>>(0);
    const auto a = w.rt.spawn<counting>(heard);
    CHECK(a.ask(clear{}).get());  // none was set
    CHECK(a.ask(set{10ms}).get());
    CHECK(a.ask(clear{}).get());
    w.clock.advance(1h);
    CHECK(a.ask(1).get() == 1);
    CHECK(heard->load() == 0);
    CHECK(a.ask(set{10ms}).get());
    CHECK(a.ask(set{20ms}).get());  // anew
    w.settle();
    w.clock.advance(10ms);
    CHECK(heard->load() == 0);
    w.clock.advance(10ms);
    CHECK(notices_of(*heard, 1) == 1);
    CHECK(heard.use_count() == 3);  // ours, the actor's, the callable's
    a.stop();
    drover_test::wait_until([&] { return heard.use_count() == 1; });
    w.clock.advance(1h);
    CHECK(heard->load() == 1);
}

TEST_CASE("the notice may be a message to the actor's own handler") {
    world w(1);
    const auto a = w.rt.spawn<listener>();
    CHECK(a.ask(set{10ms}).get());
    w.settle();
    w.clock.advance(10ms);
    CHECK(a.ask(count{}).get() == 1);
    w.settle();
    w.clock.advance(10ms);
    CHECK(a.ask(count{}).get() == 2);
}

TEST_CASE("a runtime that drains gives no notice, and is done although one would come") {
    world w;
    const auto heard = std::make_shared<std::atomic<int>>(0);
    const auto a = w.rt.spawn<counting>(heard);
    CHECK(a.ask(set{10ms}).get());
    CHECK(w.finish());
    w.clock.advance(1h);
    CHECK(heard->load() == 0);
}

TEST_CASE("a time that is not positive is refused with a sentence") {
    world w;
    const auto a = w.rt.spawn<listener>();
    try {
        static_cast<void>(a.ask(set{0ns}).get());
        FAIL("it was taken");
    } catch (const drover::ask_failed& error) {
        CHECK_THROWS_WITH(std::rethrow_exception(error.error().exception),
                          Catch::Matchers::Equals("drover: set_receive_timeout got 0 ns; use more than 0, or "
                                                  "clear_receive_timeout()"));
    }
}

namespace {

struct busy {
    using batches = drover::of<int>;
    void operator()(std::span<int> some) { sum += static_cast<int>(some.size()); }
    bool operator()(set s, drover::context& me) {
        me.set_receive_timeout<busy>(s.after);
        return true;
    }
    void operator()(drover::receive_timeout) { notices += 1; }
    void operator()(fail) { throw std::runtime_error("failed"); }
    std::pair<int, int> operator()(count) const { return {sum, notices}; }
    int sum = 0;
    int notices = 0;
};

}  // namespace

TEST_CASE("batches and failures of an actor that hears of silence") {
    world w(1);
    const auto a = w.rt.spawn<busy>();
    CHECK(a.ask(set{10ms}).get());
    a.tell_batch(std::vector<int>(300, 1));
    CHECK(a.ask(count{}).get() == std::pair{300, 0});
    w.settle();
    w.clock.advance(10ms);
    CHECK(a.ask(count{}).get() == std::pair{300, 1});
    w.settle();
    CHECK(w.rt.statistics().handled == 303);
    a.tell(fail{});
    drover_test::wait_until([&] { return a.stopped(); });
    w.clock.advance(1h);
    CHECK(w.rt.statistics().dead() == 1);
}
