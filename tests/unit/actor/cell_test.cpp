#include <drover/actor/cell.hpp>

#include <memory>
#include <ranges>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/world.hpp"

using drover::context;
using drover::dead_letter_reason;
using drover_test::blocks_in_use;
using drover_test::door;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct small {
    long state = 0;
    void operator()(int) { state += 1; }
};

using cell = drover::basic_cell<drover::features>;

}  // namespace

static_assert(sizeof(cell) <= 3 * drover::cache_line);
static_assert(sizeof(drover::actor_cell<small, drover::features>) <= 256, "an idle actor with a state of 8 bytes");
static_assert(alignof(cell) == drover::cache_line);
static_assert(sizeof(drover::ref<small>) == sizeof(void*));
static_assert(sizeof(drover::context) <= 64);

TEST_CASE("what senders write is on another cache line than what the consumer reads at each message") {
    world w(1);
    const auto a = w.rt.spawn<small>();
    const auto line = [](const auto& member) { return reinterpret_cast<std::uintptr_t>(&member) / drover::cache_line; };
    CHECK(line(a.cell()->incoming) == line(a.cell()->references));
    CHECK(line(a.cell()->incoming) == line(a.cell()->core));
    CHECK(line(a.cell()->incoming) == line(a.cell()->box));
    CHECK(line(a.cell()->incoming) != line(a.cell()->consumed));
    CHECK(line(a.cell()->consumed) == line(a.cell()->system));
    CHECK(line(a.cell()->consumed) == line(a.cell()->phase));
    CHECK(reinterpret_cast<std::uintptr_t>(a.cell()) % drover::cache_line == 0);
}

TEST_CASE("an actor and its ref take one block of the pool, and give it back") {
    const std::size_t before = blocks_in_use();
    {
        world w(1);
        const std::size_t with_runtime = blocks_in_use();
        auto a = w.rt.spawn<small>();
        CHECK(blocks_in_use() == with_runtime + 1);
        const auto second = a;
        CHECK(blocks_in_use() == with_runtime + 1);
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a cell stays while a ref is left, and goes with the last, whoever drops it") {
    const std::size_t before = blocks_in_use();
    std::vector<drover::ref<small>> kept;
    {
        world w;
        for (int each = 0; each != 20; ++each) {
            kept.push_back(w.rt.spawn<small>());
            kept.back().tell(each);
        }
        for (int each = 0; each != 10; ++each) {
            kept[static_cast<std::size_t>(each)].stop();
        }
    }
    CHECK(blocks_in_use() == before + 20);
    std::thread([taken = std::move(kept)]() mutable { taken.clear(); }).join();
    kept.clear();
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a message that holds the last ref to its receiver can be a dead letter, with others behind it") {
    const std::size_t before = blocks_in_use();
    {
        world w;
        struct takes_self {
            void operator()(const drover::handle&) {}
        };
        auto a = w.rt.spawn<takes_self>(drover::spawn_options{.name = "the receiver"});
        a.stop();
        wait_until([&] { return a.stopped() && a.cell()->references.load() == 1; });  // the tree has let go of it
        auto messages = std::views::iota(0, 3) | std::views::transform([&a](int n) {
                            return n == 0 ? drover::handle(std::move(a)) : drover::handle();
                        });
        CHECK(a.tell_batch(messages) == drover::delivery::stopped);
        const auto letters = w.heard.letters();
        REQUIRE(letters.size() == 3);
        CHECK(letters.back().actor == "the receiver");
    }
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a name is kept by the cell, an actor without one is called by its type") {
    world w;
    std::string name = "a name that is longer than any string object can hold in place";
    const auto a = w.rt.spawn<small>(drover::spawn_options{.name = name});
    CHECK(a.name() == name);
    CHECK(w.rt.spawn<small>().name().ends_with("small"));
}

TEST_CASE("stopped mailboxes are drained by whoever sends to them, a batch with all its letters") {
    world w(1);
    auto a = w.rt.spawn<small>();
    a.stop();
    wait_until([&] { return a.stopped(); });
    std::vector<std::thread> senders;
    for (int each = 0; each != 3; ++each) {
        senders.emplace_back([a] {
            a.tell(1);
            a.tell_batch(std::vector<int>(9, 1));
        });
    }
    for (auto& each : senders) {
        each.join();
    }
    w.settle();
    CHECK(w.heard.dead(dead_letter_reason::stopped) == 30);
    CHECK(w.rt.statistics().dead() == 30);
    CHECK(w.rt.statistics().offered == 30);
}

TEST_CASE("the mark of stop_when_drained is no message: not counted, not a dead letter") {
    door entered;
    door leave;
    world w(1);
    auto a = w.rt.spawn<small>();
    a.stop_when_drained();
    wait_until([&] { return a.stopped(); });
    auto busy = w.rt.spawn([&](int) {
        entered.open();
        leave.pass();
    });
    busy.tell(1);
    entered.pass();
    busy.stop_when_drained();
    busy.stop_when_drained();  // said twice it is queued once
    leave.open();
    wait_until([&] { return busy.stopped(); });
    w.settle();
    auto b = w.rt.spawn<small>();
    b.stop();
    wait_until([&] { return b.stopped(); });
    b.stop_when_drained();  // to a closed mailbox
    const auto accounts = w.rt.statistics();
    CHECK(accounts.offered == 1);
    CHECK(accounts.handled == 1);
    CHECK(accounts.pending == 0);
    CHECK(w.heard.letters().empty());
}

TEST_CASE("children of children stop from the leaves up") {
    world w(2);
    static std::mutex mutex;
    static std::vector<std::string> log;
    log.clear();
    struct node {
        std::string path;
        void started(context& c) {
            if (path.size() < 3) {
                c.spawn<node>(path + "a");
                c.spawn<node>(path + "b");
            }
        }
        void operator()(int) {}
        void stopped(drover::stop_reason) {
            const std::lock_guard lock(mutex);
            log.push_back(path);
        }
    };
    auto root = w.rt.spawn<node>("r");
    root.tell(1);
    CHECK(w.finish());
    root.stop();
    wait_until([&] { return root.stopped(); });
    CHECK(log == std::vector<std::string>{"rbb", "rba", "rb", "rab", "raa", "ra", "r"});
}

TEST_CASE("an actor that waits for its children takes no message and is not woken by one") {
    door entered;
    door leave;
    world w(2);
    std::atomic<int> handled{0};
    auto parent = w.rt.spawn(drover::overload{[&](const std::string&, context& c) {
                                                  return c.spawn([&](int) {
                                                      entered.open();
                                                      leave.pass();
                                                  });
                                              },
                                              [&](int) { handled += 1; }});
    auto child = parent.ask(std::string()).get();
    child.tell(1);
    entered.pass();
    parent.stop();
    wait_until([&] { return drover_test::asked_to_stop(child); });  // the parent has asked it
    for (int each = 0; each != 10; ++each) {
        CHECK(parent.tell(each) == drover::delivery::accepted);
    }
    CHECK_FALSE(parent.stopped());
    leave.open();
    wait_until([&] { return parent.stopped(); });
    w.settle();
    CHECK(handled == 0);
    CHECK(w.heard.dead(dead_letter_reason::stopped) == 10);
}
