// One actor that is restarted: what stays, what goes, and what happens when its code throws at each step.
#include <drover/supervision/supervised.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover::context;
using drover::directive;
using drover::supervised;
using drover_test::blocks_in_use;
using drover_test::wait_until;
using drover_test::world;

namespace {

using namespace std::chrono_literals;
using reason = drover::dead_letter_reason;
using kind = drover::stop_kind;

struct fail {
    std::string what = "failed";
};
struct get {};

// What actors of a test did, in order.
class journal {
public:
    void add(std::string what) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(what));
    }
    std::vector<std::string> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

using lines = std::vector<std::string>;

struct counter {
    int first;
    int sum = first;
    void operator()(int n) { sum += n; }
    void operator()(const fail& f) { throw std::runtime_error(f.what); }
    int operator()(get) const { return sum; }
};

struct restarted_counter : counter {
    static constexpr drover::supervision supervision{};
};

// Throws where a test says so; the switches outlive the state.
struct switches {
    std::atomic<int> constructor{0};  // how many constructions throw from now on
    std::atomic<int> started{0};
    bool restarting = false;
    bool destructor = false;
    bool stopped = false;
    journal log{};
    std::atomic<int> alive{0};
};

struct fragile {
    explicit fragile(switches* s) : all(s) {
        if (all->constructor > 0) {
            all->constructor -= 1;
            all->log.add("constructor throws");
            throw std::runtime_error("constructor");
        }
        all->log.add("constructor");
        all->alive += 1;
    }
    fragile(const fragile&) = delete;
    fragile& operator=(const fragile&) = delete;
    ~fragile() noexcept(false) {
        all->log.add("destructor");
        all->alive -= 1;
        if (all->destructor) {
            throw std::runtime_error("destructor");
        }
    }
    void started(context&) {
        all->log.add("started");
        if (all->started > 0) {
            all->started -= 1;
            throw std::runtime_error("started");
        }
    }
    void restarting(const std::exception_ptr& cause) {
        all->log.add("restarting: " + drover::describe(cause));
        if (all->restarting) {
            throw std::runtime_error("restarting");
        }
    }
    void stopped(const drover::stop_reason& why) {
        all->log.add("stopped: " + std::string(to_string(why.kind())));
        if (all->stopped) {
            throw std::runtime_error("stopped");
        }
    }
    int operator()(int n) {
        all->log.add(std::to_string(n));
        return n;
    }
    void operator()(const fail& f) { throw std::runtime_error(f.what); }
    switches* all;
};

template <class Ref>
void await_held(const Ref& actor) {
    wait_until([&] { return actor.cell()->system.is_held(); });
}

std::vector<std::string> whats(const world& w) {
    std::vector<std::string> all;
    for (const auto& each : w.heard.failures()) {
        all.push_back(each.message + ": " + each.what);
    }
    return all;
}

}  // namespace

TEST_CASE("a restarted actor keeps its ref, its name and what is queued, and has a fresh state from its arguments") {
    world w;
    const auto a = w.rt.spawn<restarted_counter>(drover::spawn_options{.name = "sum"}, restarted_counter{{100}});
    const drover::actor_id id = a.id();
    a.tell(5);
    CHECK(a.ask(get{}).get() == 105);
    a.tell(fail{});
    a.tell(7);
    CHECK(a.ask(get{}).get() == 107);
    CHECK(a.id() == id);
    CHECK(a.name() == "sum");
    CHECK_FALSE(a.stopped());
    CHECK(w.heard.dead(reason::failed) == 1);
    REQUIRE(w.heard.failures().size() == 1);
    CHECK(w.heard.failures()[0].what == "failed");
    CHECK(w.finish());
    const auto sums = w.rt.statistics();
    CHECK(sums.offered == sums.handled + sums.dead());
}

TEST_CASE("an actor of which nothing is said stops when it fails, as before") {
    world w;
    const auto a = w.rt.spawn<counter>(1);
    a.tell(fail{});
    wait_until([&] { return a.stopped(); });
}

TEST_CASE("one restart runs its steps in order") {
    switches all;
    world w;
    {
        const auto a = w.rt.spawn<fragile>(supervised{}, &all);
        CHECK(a.ask(1).get() == 1);
        a.tell(fail{"why"});
        CHECK(a.ask(2).get() == 2);
        a.stop();
        wait_until([&] { return a.stopped() && all.alive == 0; });
    }
    CHECK(all.log.lines() == lines{"constructor", "started", "1", "restarting: why", "destructor", "constructor",
                                   "started", "2", "stopped: stopped", "destructor"});
}

