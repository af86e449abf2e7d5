// Children that do not stop in time: their parents go on without them, and they end by themselves.
#include <drover/actor/stop_limit.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover::context;
using drover::spawn_options;
using drover::supervised;
using drover_test::blocks_in_use;
using drover_test::door;
using drover_test::wait_until;

namespace {

using namespace std::chrono_literals;
using reason = drover::dead_letter_reason;

// Longer than any loop that turns the clock second by second.
constexpr drover::clock_duration stop_deadline = 1'000'000h;

class straggler_record {
public:
    void take(const drover::straggler& late) {
        const std::lock_guard lock(mutex_);
        all_.push_back(late);
    }
    std::vector<drover::straggler> all() const {
        const std::lock_guard lock(mutex_);
        return all_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<drover::straggler> all_;
};

struct world : straggler_record, drover_test::world {
    explicit world(std::size_t threads = 4)
        : drover_test::world(threads, [this](drover::runtime_options& options) {
              options.on_straggler = [this](const drover::straggler& late) { take(late); };
              options.stop_deadline = stop_deadline;
          }) {}

    // Some parent waits for a child, and its patience is measured.
    void await_timer() {
        wait_until([&] { return rt.core().timers.next_event().has_value(); });
    }
    bool timer_armed() { return rt.core().timers.next_event().has_value(); }
};

struct wait_for {
    door* inside;
    door* until;
    bool then_throw = false;
};

// Its handler stays as long as a test wants.
struct slow {
    std::string* end = nullptr;
    void operator()(const wait_for& w) {
        w.inside->open();
        w.until->pass();
        if (w.then_throw) {
            throw std::runtime_error("late");
        }
    }
    void operator()(int) {}
    void stopped(const drover::stop_reason& why) {
        if (end != nullptr) {
            *end = to_string(why.kind());
        }
    }
};

struct child_plan {
    std::string name;
    drover::clock_duration within = drover::clock_duration::max();
    std::string* end = nullptr;
};

struct get_child {
    std::size_t which;
};

struct fail {};

struct parent {
    std::vector<child_plan> plans;
    std::vector<drover::ref<slow>> children{};
    void started(context& me) {
        for (const child_plan& each : plans) {
            children.push_back(
                me.spawn<slow>(supervised{.options = {.name = each.name, .stop_within = each.within}}, each.end));
        }
    }
    drover::ref<slow> operator()(get_child which) const { return children.at(which.which); }
    void operator()(fail) { throw std::runtime_error("parent"); }
};

}  // namespace

TEST_CASE("a parent goes on without a child that has not stopped in time, and says who and what holds it up") {
    const std::size_t before = blocks_in_use();
    {
        door inside;
        door until;
        std::string end;
        world w;
        const auto p = w.rt.spawn<parent>(std::vector<child_plan>{{"old"}, {"late", 2s, &end}, {"young"}});
        const auto old = p.ask(get_child{0}).get();
        const auto late = p.ask(get_child{1}).get();
        late.tell(wait_for{&inside, &until});
        inside.pass();
        late.tell(1);
        late.tell(2);
        p.stop();
        w.await_timer();
        w.clock.advance(2s - 1ns);
        CHECK(w.all().empty());
        CHECK_FALSE(old.stopped());  // reverse order of start: its turn has not come
        CHECK_FALSE(p.stopped());
        w.clock.advance(1ns);
        wait_until([&] { return p.stopped(); });
        CHECK(old.stopped());
        CHECK_FALSE(late.stopped());
        REQUIRE(w.all().size() == 1);
        CHECK(w.all()[0].name == "late");
        CHECK(w.all()[0].id == late.id());
        CHECK(w.all()[0].waiting_for == "its handler of " + std::string(drover::type_name<wait_for>()) + " to return");
        CHECK(w.all()[0].count == 3);

        const auto tree = w.rt.tree();
        REQUIRE(tree.size() == 1);
        CHECK(tree[0].name == "late");
        const auto drained = w.rt.drain(0ns);
        CHECK_FALSE(drained.complete);
        REQUIRE(drained.stragglers.size() == 1);
        CHECK(drained.stragglers[0].name == "late");
        CHECK(drained.stragglers[0].id == late.id());

        until.open();
        wait_until([&] { return late.stopped(); });
        CHECK(end == "parent_stopped");
        CHECK(w.rt.stop().complete);
        CHECK(w.heard.dead(reason::stopped) == 2);
        const auto sums = w.rt.statistics();
        CHECK(sums.offered == sums.handled + sums.dead());
        CHECK(w.heard.failures().empty());
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a child that stops in time is not reported, and nothing is left of its limit") {
    door inside;
    door until;
    world w;
    const auto p = w.rt.spawn<parent>(std::vector<child_plan>{{"only", 1s}});
    const auto child = p.ask(get_child{0}).get();
    child.tell(wait_for{&inside, &until});
    inside.pass();
    p.stop();
    w.await_timer();
    until.open();
    wait_until([&] { return p.stopped(); });
    CHECK(child.stopped());
    CHECK_FALSE(w.timer_armed());
    w.clock.advance(1h);
    CHECK(w.all().empty());
}

TEST_CASE("without a limit a parent waits as long as it takes") {
    door inside;
    door until;
    world w;
    const auto p = w.rt.spawn<parent>(std::vector<child_plan>{{"only"}});
    const auto child = p.ask(get_child{0}).get();
    child.tell(wait_for{&inside, &until});
    inside.pass();
    p.stop();
    wait_until([&] { return drover_test::asked_to_stop(child); });
    CHECK_FALSE(w.timer_armed());
    w.clock.advance(24h);
    CHECK_FALSE(p.stopped());
    until.open();
    wait_until([&] { return p.stopped(); });
    CHECK(w.all().empty());
}

TEST_CASE(
    "a parent that is restarted gets its new state without a late child, which stops although its plan restarts it") {
    door inside;
    door until;
    std::string end;
    world w;
    const auto p = w.rt.spawn<parent>(supervised{}, std::vector<child_plan>{{"late", 1s, &end}});
    const auto late = p.ask(get_child{0}).get();
    late.tell(wait_for{&inside, &until, true});
    inside.pass();
    p.tell(fail{});
    w.await_timer();
    w.clock.advance(1s);
    const auto fresh = p.ask(get_child{0}).get();  // the new state answers
    CHECK(fresh != late);
    CHECK_FALSE(fresh.stopped());
    CHECK_FALSE(late.stopped());
    CHECK(w.all().size() == 1);
    until.open();
    wait_until([&] { return late.stopped(); });
    CHECK(end == "parent_stopped");  // by the stop that was waiting, amid the restart that its failure began
    CHECK(w.heard.failures().size() == 2);
    CHECK_FALSE(p.stopped());
    CHECK_FALSE(fresh.stopped());
}

TEST_CASE("what a late child escalates reaches nobody but the failure sink") {
    door inside;
    door until;
    world w(2);
    drover::ref<slow> late;
    const auto p = w.rt.spawn([&](int, context& me) {
        late = me.spawn<slow>(
            supervised{.plan = {.on_failure = drover::directive::escalate}, .options = {.stop_within = 1s}});
        late.tell(wait_for{&inside, &until, true});
    });
    const auto other = w.rt.spawn([](int n) { return n; });
    p.tell(1);
    inside.pass();
    p.stop();
    w.await_timer();
    w.clock.advance(1s);
    wait_until([&] { return p.stopped(); });
    until.open();
    wait_until([&] { return late.stopped(); });
    CHECK(w.heard.failures().size() == 1);
    CHECK(other.ask(1).get() == 1);
}

TEST_CASE("a child that waits for its own late child is let go, too, and takes that along") {
    door inside;
    door until;
    world w;
    drover::ref<slow> grandchild;
    drover::handle child;
    const auto p = w.rt.spawn([&](int, context& me) {
        const auto middle = me.spawn(spawn_options{.name = "middle", .stop_within = 1s}, [&](int, context& its) {
            grandchild = its.spawn<slow>(spawn_options{.name = "grandchild"});
            grandchild.tell(wait_for{&inside, &until});
        });
        middle.tell(1);
        child = middle;
    });
    p.tell(1);
    inside.pass();
    p.stop();
    w.await_timer();
    wait_until([&] { return drover_test::asked_to_stop(grandchild) && child.cell()->system.is_held(); });
    w.clock.advance(1s);
    wait_until([&] { return p.stopped(); });
    REQUIRE(w.all().size() == 1);
    CHECK(w.all()[0].name == "middle");
    CHECK(w.all()[0].waiting_for == "its children to stop");
    const auto tree = w.rt.tree();
    REQUIRE(tree.size() == 1);
    CHECK(tree[0].name == "middle");
    REQUIRE(tree[0].children.size() == 1);
    CHECK(tree[0].children[0].name == "grandchild");
    until.open();
    wait_until([&] { return child.stopped(); });
    CHECK(grandchild.stopped());
}

TEST_CASE("a group is restarted without the one that does not halt in time") {
    for (const auto who : {drover::strategy::one_for_all, drover::strategy::rest_for_one}) {
        door inside;
        door until;
        std::string end;
        world w;
        const auto p = w.rt.spawn<parent>(supervised{.plan = {.children = who}},
                                          std::vector<child_plan>{{"first"}, {"late", 1s, &end}, {"last"}});
        const auto first = p.ask(get_child{0}).get();
        const auto late = p.ask(get_child{1}).get();
        const auto last = p.ask(get_child{2}).get();
        late.tell(wait_for{&inside, &until});
        inside.pass();
        door open;
        open.open();
        door ignored;
        first.tell(wait_for{&ignored, &open, true});  // fails
        w.await_timer();
        w.clock.advance(1s);
        first.tell(1);
        last.tell(1);
        wait_until([&] { return w.rt.statistics().handled >= 5; });  // three asks of the parent, and these two
        CHECK_FALSE(first.stopped());
        CHECK_FALSE(last.stopped());
        REQUIRE(w.all().size() == 1);
        CHECK(w.all()[0].name == "late");
        CHECK_FALSE(late.stopped());
        until.open();
        wait_until([&] { return late.stopped(); });
        CHECK(end == "parent_stopped");
        CHECK_FALSE(p.stopped());
        // And once more, with a group of two.
        first.tell(wait_for{&ignored, &open, true});
        first.tell(1);
        last.tell(1);
        CHECK(w.finish());
        CHECK_FALSE(last.stopped());
        CHECK_FALSE(w.timer_armed());
    }
}

TEST_CASE("the end of the runtime waits for a child that its parent has let go") {
    door inside;
    door until;
    world w;
    const auto p = w.rt.spawn<parent>(std::vector<child_plan>{{"late", 1s}});
    const auto late = p.ask(get_child{0}).get();
    late.tell(wait_for{&inside, &until});
    inside.pass();
    drover::drain_result outcome{};
    std::atomic<bool> done{false};
    std::thread stopper([&] {
        outcome = w.rt.stop();
        done = true;
    });
    while (!done) {
        if (w.timer_armed()) {  // time ends after two such deadlines
            w.clock.advance(p.stopped() ? stop_deadline : 1s);
        }
        std::this_thread::yield();
    }
    stopper.join();
    CHECK(p.stopped());
    CHECK_FALSE(outcome.complete);
    REQUIRE(outcome.stragglers.size() == 1);
    CHECK(outcome.stragglers[0].name == "late");
    CHECK(w.all().size() == 1);
    until.open();
    CHECK(w.rt.stop().complete);
    CHECK(late.stopped());
}

TEST_CASE("the limit is more than nothing, and without a parent nobody looks at it") {
    world w;
    CHECK_THROWS_WITH(w.rt.spawn<slow>(spawn_options{.stop_within = 0s}),
                      Catch::Contains("stop_within is 0 ns; use more than 0"));
    CHECK_THROWS_AS(w.rt.spawn<slow>(spawn_options{.stop_within = -1s}), std::invalid_argument);
    const auto a = w.rt.spawn<slow>(spawn_options{.stop_within = 1s});
    a.stop();
    wait_until([&] { return a.stopped(); });
    CHECK_FALSE(w.timer_armed());
}
