// Drains under load: what was accepted is handled, what comes later is refused, and nothing hangs.
#include <drover/drover.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::context;
using drover::delivery;
using drover_test::scaled;
using drover_test::world;

TEST_CASE("drain beside senders from outside: accepted means handled") {
    const std::size_t before = drover_test::blocks_in_use();
    for (std::size_t round = 0; round != scaled(80); ++round) {
        world w(2);
        std::atomic<std::uint64_t> handled{0};
        std::atomic<std::uint64_t> accepted{0};
        std::vector<drover::recipient<int>> all;
        for (int each = 0; each != 3; ++each) {
            all.emplace_back(w.rt.spawn([&](int) { handled += 1; }));
        }
        std::vector<std::thread> senders;
        for (std::size_t each = 0; each != 3; ++each) {
            senders.emplace_back([&, each] {
                for (std::uint64_t n = 0; all[(n + each) % 3].tell(1) == delivery::accepted; ++n) {
                    accepted += 1;
                    if (n % 32 == 0) {
                        std::this_thread::yield();
                    }
                }
            });
        }
        drover_test::wait_until([&] { return handled > round * 10; });
        CHECK(w.rt.drain(1s).complete);
        const std::uint64_t at_drain = handled;
        for (auto& each : senders) {
            each.join();
        }
        CHECK(handled == at_drain);
        CHECK(handled == accepted);
        const auto accounts = w.rt.statistics();
        CHECK(accounts.pending == 0);
        CHECK(accounts.handled == accepted);
        CHECK(accounts.dead() == 3);  // the refusal that ended each sender
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("drain beside actors that spawn, ask and send to each other") {
    for (std::size_t round = 0; round != scaled(60); ++round) {
        world w(2);
        static std::atomic<std::uint64_t> leaves{0};
        leaves = 0;
        struct grower {
            void operator()(int n, context& c) {
                if (n == 0) {
                    leaves += 1;
                    c.stop();
                    return;
                }
                const auto left = c.spawn<grower>();
                const auto right = c.spawn<grower>();
                left.tell(n - 1);
                right.ask(std::string(static_cast<std::size_t>(n - 1), 'x'))
                    .then([right, n](const drover::expected<std::size_t, drover::ask_error>& length) {
                        if (length && length.value() == static_cast<std::size_t>(n - 1)) {
                            right.tell(n - 1);
                        }
                    });
            }
            std::size_t operator()(const std::string& text) { return text.size(); }
        };
        const auto a = w.rt.spawn<grower>();
        a.tell(7);
        CHECK(w.rt.drain(1s).complete);
        CHECK(leaves == 128);
        CHECK(w.rt.statistics().pending == 0);
    }
}

TEST_CASE("outside signals while draining: stops, promises and timers lose no message") {
    for (std::size_t round = 0; round != scaled(200); ++round) {
        world w(2);
        std::atomic<int> got{0};
        struct silent {
            std::vector<drover::promise<int>>* to;
            std::atomic<int>* taken;
            drover::later<int> operator()(int, context& c) {
                to->push_back(c.later<int>());
                *taken += 1;
                return {};
            }
        };
        std::vector<drover::promise<int>> promises;
        std::atomic<int> taken{0};
        const auto target = w.rt.spawn<silent>(&promises, &taken);
        const auto bystander = w.rt.spawn([&](int) { got += 100; });
        const auto asker = w.rt.spawn([&, target](int n) {
            target.ask(n).then([&](const drover::expected<int, drover::ask_error>& reply) {
                got += reply ? reply.value() : 0;
                bystander.tell(1);
            });
            target.ask(n, 1s).then([&](const drover::expected<int, drover::ask_error>& reply) {
                got += !reply && reply.error().code == drover::ask_error::timeout ? 10 : 0;
                bystander.tell(1);
            });
        });
        asker.tell(1);
        drover_test::wait_until([&] { return taken == 2; });
        std::thread setter([&] { promises.front().set(1); });
        std::thread turner([&] { w.clock.advance(1s); });
        std::thread stopper([extra = w.rt.spawn([](int) {})] { extra.stop(); });
        CHECK(w.rt.drain(1h).complete);
        CHECK(got == 211);
        setter.join();
        turner.join();
        stopper.join();
    }
}

TEST_CASE("looks at stragglers beside everything, again and again") {
    // A drain without patience looks at all actors while they run, stop, spawn and are sent to.
    for (std::size_t round = 0; round != scaled(60); ++round) {
        world w(2);
        struct asking {
            void operator()(int n, context& c) {
                const auto child = c.spawn([](int m) { return m; });
                for (int each = 0; each != 3; ++each) {
                    child.ask(n).then([](const drover::expected<int, drover::ask_error>&) {});
                }
                if (n % 2 == 0) {
                    child.stop();
                } else {
                    child.stop_when_drained();
                }
                child.tell(n);  // perhaps to a closed mailbox
                if (n != 0) {
                    c.self<asking>().tell(n - 1);
                }
            }
        };
        const auto a = w.rt.spawn<asking>();
        const auto b = w.rt.spawn<asking>();
        a.tell(100);
        b.tell(100);
        std::vector<std::thread> lookers;
        for (int each = 0; each != 2; ++each) {
            lookers.emplace_back([&] {
                while (!w.rt.drain(0ns).complete) {}
            });
        }
        for (auto& each : lookers) {
            each.join();
        }
        CHECK(w.rt.statistics().pending == 0);
    }
}