TEST_CASE("the sixth failure within sixty seconds stops the actor") {
    world w;
    const auto a = w.rt.spawn<counter>(supervised{}, 1);
    for (int each = 0; each != 5; ++each) {
        a.tell(fail{});
        CHECK(a.ask(get{}).get() == 1);
        w.clock.advance(10s);
    }
    SECTION("the window slides on the runtime's clock") {
        w.clock.advance(10s);  // the first was sixty seconds ago
        a.tell(fail{});
        CHECK(a.ask(get{}).get() == 1);
        a.tell(fail{});
        wait_until([&] { return a.stopped(); });
    }
    SECTION("within it there is no sixth") {
        a.tell(fail{});
        wait_until([&] { return a.stopped(); });
    }
    SECTION("the reason is the failure") {
        a.stop();
    }
}

TEST_CASE("beyond its limit an actor without a parent may escalate to the runtime, which stops it by default") {
    switches all;
    world w;
    const auto a =
        w.rt.spawn<fragile>(supervised{.plan = {.limit = {.count = 0}, .beyond = directive::escalate}}, &all);
    a.tell(fail{});
    wait_until([&] { return a.stopped(); });
    CHECK(all.log.lines() == lines{"constructor", "started", "stopped: failed", "destructor"});
}

TEST_CASE("during the delay the actor is held and has no state: messages wait and do not wake it") {
    switches all;
    world w;
    const auto a = w.rt.spawn<fragile>(
        supervised{.plan = {.backoff = {.first = 100ms, .most = 1s, .jitter = 0}}, .options = {.name = "away"}}, &all);
    a.tell(fail{});
    await_held(a);
    CHECK(all.alive == 0);
    a.tell(1);
    a.tell(2);
    CHECK(a.cell()->system.is_held());
    w.clock.advance(99ms);
    CHECK(a.cell()->system.is_held());
    CHECK(w.rt.statistics().pending == 2);
    w.clock.advance(1ms);
    CHECK(a.ask(3).get() == 3);
    CHECK(all.log.lines() ==
          lines{"constructor", "started", "restarting: failed", "destructor", "constructor", "started", "1", "2", "3"});
    SECTION("the next delay is longer, and again the first after a quiet time") {
        a.tell(fail{});
        await_held(a);
        w.clock.advance(199ms);
        CHECK(a.cell()->system.is_held());
        w.clock.advance(1ms);
        CHECK(a.ask(4).get() == 4);
        w.clock.advance(60s);
        a.tell(fail{});
        await_held(a);
        w.clock.advance(100ms);
        CHECK(a.ask(5).get() == 5);
    }
    SECTION("a stop does not wait for the end of the delay, and finds no state to tell") {
        a.tell(fail{});
        await_held(a);
        a.tell(4);
        a.stop();
        wait_until([&] { return a.stopped(); });
        CHECK(all.log.lines().back() == "destructor");
        CHECK(all.alive == 0);
        w.clock.advance(1h);
        w.settle();
        CHECK(w.heard.dead(reason::stopped) == 1);
    }
    SECTION("the end of the runtime does not wait either") {
        a.tell(fail{});
        await_held(a);
        CHECK(w.rt.stop().complete);
        CHECK(a.stopped());
    }
}

TEST_CASE("drain waits for the end of a delay, and says what for") {
    constexpr drover::clock_duration delay = 100'000h;  // far away, however late the other thread begins
    switches all;
    world w;
    const auto a = w.rt.spawn<fragile>(
        supervised{.plan = {.backoff = {.first = delay, .most = delay, .jitter = 0}}, .options = {.name = "away"}},
        &all);
    a.tell(fail{});
    await_held(a);
    a.tell(4);
    std::atomic<bool> ready{false};
    drover::drain_result result{true, {}};
    std::thread draining([&] {
        result = w.rt.drain(50ms);
        ready = true;
    });
    wait_until([&] {
        w.clock.advance(1ms);
        return ready.load();
    });
    draining.join();
    CHECK_FALSE(result.complete);
    REQUIRE(result.stragglers.size() == 1);
    CHECK(result.stragglers[0].name == "away");
    CHECK(result.stragglers[0].count == 1);
    CHECK(result.stragglers[0].waiting_for == "the moment of its restart");
    w.clock.advance(delay);
    CHECK(w.finish());
    CHECK(all.log.lines().back() == "4");
}

