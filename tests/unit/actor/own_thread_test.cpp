#include <drover/actor/own_thread.hpp>

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

#include "support/plug.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::context;
using drover::delivery;
using drover::placement;
using drover::spawn_options;
using drover_test::door;
using drover_test::plug;
using drover_test::plugged;
using drover_test::wait_until;
using drover_test::world;

namespace {

constexpr auto own = placement::own_thread;

std::string name_of_this_thread() {
    char name[16] = {};
    ::pthread_getname_np(::pthread_self(), name, sizeof name);
    return name;
}

// Every piece of its code writes down in which thread it runs.
struct places {
    std::mutex mutex;
    std::vector<std::thread::id> seen;

    void note() {
        const std::lock_guard lock(mutex);
        seen.push_back(std::this_thread::get_id());
    }
    std::size_t count() {
        const std::lock_guard lock(mutex);
        return seen.size();
    }
    bool all_in_one() {
        const std::lock_guard lock(mutex);
        for (const std::thread::id each : seen) {
            if (each != seen.front()) {
                return false;
            }
        }
        return true;
    }
};

struct begin_ask {};
struct begin_task {};

struct helper {
    int operator()(int n) { return n + 1; }
};

struct witness {
    std::shared_ptr<places> where;
    drover::ref<helper> other;

    ~witness() {
        if (where != nullptr) {
            where->note();
        }
    }
    witness(std::shared_ptr<places> to, drover::ref<helper> asked) : where(std::move(to)), other(std::move(asked)) {}
    witness(witness&&) = default;

    void started(context&) { where->note(); }
    void operator()(int) { where->note(); }
    void operator()(begin_ask) {
        other.ask(1).then([this](drover::expected<int, drover::ask_error>&&) { where->note(); });
    }
    drover::task<void> operator()(begin_task, context&) {
        where->note();
        static_cast<void>(co_await other.ask(2));
        where->note();
    }
    void stopped(const drover::stop_reason&) { where->note(); }
};

struct blocker {
    void operator()(plug&& p) { p.hold(); }
    int operator()(int n) { return n; }
    std::string operator()(std::string) { return name_of_this_thread(); }
};

struct sender {
    using outbox = drover::outbox<8>;
    drover::ref<helper> to;
    delivery operator()(int n) { return to.tell(n); }
};

}  // namespace

TEST_CASE("all code of an actor with an own thread runs there") {
    world w(2);
    const auto seen = std::make_shared<places>();
    const auto other = w.rt.spawn<helper>();
    const auto actor = w.rt.spawn<witness>(spawn_options{.name = "disk", .placement = own}, seen, other);
    actor.tell(1);
    actor.tell(begin_ask{});
    actor.tell(begin_task{});
    wait_until([&] { return seen->count() == 5; });
    actor.stop();
    wait_until([&] { return seen->count() == 7; });
    CHECK(seen->all_in_one());
    CHECK(seen->seen.front() != std::this_thread::get_id());
    // No worker is that thread: each is held in a handler while the others answer.
    const auto first = w.rt.spawn<blocker>();
    const auto second = w.rt.spawn<blocker>();
    CHECK(first.ask(std::string()).get() != "drover/disk");
    CHECK(w.finish());
}

TEST_CASE("its thread is named after the runtime and the actor") {
    world w(1);
    CHECK(w.rt.spawn<blocker>(spawn_options{.name = "disk", .placement = own}).ask(std::string()).get() ==
          "drover/disk");
    CHECK(w.rt.spawn<blocker>(spawn_options{.placement = own}).ask(std::string()).get() == "drover/blocker");
    CHECK(w.rt.spawn<blocker>(spawn_options{.name = "a-name-longer-than-a-thread-has", .placement = own})
              .ask(std::string())
              .get() == "drover/a-name-l");
}

TEST_CASE("while it blocks the workers are free, and while they are held it runs") {
    world w(1);
    const auto shared = w.rt.spawn<blocker>();
    const auto alone = w.rt.spawn<blocker>(spawn_options{.placement = own});
    {
        const plugged held(alone);
        CHECK(shared.ask(1).get() == 1);
    }
    const plugged held(shared);
    CHECK(alone.ask(2).get() == 2);
}

