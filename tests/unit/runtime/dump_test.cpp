#include <drover/runtime/dump.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/failing_new.hpp"
#include "support/plug.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::context;
using drover::dump_options;
using drover::placement;
using drover::runtime_dump;
using drover::simulated_runtime;
using drover::spawn_options;
using drover::thread_activity;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct job {};
struct urgent {
    static constexpr std::size_t priority = 1;
};
struct leave {};

struct clerk {
    void operator()(job) {}
    void operator()(plug&& p) { p.hold(); }
    int operator()(int n) { return n; }
};
struct porter {
    void operator()(job) {}
};
template <class Mailbox>
struct boxed {
    using mailbox = Mailbox;
    void operator()(job) {}
    void operator()(urgent) {}
};

struct hoarder {
    drover::stash<hoarder, 8> kept{};
    bool open = false;
    void operator()(job, context& me) {
        if (!open) {
            kept.put(job{}, me);
        }
    }
    void operator()(leave, context& me) {
        open = true;
        kept.replay(me);
    }
};

const runtime_dump::type_row& row(const runtime_dump& dump, std::string_view type) {
    for (const auto& each : dump.types) {
        if (each.type == type) {
            return each;
        }
    }
    throw std::runtime_error("no row of " + std::string(type));
}

// The thread that runs the actor of that name, or is its own.
const runtime_dump::thread_row* thread_of(const runtime_dump& dump, std::string_view actor) {
    for (const auto& each : dump.threads) {
        if (each.actor == actor) {
            return &each;
        }
    }
    return nullptr;
}

template <class Ref>
void send(const Ref& to, std::size_t count) {
    for (std::size_t each = 0; each != count; ++each) {
        to.tell(job{});
    }
}

}  // namespace

TEST_CASE("a dump counts actors and what waits for them, by type, and shows the deepest mailboxes") {
    simulated_runtime rt(1);
    CHECK(rt.dump().actors == 0);
    CHECK(rt.dump().types.empty());
    const auto a = rt.spawn<clerk>(spawn_options{.name = "ann"});
    const auto b = rt.spawn<clerk>(spawn_options{.name = "bob"});
    const auto c = rt.spawn<porter>();
    const auto d = rt.spawn<porter>();
    const auto e = rt.spawn<porter>();
    send(a, 3);
    send(b, 7);
    send(d, 3);
    send(e, 1);
    const runtime_dump dump = rt.dump({.deepest = 3});
    CHECK(dump.runtime == "simulated");
    CHECK(dump.taken == rt.now());
    CHECK(dump.actors == 5);
    CHECK(dump.waiting.messages == 14);
    CHECK_FALSE(dump.waiting.or_more);
    CHECK(dump.threads.empty());
    REQUIRE(dump.types.size() == 2);
    CHECK(dump.types[0].type == drover::type_name<clerk>());
    CHECK(dump.types[0].actors == 2);
    CHECK(dump.types[0].waiting.messages == 10);
    CHECK(dump.types[1].type == drover::type_name<porter>());
    CHECK(dump.types[1].actors == 3);
    CHECK(dump.types[1].waiting.messages == 4);
    REQUIRE(dump.deepest.size() == 3);
    CHECK(dump.deepest[0].name == "bob");
    CHECK(dump.deepest[0].id == b.id());
    CHECK(dump.deepest[0].type == drover::type_name<clerk>());
    CHECK(dump.deepest[0].waiting.messages == 7);
    CHECK(dump.deepest[0].waits_for == "a free worker");
    CHECK(dump.deepest[1].id == a.id());  // as deep as the next one, and older
    CHECK(dump.deepest[2].id == d.id());
    CHECK(rt.dump({.deepest = 0}).deepest.empty());
    CHECK(rt.dump().deepest.size() == 4);
    CHECK(c.id() != d.id());
    rt.run_until_idle();
    const runtime_dump after = rt.dump();
    CHECK(after.waiting.messages == 0);
    CHECK(after.deepest.empty());
    REQUIRE(after.types.size() == 2);
    CHECK(after.types[0].type == drover::type_name<porter>());  // nothing waits, so the one with more actors
}