TEST_CASE("resume goes on with the state there is, stop stops") {
    world w;
    const auto a = w.rt.spawn<counter>(supervised{.plan = {.on_failure = directive::resume}}, 1);
    a.tell(5);
    for (int each = 0; each != 20; ++each) {
        a.tell(fail{});
    }
    CHECK(a.ask(get{}).get() == 6);
    CHECK(w.heard.failures().size() == 20);
    const auto b = w.rt.spawn<counter>(supervised{.plan = {.on_failure = directive::stop}}, 1);
    b.tell(fail{});
    wait_until([&] { return b.stopped(); });
}

namespace {

struct chooses : counter {
    static constexpr drover::supervision supervision{};
    static directive on_failure(const std::exception_ptr& exception) {
        const std::string what = drover::describe(exception);
        if (what == "bad choice") {
            throw std::runtime_error("cannot decide");
        }
        return what == "bearable" ? directive::resume : what == "fatal" ? directive::stop : directive::restart;
    }
};

}  // namespace

TEST_CASE("a function of the exception decides, of the type or of the spawn call, which goes first") {
    world w;
    const auto a = w.rt.spawn<chooses>(chooses{{1}});
    a.tell(5);
    a.tell(fail{"bearable"});
    CHECK(a.ask(get{}).get() == 6);
    a.tell(fail{"worse"});
    CHECK(a.ask(get{}).get() == 1);
    SECTION("stop") {
        a.tell(fail{"fatal"});
        wait_until([&] { return a.stopped(); });
    }
    SECTION("one that throws stops the actor, and is reported") {
        a.tell(fail{"bad choice"});
        wait_until([&] { return a.stopped(); });
        CHECK(whats(w).back() == "on_failure: cannot decide");
    }
    SECTION("a directive of the spawn call goes before the type's function") {
        const auto b = w.rt.spawn<chooses>(supervised{.plan = {.on_failure = directive::resume}}, chooses{{1}});
        b.tell(5);
        b.tell(fail{"fatal"});
        CHECK(b.ask(get{}).get() == 6);
    }
    SECTION("a function of the spawn call goes before all") {
        const auto b = w.rt.spawn<chooses>(
            supervised{.plan = {.on_failure = directive::stop,
                                .decide = [](const std::exception_ptr&) { return directive::resume; }}},
            chooses{{1}});
        b.tell(5);
        b.tell(fail{"fatal"});
        CHECK(b.ask(get{}).get() == 6);
    }
}

TEST_CASE("a factory builds the actor at first and each time, and nothing need be copyable or movable") {
    switches all;
    int built = 0;
    world w;
    const auto a = w.rt.spawn<fragile>(supervised{.options = {.name = "made"}}.built_by([&all, &built] {
        built += 1;
        return fragile(&all);
    }));
    CHECK(a.name() == "made");
    CHECK(a.ask(1).get() == 1);
    a.tell(fail{});
    CHECK(a.ask(2).get() == 2);
    CHECK(built == 2);
    SECTION("what it throws at first comes out of spawn, and leaves nothing behind") {
        w.settle();
        static_cast<void>(w.rt.tree());  // the worker has given back what it handled
        const std::size_t before = blocks_in_use();
        all.constructor = 1;
        CHECK_THROWS_WITH(w.rt.spawn<fragile>(supervised{}.built_by([&all] { return fragile(&all); })), "constructor");
        CHECK(blocks_in_use() == before);
    }
}

TEST_CASE("without copyable arguments an actor that is to be restarted stops as not restartable") {
    struct owner {
        std::unique_ptr<int> number;
        std::atomic<int>* told;
        void operator()(const fail&) { throw std::runtime_error("failed"); }
        void stopped(const drover::stop_reason& why) {
            *told = why.kind() == kind::not_restartable && why.exception() != nullptr ? 1 : -1;
        }
    };
    std::atomic<int> told{0};
    world w;
    const auto a = w.rt.spawn<owner>(supervised{}, std::make_unique<int>(1), &told);
    a.tell(fail{});
    wait_until([&] { return a.stopped(); });
    CHECK(told == 1);
}

TEST_CASE("arguments are kept as they are passed by value: a literal as a pointer, a reference by std::ref") {
    struct labelled {
        std::string label;
        std::atomic<int>& seen;
        labelled(std::string l, std::atomic<int>& s) : label(std::move(l)), seen(s) { seen += 1; }
        std::string operator()(int) const { return label; }
        void operator()(const fail&) { throw std::runtime_error("failed"); }
    };
    std::atomic<int> seen{0};
    world w;
    const auto a = w.rt.spawn<labelled>(supervised{}, "literal", std::ref(seen));
    a.tell(fail{});
    CHECK(a.ask(1).get() == "literal");
    CHECK(seen == 2);
}