TEST_CASE("what may not wait on a worker may not wait in an own thread") {
    struct waiter {
        drover::ref<blocker> full;
        drover::ref<helper> other;
        int operator()(const std::string& what) {
            if (what == "get") {
                const auto outcome = other.ask(1).result();
                return outcome ? 0 : static_cast<int>(outcome.error().code);
            }
            return static_cast<int>(full.tell(1));
        }
    };
    world w(2);
    using waits = drover::bounded_mailbox<1, drover::block_sender<>>;
    const auto full = w.rt.spawn<blocker>(drover::spawn_in<waits>{});
    const auto other = w.rt.spawn<helper>();
    const auto actor = w.rt.spawn<waiter>(spawn_options{.placement = own}, full, other);
    CHECK(actor.ask(std::string("get")).get() == static_cast<int>(drover::ask_error::would_deadlock));
    const plugged held(full);
    full.tell(1);
    CHECK(actor.ask(std::string("tell")).get() == static_cast<int>(delivery::would_deadlock));
}

TEST_CASE("every mailbox serves an own thread") {
    const auto feed = [](auto options) {
        world w(1);
        std::atomic<int> sum{0};
        const auto actor = w.rt.spawn(options, [&sum](int n) { sum += n; });
        for (int each = 1; each <= 40; ++each) {
            CHECK(drover::is_accepted(actor.tell(each)));
        }
        CHECK(w.finish());
        CHECK(sum == 820);
        CHECK(w.rt.statistics().handled == 40);
    };
    feed(spawn_options{.placement = own});
    feed(drover::spawn_in<drover::bounded_mailbox<64>>{{.placement = own}});
    feed(drover::spawn_in<drover::bounded_mailbox<1, drover::block_sender<>>>{{.placement = own}});
    feed(drover::spawn_in<drover::priority_mailbox<3>>{{.placement = own}});
    feed(drover::spawn_in<drover::single_producer_mailbox<64>>{{.placement = own}});
}

TEST_CASE("a restart keeps the thread") {
    struct fragile {
        std::thread::id operator()(int n) {
            if (n < 0) {
                throw std::runtime_error("it broke");
            }
            return std::this_thread::get_id();
        }
    };
    world w(2);
    const auto actor = w.rt.spawn<fragile>(drover::supervised{.options = {.placement = own}});
    const std::thread::id before = actor.ask(1).get();
    CHECK(actor.ask(-1).result().error().code == drover::ask_error::handler_threw);
    CHECK(actor.ask(1).get() == before);
    CHECK(before != w.rt.spawn<fragile>().ask(1).get());
    CHECK(w.heard.failures().size() == 1);
}

TEST_CASE("children and parents on either side stop in order, and each hears of the other") {
    struct log {
        std::mutex mutex;
        std::vector<std::string> lines;
        void add(std::string line) {
            const std::lock_guard lock(mutex);
            lines.push_back(std::move(line));
        }
    };
    struct node {
        std::shared_ptr<log> to;
        std::vector<placement> below;
        std::string name;

        ~node() {
            if (to != nullptr) {
                to->add(name);
            }
        }
        node(std::shared_ptr<log> l, std::vector<placement> b, std::string n)
            : to(std::move(l)), below(std::move(b)), name(std::move(n)) {}
        node(node&&) = default;
        void started(context& turn) {
            if (!below.empty()) {
                const placement where = below.front();
                turn.spawn<node>(spawn_options{.placement = where}, to,
                                 std::vector<placement>(below.begin() + 1, below.end()), name + ".");
            }
        }
        int operator()(int n) { return n; }
    };
    const auto lines = std::make_shared<log>();
    world w(2);
    std::atomic<int> heard{0};
    for (const placement top : {own, placement::workers}) {
        lines->lines.clear();
        const auto root = w.rt.spawn<node>(spawn_options{.placement = top}, lines,
                                           std::vector<placement>{placement::workers, own, own}, std::string("a"));
        CHECK(root.ask(1).get() == 1);
        const auto watcher = w.rt.spawn(spawn_options{.placement = own}, [&](drover::handle&& target, context& turn) {
            turn.watch(target, [&](drover::stopped_event&&) { heard += 1; });
        });
        watcher.tell(drover::handle(root));
        w.settle();
        root.stop();
        wait_until([&] {
            const std::lock_guard lock(lines->mutex);
            return lines->lines.size() == 4;
        });
        CHECK(lines->lines == std::vector<std::string>{"a...", "a..", "a.", "a"});
    }
    wait_until([&] { return heard == 2; });
}

TEST_CASE("timers reach it") {
    world w(1);
    std::atomic<int> got{0};
    const auto actor = w.rt.spawn(spawn_options{.placement = own}, [&](int n) { got += n; });
    const auto later = actor.tell_after(10ms, 1);
    const auto often = actor.tell_every(10ms, 10);
    w.clock.advance(10ms);
    w.clock.advance(10ms);
    wait_until([&] { return got == 21; });
}