TEST_CASE("types of one name are one row") {
    simulated_runtime rt(1);
    const auto one = rt.spawn([](int) {});  // the compiler may write both types alike
    const auto other = rt.spawn([](int) {});
    one.tell(1);
    other.tell(1);
    other.tell(1);
    const runtime_dump dump = rt.dump();
    CHECK(dump.actors == 2);
    CHECK(dump.waiting.messages == 3);
    REQUIRE_FALSE(dump.types.empty());
    const bool alike = one.cell()->operations->name == other.cell()->operations->name;
    CHECK(dump.types.size() == (alike ? 1 : 2));
    CHECK(dump.types[0].actors == (alike ? 2 : 1));
    CHECK(dump.types[0].waiting.messages == (alike ? 3 : 2));
}

TEST_CASE("a mailbox without a limit is counted up to a bound, and the mark of its end is no message") {
    simulated_runtime rt(1);
    const auto check = [&](const auto& actor, std::size_t most, std::size_t messages, bool or_more) {
        const runtime_dump dump = rt.dump({.most_counted = most});
        REQUIRE(dump.deepest.size() == 1);
        CHECK(dump.deepest[0].id == actor.id());
        CHECK(dump.deepest[0].waiting.messages == messages);
        CHECK(dump.deepest[0].waiting.or_more == or_more);
        CHECK(dump.waiting.messages == messages);
        CHECK(dump.waiting.or_more == or_more);
        CHECK(dump.types[0].waiting.or_more == or_more);
    };
    const auto try_with = [&](const auto& actor) {
        send(actor, 5);
        check(actor, 6, 5, false);
        check(actor, 5, 5, false);
        check(actor, 4, 4, true);
        check(actor, 1, 1, true);
        actor.stop_when_drained();
        check(actor, 6, 5, false);
        check(actor, 5, 5, false);
        check(actor, 4, 4, true);
        rt.run_until_idle();
        CHECK(rt.dump().actors == 0);
    };
    try_with(rt.spawn<clerk>());
    try_with(rt.spawn<boxed<drover::unbounded_mailbox>>());
    const auto levels = rt.spawn<boxed<drover::priority_mailbox<2>>>();
    send(levels, 3);
    levels.tell(urgent{});
    levels.tell(urgent{});
    levels.tell(urgent{});
    REQUIRE(rt.step());  // has sorted them, and handled one
    check(levels, 6, 5, false);
    check(levels, 5, 5, false);
    check(levels, 3, 3, true);
    check(levels, 1, 1, true);
    rt.run_until_idle();
}

TEST_CASE("a mailbox with a limit knows its depth, whatever the bound") {
    simulated_runtime rt(1);
    const auto bounded = rt.spawn<boxed<drover::bounded_mailbox<8>>>();
    const auto evicting = rt.spawn<boxed<drover::bounded_mailbox<8, drover::drop_oldest>>>();
    const auto single = rt.spawn<boxed<drover::single_producer_mailbox<8>>>();
    send(bounded, 6);
    send(evicting, 7);
    send(single, 8);
    single.stop_when_drained();
    const runtime_dump dump = rt.dump({.most_counted = 2});
    REQUIRE(dump.deepest.size() == 3);
    CHECK(dump.deepest[0].id == single.id());
    CHECK(dump.deepest[0].waiting.messages == 8);
    CHECK(dump.deepest[1].id == evicting.id());
    CHECK(dump.deepest[1].waiting.messages == 7);
    CHECK(dump.deepest[2].id == bounded.id());
    CHECK(dump.deepest[2].waiting.messages == 6);
    CHECK_FALSE(dump.waiting.or_more);
    rt.run_until_idle();
}

TEST_CASE("what waits in a pool's shared queue is in the pool's own mailbox") {
    simulated_runtime rt(1);
    const auto pool = drover::spawn_pool<clerk, drover::shared_queue>(rt, {.members = 2});
    rt.run_until_idle();
    for (int each = 0; each != 5; ++each) {
        pool.tell(job{});
    }
    const runtime_dump dump = rt.dump({.most_counted = 4});
    CHECK(dump.waiting.messages == 4);
    CHECK(dump.waiting.or_more);
    CHECK(rt.dump().waiting.messages == 5);
    REQUIRE(dump.deepest.size() == 1);
    CHECK(dump.deepest[0].name == "pool of " + std::string(drover::type_name<clerk>()));
    CHECK(row(dump, drover::type_name<clerk>()).actors == 3);  // the pool is one for those who send to it
    rt.run_until_idle();
    CHECK(rt.dump().waiting.messages == 0);
}