TEST_CASE("a callable is restarted from the callable that was given") {
    world w;
    const auto a = w.rt.spawn(supervised{}, [sum = 10](int n) mutable {
        if (n < 0) {
            throw std::runtime_error("negative");
        }
        return sum += n;
    });
    CHECK(a.ask(5).get() == 15);
    a.tell(-1);
    CHECK(a.ask(5).get() == 15);
}

TEST_CASE("a constructor that throws at a restart has failed again") {
    switches all;
    world w;
    const auto a = w.rt.spawn<fragile>(supervised{}, &all);
    SECTION("and is tried again") {
        all.constructor = 3;
        a.tell(fail{});
        CHECK(a.ask(1).get() == 1);
        CHECK(whats(w).size() == 4);
        CHECK(whats(w).back() == "constructor: constructor");
        CHECK(all.alive == 1);
    }
    SECTION("and counts: then the actor stops, without a state to tell") {
        all.constructor = 100;
        a.tell(fail{});
        a.tell(1);
        wait_until([&] { return a.stopped(); });
        CHECK(all.constructor == 95);
        CHECK(all.alive == 0);
        CHECK(all.log.lines().back() == "constructor throws");
        w.settle();
        CHECK(w.heard.dead(reason::stopped) == 1);
    }
}

TEST_CASE("a started that throws has failed, at the beginning and at a restart") {
    switches all;
    world w;
    all.started = 2;
    const auto a = w.rt.spawn<fragile>(supervised{}, &all);
    CHECK(a.ask(1).get() == 1);
    CHECK(all.log.lines() == lines{"constructor", "started", "restarting: started", "destructor", "constructor",
                                   "started", "restarting: started", "destructor", "constructor", "started", "1"});
    SECTION("a resumed actor goes on as if it had returned") {
        all.started = 1;
        const auto b = w.rt.spawn<fragile>(supervised{.plan = {.on_failure = directive::resume}}, &all);
        CHECK(b.ask(1).get() == 1);
    }
}

TEST_CASE("a restarting or a destructor that throws is reported, and the restart goes on") {
    switches all;
    world w;
    const auto a = w.rt.spawn<fragile>(supervised{}, &all);
    CHECK(a.ask(1).get() == 1);
    all.restarting = true;
    all.destructor = true;
    a.tell(fail{});
    CHECK(a.ask(2).get() == 2);
    CHECK(whats(w).size() == 3);
    all.destructor = false;
    SECTION("so is a stopped") {
        all.stopped = true;
        a.stop();
        wait_until([&] { return a.stopped() && all.alive == 0; });
        CHECK(whats(w).back() == "stopped: stopped");
    }
}

namespace {

struct gatherer {
    using batches = drover::of<int>;
    std::shared_ptr<drover_test::door> may_go;
    int sum = 0;
    void operator()(std::span<int> some) {
        may_go->pass();
        for (const int each : some) {
            if (each < 0) {
                throw std::runtime_error("negative");
            }
            sum += each;
        }
    }
    int operator()(get) const { return sum; }
};

}  // namespace

TEST_CASE("a batch handler that throws has failed with all of its batch") {
    world w;
    const auto may_go = std::make_shared<drover_test::door>();
    const auto a = w.rt.spawn<gatherer>(supervised{}, may_go);
    a.tell_batch(std::vector<int>{1, 2, -1});
    may_go->open();
    w.settle();
    a.tell_batch(std::vector<int>{4, 5});
    CHECK(a.ask(get{}).get() == 9);
    w.settle();
    const auto sums = w.rt.statistics();
    CHECK(sums.dead(reason::failed) + sums.handled == sums.offered);
    CHECK(sums.dead(reason::failed) >= 1);
}

