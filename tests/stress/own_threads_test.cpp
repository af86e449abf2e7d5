// Actors with own threads among others: they come and go while messages, stops and drains meet them.
#include <drover/drover.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::placement;
using drover::spawn_options;
using drover_test::scaled;
using drover_test::wait_until;
using drover_test::world;

namespace {

placement where(std::size_t each) {
    return each % 2 == 0 ? placement::own_thread : placement::workers;
}

struct hop {
    std::size_t left;
    std::shared_ptr<std::vector<drover::recipient<hop>>> ring;
};

struct member {
    std::size_t place;
    std::atomic<std::size_t>* count;
    void operator()(hop&& message) {
        count->fetch_add(1, std::memory_order_relaxed);
        if (message.left != 0) {
            message.left -= 1;
            const auto ring = message.ring;
            (*ring)[(place + 1) % ring->size()].tell(std::move(message));
        }
    }
};

}  // namespace

TEST_CASE("a drain ends when own threads and workers have nothing more to pass on, and not before") {
    for (std::size_t round = 0; round != scaled(60); ++round) {
        world w(2);
        std::atomic<std::size_t> count{0};
        const auto ring = std::make_shared<std::vector<drover::recipient<hop>>>();
        for (std::size_t each = 0; each != 6; ++each) {
            ring->emplace_back(w.rt.spawn<member>(spawn_options{.placement = where(each)}, each, &count));
        }
        constexpr std::size_t hops = 300;
        for (std::size_t each = 0; each != 3; ++each) {
            (*ring)[2 * each].tell(hop{hops, ring});
        }
        REQUIRE(w.finish());
        REQUIRE(count == 3 * (hops + 1));
        REQUIRE(w.rt.statistics().pending == 0);
        ring->clear();
    }
}

TEST_CASE("a drain waits for coroutines that own threads and workers ask one another from") {
    struct asker {
        drover::recipient<int(int)> next;
        drover::task<int> operator()(int n) {
            if (n == 0 || !next) {
                co_return 0;
            }
            co_return co_await next.ask(n - 1) + 1;
        }
    };
    for (std::size_t round = 0; round != scaled(60); ++round) {
        world w(2);
        drover::recipient<int(int)> next;
        for (std::size_t each = 0; each != 7; ++each) {
            next = w.rt.spawn<asker>(spawn_options{.placement = where(each)}, next);
        }
        std::atomic<int> sum{0};
        const auto last = w.rt.spawn(spawn_options{.placement = placement::own_thread},
                                     [&](int) -> drover::task<void> { sum += co_await next.ask(100); });
        for (int each = 0; each != 20; ++each) {
            last.tell(each);
        }
        REQUIRE(w.finish());
        REQUIRE(sum == 20 * 6);
    }
}

TEST_CASE("own threads begin and end while others send to their actors") {
    struct child {
        int operator()(int n) { return n; }
    };
    struct parent {
        int operator()(int n, drover::context& turn) {
            const auto one = turn.spawn<child>(spawn_options{.placement = where(static_cast<std::size_t>(n))});
            one.tell(n);
            if (n % 3 == 0) {
                one.stop();
            }
            return n;
        }
    };
    const std::size_t before = drover_test::blocks_in_use();
    for (std::size_t round = 0; round != scaled(40); ++round) {
        world w(2);
        std::atomic<bool> going{true};
        std::vector<drover::ref<parent>> parents;
        for (std::size_t each = 0; each != 4; ++each) {
            parents.push_back(w.rt.spawn<parent>(spawn_options{.placement = where(each)}));
        }
        std::vector<std::thread> senders;
        for (int each = 0; each != 2; ++each) {
            senders.emplace_back([&] {
                for (int n = 0; n != 12; ++n) {
                    for (const auto& one : parents) {
                        one.tell(n);
                    }
                }
            });
        }
        std::thread looks([&] {
            while (going) {
                static_cast<void>(w.rt.tree());
                std::this_thread::yield();
            }
        });
        std::thread stops([&] {
            parents[round % 4].stop();
            parents[(round + 1) % 4].stop_when_drained();
        });
        for (std::thread& each : senders) {
            each.join();
        }
        stops.join();
        going = false;
        looks.join();
        if (round % 2 == 0) {
            REQUIRE(w.finish());
        }
        parents.clear();
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("a sink that gives an actor its own thread does not meet a look at the tree in a deadlock") {
    for (std::size_t round = 0; round != scaled(20); ++round) {
        drover::runtime* inner = nullptr;
        std::atomic<std::size_t> spawned{0};
        world w(2, [&](drover::runtime_options& chosen) {
            chosen.on_dead_letter = [&](const drover::dead_letter&) {
                inner->spawn(spawn_options{.placement = placement::own_thread}, [](int) {});
                spawned += 1;
            };
        });
        inner = &w.rt;
        std::atomic<bool> going{true};
        std::thread looks([&] {
            while (going) {
                static_cast<void>(w.rt.tree());
            }
        });
        for (std::size_t each = 0; each != 8; ++each) {
            // What it has told itself is a dead letter, in its own thread or on a worker, inside the runtime.
            w.rt.spawn(spawn_options{.placement = where(each)},
                       [](int n, drover::context& turn) {
                           turn.stop();
                           if (n != 0) {
                               throw 1;
                           }
                       })
                .tell(1);
        }
        wait_until([&] { return spawned == 8; });
        going = false;
        looks.join();
    }
}

TEST_CASE("a signal and a message that come as an own thread falls asleep are not lost") {
    world w(1);
    std::atomic<std::size_t> got{0};
    const auto actor = w.rt.spawn(spawn_options{.placement = placement::own_thread}, [&](int) { got += 1; });
    const std::size_t rounds = scaled(20000);
    for (std::size_t each = 1; each <= rounds; ++each) {
        actor.tell(1);
        wait_until([&] { return got == each; });
    }
    REQUIRE(w.finish());
}