TEST_CASE("children are counted, however deep they stand, and what has stopped is not") {
    struct nest {
        std::size_t left;
        void started(context& me) {
            if (left != 0) {
                me.spawn<nest>(left - 1);
                me.spawn<porter>();
            }
        }
        void operator()(leave, context& me) { me.stop(); }
    };
    simulated_runtime rt(1);
    const auto top = rt.spawn<nest>(std::size_t{300});
    const auto other = rt.spawn<nest>(std::size_t{2});
    rt.run_until_idle();
    const runtime_dump dump = rt.dump();
    CHECK(row(dump, drover::type_name<nest>()).actors == 304);
    CHECK(row(dump, drover::type_name<porter>()).actors == 302);
    CHECK(dump.actors == 606);
    top.tell(leave{});
    rt.run_until_idle();
    CHECK(rt.dump().actors == 5);
    other.tell(leave{});
    rt.run_until_idle();
    CHECK(rt.dump().actors == 0);
}

TEST_CASE("a child that has stopped is counted no more, even if its parent has not heard of it") {
    struct family {
        drover::ref<porter> child{};
        void started(context& me) { child = me.spawn<porter>(); }
        drover::ref<porter> operator()(int) const { return child; }
    };
    simulated_runtime rt(1);
    const auto top = rt.spawn<family>();
    const auto child = top.ask(1).get();
    rt.run_until_idle();
    CHECK(rt.dump().actors == 2);
    child.stop();
    while (!child.stopped()) {
        REQUIRE(rt.step());
    }
    REQUIRE(rt.tree().at(0).children.size() == 1);
    CHECK(rt.dump().actors == 1);
    CHECK(rt.dump().types.size() == 1);
}

TEST_CASE("what a stash gave back waits as what is in the mailbox does") {
    simulated_runtime rt(1);
    const auto actor = rt.spawn<hoarder>();
    send(actor, 4);
    rt.run_until_idle();
    CHECK(rt.dump().waiting.messages == 0);  // its own affair
    actor.tell(leave{});
    send(actor, 1);
    while (rt.step()) {
        CHECK(rt.dump().waiting.messages == rt.statistics().pending);
    }
    CHECK(rt.statistics().pending == 0);
    rt.run_until_idle();
    CHECK(rt.dump().waiting.messages == 0);
}

TEST_CASE("a dump says why the deepest mailboxes wait") {
    struct asker {
        drover::ref<clerk> other;
        drover::task<void> operator()(job) { static_cast<void>(co_await other.ask(1)); }
    };
    struct sleeper {
        drover::task<void> operator()(job) { co_await drover::sleep_for(1h); }
    };
    world w(1);
    const auto target = w.rt.spawn<clerk>(spawn_options{.name = "target"});
    const plugged held(target);
    const auto asking = w.rt.spawn<asker>(spawn_options{.name = "asking"}, target);
    const auto sleeping = w.rt.spawn<sleeper>(spawn_options{.name = "sleeping"});
    send(target, 4);
    send(asking, 4);
    send(sleeping, 2);
    const runtime_dump first = w.rt.dump();
    REQUIRE(first.deepest.size() == 3);
    CHECK(first.deepest[0].waits_for == "its handler of " + std::string(drover::type_name<plug>()) + " to return");
    CHECK(first.deepest[1].waits_for == "a free worker");
    CHECK(first.deepest[0].waiting.messages == 4);  // but for the one in its handler
    held.open();
    runtime_dump last;
    wait_until([&] {
        last = w.rt.dump();
        return last.waiting.messages == 1 && last.deepest[0].waits_for.find("the time") == 0;
    });
    CHECK(last.deepest[0].name == "sleeping");
    CHECK(last.deepest[0].waits_for ==
          "the time at which its handler of " + std::string(drover::type_name<job>()) + " goes on");
    w.clock.advance(1h);
    wait_until([&] { return w.rt.dump().waiting.messages == 0; });
    w.clock.advance(1h);
    w.settle();
}