TEST_CASE("a message whose destructor throws fails the actor that has handled it") {
    struct bomb {
        explicit bomb(bool a) : armed(a) {}
        bomb(bomb&& other) noexcept : armed(std::exchange(other.armed, false)) {}
        ~bomb() noexcept(false) {
            if (armed) {
                throw std::runtime_error("destructor of a message");
            }
        }
        bool armed;
    };
    struct taker {
        int sum = 0;
        int operator()(int n) { return sum += n; }
        void operator()(bomb&&) {}
    };
    world w;
    const auto a = w.rt.spawn<taker>(supervised{});
    CHECK(a.ask(5).get() == 5);
    a.tell(bomb(true));
    CHECK(a.ask(3).get() == 3);
    REQUIRE(w.heard.failures().size() == 1);
    CHECK(w.heard.failures()[0].what == "destructor of a message");
    CHECK(w.heard.dead(reason::failed) == 1);
}

namespace {

struct heavy {
    static inline std::atomic<int> until{0};  // the move that throws
    explicit heavy(int n) : number(n) {}
    heavy(heavy&& other) : number(other.number) {
        if (until > 0 && until.fetch_sub(1) == 1) {
            throw std::runtime_error("move");
        }
    }
    int number;
};

struct lifter {
    using batches = drover::of<heavy>;
    int sum = 0;
    void operator()(std::span<heavy> some) {
        for (const heavy& each : some) {
            sum += each.number;
        }
    }
    int operator()(get) const { return sum; }
};

}  // namespace

TEST_CASE("a message whose move throws: into the mailbox it is the sender's, out of it the actor's failure") {
    world w;
    const auto a = w.rt.spawn<lifter>(supervised{});
    std::size_t thrown = 0;
    for (int move = 1; move != 4; ++move) {
        a.tell(heavy(3));
        CHECK(a.ask(get{}).get() >= 3);
        heavy::until = move;
        try {
            a.tell(heavy(4));
        } catch (const std::runtime_error&) {
            thrown += 1;
        }
        w.settle();
        heavy::until = 0;
    }
    CHECK(w.finish());  // a failure is told after its dead letter
    CHECK(thrown >= 1);
    CHECK(w.heard.failures().size() >= 1);
    CHECK(w.heard.dead(reason::failed) == w.heard.failures().size());
}

namespace {

struct parent {
    journal* log;
    int generation;
    struct child {
        journal* log;
        int number;
        int operator()(int n) const { return n; }
        void stopped(const drover::stop_reason& why) {
            log->add("child " + std::to_string(number) + " " + std::string(to_string(why.kind())));
        }
    };
    void started(context& me) {
        for (int each = 1; each != 4; ++each) {
            me.spawn<child>(log, each);
        }
    }
    void restarting(const std::exception_ptr&) { log->add("restarting"); }
    int operator()(int n) const { return n; }
    void operator()(const fail&) { throw std::runtime_error("failed"); }
};

}  // namespace

TEST_CASE(
    "children stop before the restart of their parent, in reverse order of start, and its started makes new ones") {
    journal log;
    world w;
    const auto a = w.rt.spawn<parent>(supervised{}, &log, 1);
    CHECK(a.ask(1).get() == 1);
    a.tell(fail{});
    CHECK(a.ask(1).get() == 1);
    CHECK(log.lines() ==
          lines{"child 3 parent_stopped", "child 2 parent_stopped", "child 1 parent_stopped", "restarting"});
    a.stop();
    wait_until([&] { return log.lines().size() == 7; });
}

TEST_CASE(
    "asks of a restarted actor are given up: what they continue with is destroyed unrun, late replies are harmless") {
    struct slow {
        std::shared_ptr<drover_test::door> may_go;
        int operator()(int n) const {
            may_go->pass();
            return n;
        }
    };
    struct asker {
        drover::ref<slow> other;
        std::shared_ptr<std::atomic<int>> runs;
        void operator()(int n, context& me) {
            other.ask(n).then(me, [kept = runs](auto) { *kept += 1; });
        }
        void operator()(const fail&) { throw std::runtime_error("failed"); }
        int operator()(get) const { return 1; }
    };
    world w;
    const auto may_go = std::make_shared<drover_test::door>();
    const auto runs = std::make_shared<std::atomic<int>>(0);
    const auto other = w.rt.spawn<slow>(may_go);
    const auto a = w.rt.spawn<asker>(supervised{}, other, runs);
    a.tell(1);
    a.tell(fail{});
    CHECK(a.ask(get{}).get() == 1);
    CHECK(runs.use_count() == 3);  // ours, the kept argument's, the new state's
    may_go->open();
    CHECK(other.ask(2).get() == 2);
    a.tell(5);
    wait_until([&] { return *runs == 1; });  // the new state's ask
    CHECK(w.finish());
}