TEST_CASE("its thread ends when the actor has stopped, not with the runtime") {
    static std::atomic<int> ended{0};
    struct at_exit {
        bool armed = false;
        ~at_exit() {
            if (armed) {
                ended += 1;
            }
        }
    };
    world w(1);
    for (int round = 1; round <= 3; ++round) {
        const auto actor = w.rt.spawn(spawn_options{.placement = own}, [](int n) {
            static thread_local at_exit mark;
            mark.armed = true;
            return n;
        });
        CHECK(actor.ask(1).get() == 1);
        actor.stop();
        wait_until([&] { return ended == round; });
        CHECK(actor.tell(1) == delivery::stopped);
    }
    const auto accounts = w.rt.statistics();
    CHECK(accounts.handled == 3);
    CHECK(accounts.dead_letters[static_cast<std::size_t>(drover::dead_letter_reason::stopped)] == 3);
    CHECK(accounts.pending == 0);
}

TEST_CASE("a drain waits for its handler and names it") {
    world w(1);
    const auto actor = w.rt.spawn<blocker>(spawn_options{.name = "disk", .placement = own});
    plugged held(actor);
    std::atomic<bool> waits{false};
    std::thread turner([&] {
        wait_until([&] { return waits.load(); });
        while (waits) {
            w.clock.advance(1s);
            std::this_thread::yield();
        }
    });
    waits = true;
    const auto late = w.rt.drain(1ms);
    waits = false;
    turner.join();
    CHECK_FALSE(late.complete);
    REQUIRE(late.stragglers.size() == 1);
    CHECK(late.stragglers[0].name == "disk");
    CHECK(late.stragglers[0].waiting_for.find("plug") != std::string::npos);
    CHECK(w.rt.tree().size() == 1);
    held.open();
    CHECK(w.finish());
}

TEST_CASE("a constructor that throws leaves no thread, no block and no actor") {
    struct broken {
        explicit broken(int) { throw std::runtime_error("no such device"); }
        void operator()(int) {}
    };
    const std::size_t before = drover_test::blocks_in_use();
    {
        world w(1);
        CHECK_THROWS_WITH(w.rt.spawn<broken>(spawn_options{.placement = own}, 1), "no such device");
        CHECK(w.rt.tree().empty());
        CHECK(w.finish());
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("a thread that cannot be started is one sentence, and leaves nothing behind") {
    const std::size_t before = drover_test::blocks_in_use();
    {
        world w(1);
        pthread_attr_t usual;
        REQUIRE(::pthread_getattr_default_np(&usual) == 0);
        pthread_attr_t huge = usual;
        ::pthread_attr_setstacksize(&huge, std::size_t{1} << 50);
        REQUIRE(::pthread_setattr_default_np(&huge) == 0);
        std::string said;
        try {
            w.rt.spawn<blocker>(spawn_options{.name = "disk", .placement = own});
        } catch (const std::system_error& error) {
            said = error.what();
        }
        REQUIRE(::pthread_setattr_default_np(&usual) == 0);
        CHECK(said.find("drover: no thread could be started for disk, which was to have its own; let fewer actors have "
                        "one, or raise the limits") == 0);
        CHECK(w.rt.tree().empty());
        CHECK(w.rt.spawn<blocker>(spawn_options{.placement = own}).ask(1).get() == 1);
        CHECK(w.finish());
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("it has no outbox") {
    world w(1);
    const auto to = w.rt.spawn<helper>();
    CHECK(w.rt.spawn<sender>(to).ask(1).get() == delivery::deferred);
    CHECK(w.rt.spawn<sender>(spawn_options{.placement = own}, to).ask(1).get() == delivery::accepted);
    CHECK(w.finish());
}

TEST_CASE("a simulation takes the placement and runs the actor as all others") {
    const auto run = [](placement where) {
        drover::simulated_runtime rt(7);
        std::vector<std::thread::id> seen;
        const auto one =
            rt.spawn(spawn_options{.placement = where}, [&](int) { seen.push_back(std::this_thread::get_id()); });
        const auto two = rt.spawn<helper>(spawn_options{.placement = where});
        for (int each = 0; each != 5; ++each) {
            one.tell(each);
            two.tell(each);
        }
        CHECK(two.ask(1).get() == 2);
        rt.run_until_idle();
        CHECK(seen == std::vector<std::thread::id>(5, std::this_thread::get_id()));
        return rt.fingerprint();
    };
    CHECK(run(own) == run(placement::workers));
}