TEST_CASE("a dump tells what runs, and for how long it has been seen") {
    world w(2);
    const auto actor = w.rt.spawn<clerk>(spawn_options{.name = "slow"});
    const plug first;
    const plug second;
    actor.tell(first);
    actor.tell(second);
    wait_until([&] { return first.entered->is_open(); });
    const auto of_slow = [&] {
        const runtime_dump dump = w.rt.dump();
        REQUIRE(dump.threads.size() == 2);
        CHECK(dump.threads[0].index == 0);
        CHECK(dump.threads[1].index == 1);
        const auto* const found = thread_of(dump, "slow");
        REQUIRE(found != nullptr);
        CHECK(found->does == thread_activity::runs);
        CHECK(found->id == actor.id());
        CHECK(found->type == drover::type_name<clerk>());
        CHECK(found->code == drover::type_name<plug>());
        CHECK(found->handler);
        CHECK_FALSE(found->own_thread);
        return *found;
    };
    CHECK(of_slow().at_least == 0ns);
    w.clock.advance(1500ms);
    CHECK(of_slow().at_least == 1500ms);
    w.clock.advance(1s);
    CHECK(of_slow().at_least == 2500ms);
    first.leave->open();
    wait_until([&] { return second.entered->is_open(); });
    w.clock.advance(1s);
    CHECK(of_slow().at_least == 0ns);  // the same actor and type of message in the same run, but another piece
    second.leave->open();
    w.settle();
    wait_until([&] {
        const runtime_dump dump = w.rt.dump();
        return dump.threads[0].does == thread_activity::sleeps && dump.threads[1].does == thread_activity::sleeps;
    });
    CHECK(thread_of(w.rt.dump(), "slow") == nullptr);
}

TEST_CASE("what the watchdog has seen a dump knows, and its sink may make one") {
    std::string told;
    drover::runtime* of = nullptr;
    world w(1, [&](drover::runtime_options& chosen) {
        chosen.stuck_after = 100ms;
        chosen.on_stuck_handler = [&](const drover::stuck_handler& what) {
            if (!what.returned) {
                told = thread_of(of->dump(), "slow")->actor;
            }
        };
    });
    of = &w.rt;
    const auto actor = w.rt.spawn<clerk>(spawn_options{.name = "slow"});
    const plugged held(actor);
    w.clock.advance(25ms);
    w.clock.advance(40ms);
    CHECK(thread_of(w.rt.dump(), "slow")->at_least == 40ms);
    w.clock.advance(100ms);
    CHECK(told == "slow");
    held.open();
    w.settle();
}

TEST_CASE("a dump tells `started` and other code from handlers") {
    world w(2);
    const plug p;
    const auto other = w.rt.spawn<clerk>();
    const auto check = [&](std::string_view code) {
        const runtime_dump dump = w.rt.dump();
        const auto* const found = thread_of(dump, "new");
        REQUIRE(found != nullptr);
        CHECK(found->code == code);
        CHECK_FALSE(found->handler);
    };
    SECTION("started") {
        struct starter {
            plug p;
            void started(context&) { p.hold(); }
            void operator()(job) {}
        };
        const auto actor = w.rt.spawn<starter>(spawn_options{.name = "new"}, p);
        wait_until([&] { return p.entered->is_open(); });
        check("started");
        p.leave->open();
        w.settle();
    }
    SECTION("after a restart, and a continuation") {
        const auto doors = std::make_shared<std::vector<plug>>(3);
        const auto made = std::make_shared<std::size_t>(0);
        struct restarted {
            std::shared_ptr<std::vector<plug>> doors;
            std::shared_ptr<std::size_t> made;
            drover::ref<clerk> other;
            void started(context&) {
                *made += 1;
                if (*made == 2) {
                    (*doors)[0].hold();
                }
            }
            void operator()(leave) { throw std::runtime_error("it broke"); }
            void operator()(job) {
                other.ask(1).then([doors = doors](drover::expected<int, drover::ask_error>&&) { (*doors)[1].hold(); });
            }
        };
        const auto actor = w.rt.spawn<restarted>(
            drover::supervised{.plan = {.backoff = {.first = 0ns}}, .options = {.name = "new"}}, doors, made, other);
        actor.tell(leave{});
        wait_until([&] { return (*doors)[0].entered->is_open(); });
        check("started");
        (*doors)[0].leave->open();
        actor.tell(job{});
        wait_until([&] { return (*doors)[1].entered->is_open(); });
        check("its own code");
        (*doors)[1].leave->open();
        w.settle();
    }
}