TEST_CASE("promises of the old state are dropped, and their askers hear it") {
    struct keeper {
        drover::promise<int> kept{};
        drover::later<int> operator()(int, context& me) {
            kept = me.later<int>();
            return {};
        }
        void operator()(const fail&) { throw std::runtime_error("failed"); }
    };
    world w;
    const auto a = w.rt.spawn<keeper>(supervised{}.built_by([] { return keeper{}; }));
    auto answer = a.ask(1);
    a.tell(fail{});
    CHECK(answer.result().error().code == drover::ask_error::no_answer);
}

TEST_CASE("what is in a stash at a restart is handled first by the new state, before the mailbox") {
    struct hoarder {
        journal* log;
        drover::stash<hoarder, 8> kept{};
        bool open = false;
        explicit hoarder(journal* l) : log(l) {}
        void operator()(int n, context& me) {
            if (log->lines().empty()) {
                kept.put(n, me);
            } else {
                log->add(std::to_string(n));
            }
        }
        void restarting(const std::exception_ptr&) { log->add("restarting"); }
        void operator()(const fail&) { throw std::runtime_error("failed"); }
        int operator()(get) const { return 1; }
    };
    journal log;
    world w;
    const auto a = w.rt.spawn<hoarder>(supervised{}, &log);
    a.tell(1);
    a.tell(2);
    a.tell(fail{});
    a.tell(3);
    CHECK(a.ask(get{}).get() == 1);
    CHECK(log.lines() == lines{"restarting", "1", "2", "3"});
    CHECK(w.finish());
    CHECK(w.rt.statistics().pending == 0);
    CHECK(w.rt.statistics().dead() == 1);
}

namespace {

struct shut;
struct opened {
    int operator()(int n) const { return 100 + n; }
    void operator()(const fail&) { throw std::runtime_error("failed"); }
    void restarting(const std::exception_ptr&) { left += 1; }
    static inline std::atomic<int> left{0};
};
struct shut {
    int operator()(int n) const { return n; }
    void operator()(get, context& me) { drover::become<opened>(me); }
};
using gate = drover::behaviours<shut, opened>;

}  // namespace

TEST_CASE("an actor of several behaviours begins again with the first, and the present one hears of it") {
    world w;
    const int before = opened::left.load();
    const auto a = w.rt.spawn<gate>(supervised{});
    a.tell(get{});
    CHECK(a.ask(1).get() == 101);
    a.tell(fail{});
    CHECK(a.ask(1).get() == 1);
    CHECK(opened::left.load() == before + 1);
}

namespace {

struct small {
    using mailbox = drover::bounded_mailbox<1, drover::fail_actor>;
    std::shared_ptr<drover_test::door> may_go;
    void operator()(int) const { may_go->pass(); }
};

}  // namespace

TEST_CASE("a mailbox that fails its actor when it is full restarts it, and a stop is not lost beside that") {
    world w;
    const auto may_go = std::make_shared<drover_test::door>();
    const auto a = w.rt.spawn<small>(supervised{}, may_go);
    while (w.heard.dead(reason::rejected) < 3) {
        a.tell(1);
    }
    may_go->open();
    wait_until([&] { return !w.heard.failures().empty(); });
    CHECK(w.heard.failures()[0].message == "its mailbox");
    w.settle();
    CHECK_FALSE(a.stopped());
    a.stop();
    wait_until([&] { return a.stopped(); });
}

TEST_CASE("stop_when_drained is kept over a restart") {
    world w;
    const auto a = w.rt.spawn<counter>(supervised{}, 1);
    a.tell(fail{});
    a.tell(1);
    a.stop_when_drained();
    wait_until([&] { return a.stopped(); });
    w.settle();
    CHECK(w.heard.dead(reason::stopped) == 0);
}

TEST_CASE("an actor that is not supervised pays nothing") {
    world w;
    const auto a = w.rt.spawn<counter>(1);
    CHECK(a.cell()->extra.load() == nullptr);
    const auto b = w.rt.spawn<restarted_counter>(restarted_counter{{1}});
    CHECK(b.cell()->extra.load() != nullptr);
}

TEST_CASE("nothing stays behind of actors that were restarted and stopped amid it") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        for (int each = 0; each != 20; ++each) {
            const auto a = w.rt.spawn<counter>(
                supervised{.plan = {.backoff = {.first = 1s, .most = 1s}}, .options = {.name = "one"}}, 1);
            a.tell(fail{});
            a.tell(1);
            if (each % 2 == 0) {
                a.stop();
            }
        }
    }
    CHECK(blocks_in_use() == before);
}
