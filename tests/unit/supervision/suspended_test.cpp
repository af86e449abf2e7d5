#include <drover/supervision/supervised.hpp>

#include <chrono>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>

#include "support/oracle.hpp"
#include "support/world.hpp"

// Supervision, silence and coroutines meet: what becomes of a handler that waits when its actor fails by something
// else.
using namespace std::chrono_literals;
using drover::context;
using drover::directive;
using drover::supervised;
using drover_test::await_held;
using drover_test::blocks_in_use;
using drover_test::exact;
using drover_test::oracle;
using drover_test::riddle;
using drover_test::solve;
using drover_test::wait_until;
using drover_test::world;
using reason = drover::dead_letter_reason;

namespace {

using lines = std::vector<std::string>;

class log_of_test {
public:
    void add(std::string line) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(line));
    }
    lines all() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

private:
    mutable std::mutex mutex_;
    lines lines_;
};

struct leaves {
    leaves(log_of_test& log, const char* what) : log_(log), what_(what) {}
    leaves(const leaves&) = delete;
    leaves& operator=(const leaves&) = delete;
    ~leaves() { log_.add(what_); }
    log_of_test& log_;
    const char* what_;
};

struct question {
    int number;
};
struct plain {};

struct witness {
    void operator()(plain) {}
};

// Fails, while it waits for the oracle, when its witness stops.
struct thinker {
    thinker(drover::ref<oracle> asked, drover::ref<witness> seen, log_of_test* log)
        : oracle_(std::move(asked)), witness_(std::move(seen)), log_(log), state_(*log, "state") {}

    drover::task<int> operator()(question q, context& me) {
        const leaves frame(*log_, "frame");
        me.watch(witness_, [](drover::stopped_event&&) { throw std::runtime_error("lost"); });
        const int more = co_await oracle_.ask(riddle{});
        co_return q.number + more;
    }
    int operator()(plain) const { return 7; }
    void restarting(const std::exception_ptr& cause) { log_->add("restarting: " + drover::describe(cause)); }

    drover::ref<oracle> oracle_;
    drover::ref<witness> witness_;
    log_of_test* log_;
    leaves state_;
};

}  // namespace

TEST_CASE("an actor that restarts while its coroutine waits: the frame goes, then the state, and the mailbox stays") {
    const std::size_t before = blocks_in_use();
    {
        log_of_test log;
        world w;
        const auto o = w.rt.spawn<oracle>();
        const auto seen = w.rt.spawn<witness>();
        const auto a = w.rt.spawn<thinker>(supervised{}, o, seen, &log);
        auto reply = a.ask(question{1});
        await_held(a);
        auto waits = a.ask(plain{});
        seen.stop();
        const auto outcome = reply.result();
        REQUIRE_FALSE(outcome);
        CHECK(outcome.error().code == drover::ask_error::actor_stopped);
        CHECK(waits.get() == 7);  // by the new state
        CHECK(log.all() == lines{"frame", "restarting: lost", "state"});
        CHECK_FALSE(a.stopped());
        o.tell(solve{1});  // for nobody
        w.settle();
        CHECK(w.heard.dead(reason::stopped) == 1);
        CHECK(w.heard.letters().size() == 1);
        CHECK(exact(w.rt.statistics()));
        CHECK(w.finish());
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("an actor that goes on after a failure finishes the coroutine that waits") {
    log_of_test log;
    world w;
    const auto o = w.rt.spawn<oracle>();
    const auto seen = w.rt.spawn<witness>();
    const auto a = w.rt.spawn<thinker>(supervised{.plan = {.on_failure = directive::resume}}, o, seen, &log);
    auto reply = a.ask(question{1});
    await_held(a);
    seen.stop();
    wait_until([&] { return w.heard.failures().size() == 1; });
    CHECK(log.all().empty());
    o.tell(solve{10});
    CHECK(reply.get() == 11);
    CHECK(log.all() == lines{"frame"});
    CHECK(w.finish());
    CHECK(w.rt.statistics().dead() == 0);
}

TEST_CASE("an actor that stops of a failure while its coroutine waits") {
    log_of_test log;
    world w;
    const auto o = w.rt.spawn<oracle>();
    const auto seen = w.rt.spawn<witness>();
    const auto a = w.rt.spawn<thinker>(o, seen, &log);
    auto reply = a.ask(question{1});
    await_held(a);
    seen.stop();
    CHECK(reply.result().error().code == drover::ask_error::actor_stopped);
    wait_until([&] { return a.stopped(); });
    CHECK(log.all() == lines{"frame", "state"});
    w.settle();
    CHECK(exact(w.rt.statistics()));
}

namespace {

struct begin {};
struct count {};

struct drowsy {
    drover::task<int> operator()(question q, context& me) {
        me.set_receive_timeout<drowsy>(10ms);
        co_return q.number + co_await oracle_.ask(riddle{});
    }
    void operator()(drover::receive_timeout) { notices_ += 1; }
    int operator()(count) const { return notices_; }
    drover::ref<oracle> oracle_;
    int notices_ = 0;
};

}  // namespace

TEST_CASE("silence begins anew when a coroutine has finished, and is heard after it") {
    world w(1);
    const auto o = w.rt.spawn<oracle>();
    const auto a = w.rt.spawn<drowsy>(o);
    auto reply = a.ask(question{1});
    await_held(a);
    w.clock.advance(6ms);
    o.tell(solve{1});
    CHECK(reply.get() == 2);
    w.settle();
    w.clock.advance(9ms);  // 15: nine since it finished
    CHECK(a.ask(count{}).get() == 0);
    w.settle();
    w.clock.advance(10ms);
    CHECK(a.ask(count{}).get() == 1);
}