TEST_CASE("own threads are shown with their actors, also while they sleep") {
    world w(1);
    const auto actor = w.rt.spawn<clerk>(spawn_options{.name = "disk", .placement = placement::own_thread});
    CHECK(actor.ask(1).get() == 1);
    wait_until([&] { return thread_of(w.rt.dump(), "disk")->does == thread_activity::sleeps; });
    {
        const runtime_dump dump = w.rt.dump();
        REQUIRE(dump.threads.size() == 2);
        CHECK(dump.threads[1].own_thread);
        CHECK(dump.threads[1].index == 1);
        CHECK(dump.threads[1].id == actor.id());
        CHECK(dump.threads[1].type == drover::type_name<clerk>());
        CHECK(dump.threads[1].code.empty());
        CHECK(dump.threads[0].actor.empty());
    }
    const plugged held(actor);
    send(actor, 2);
    const runtime_dump dump = w.rt.dump();
    REQUIRE(dump.threads.size() == 2);
    CHECK(dump.threads[1].own_thread);
    CHECK(dump.threads[1].does == thread_activity::runs);
    CHECK(dump.threads[1].code == drover::type_name<plug>());
    CHECK(dump.deepest.at(0).waiting.messages == 2);
    held.open();
    actor.stop();
    wait_until([&] { return actor.stopped(); });
    wait_until([&] { return w.rt.dump().threads.size() == 1; });
    CHECK(w.rt.dump().actors == 0);
}

TEST_CASE("a dump shows how many actors wait behind a worker") {
    world w(1);
    struct crowd {
        plug p;
        std::vector<drover::ref<porter>> others;
        void operator()(job) {
            for (const auto& each : others) {
                each.tell(job{});
            }
            p.hold();
        }
    };
    std::vector<drover::ref<porter>> others;
    for (int each = 0; each != 5; ++each) {
        others.push_back(w.rt.spawn<porter>());
    }
    const plug p;
    const auto actor = w.rt.spawn<crowd>(spawn_options{.name = "crowd"}, p, others);
    actor.tell(job{});
    wait_until([&] { return p.entered->is_open(); });
    CHECK(thread_of(w.rt.dump(), "crowd")->ready == 5);
    p.leave->open();
    w.settle();
}

TEST_CASE("a dump from a handler is refused, and so are options out of range") {
    world w;
    std::string refusal;
    const auto nosy = w.rt.spawn([&](int n) {
        try {
            static_cast<void>(w.rt.dump());
        } catch (const std::logic_error& error) {
            refusal = error.what();
        }
        return n;
    });
    CHECK(nosy.ask(1).get() == 1);
    CHECK(refusal.find("dump() inside a handler") != std::string::npos);
    CHECK_THROWS_WITH(w.rt.dump({.most_counted = 0}),
                      "drover: dump_options::most_counted is 0; use 1 to 9223372036854775807");
    CHECK_THROWS_AS(w.rt.dump({.most_counted = static_cast<std::size_t>(-1)}), std::invalid_argument);
}

TEST_CASE("a dump without memory throws, and the workers go on") {
    world w(1);
    const auto actor = w.rt.spawn<clerk>(spawn_options{.name = "a name that does not fit into a small string"});
    const auto other = w.rt.spawn<porter>();
    const plugged held(actor);
    send(actor, 3);
    send(other, 3);
    std::size_t failed = 0;
    for (bool done = false; !done; failed += done ? 0 : 1) {
        const drover_test::failing_new scope(failed);
        try {
            static_cast<void>(w.rt.dump());
            done = scope.refused() == 0;
        } catch (const std::bad_alloc&) {}
    }
    CHECK(failed > 5);
    held.open();
    CHECK(actor.ask(7).get() == 7);
    w.settle();
}

TEST_CASE("activities of threads have names") {
    CHECK(to_string(thread_activity::runs) == "runs");
    CHECK(to_string(thread_activity::searches) == "searches");
    CHECK(to_string(thread_activity::sleeps) == "sleeps");
    CHECK(to_string(static_cast<thread_activity>(99)) == "unknown");
}
