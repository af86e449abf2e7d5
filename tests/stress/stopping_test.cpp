// Stops against everything that may happen at the same time.
#include <drover/drover.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using drover::context;
using drover::delivery;
using drover_test::scaled;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct counter {
    std::atomic<std::uint64_t>* handled;
    std::shared_ptr<int> memory = std::make_shared<int>(0);
    void operator()(std::unique_ptr<int> n) {
        *memory += *n;
        handled->fetch_add(1);
    }
    int operator()(int n) {
        handled->fetch_add(1);
        return n;
    }
};

}  // namespace

TEST_CASE("stop against tell: each message is handled or a dead letter or returned, never two of them") {
    const std::size_t before = drover_test::blocks_in_use();
    {
        world w(2);
        std::atomic<std::uint64_t> handled{0};
        std::atomic<std::uint64_t> accepted{0};
        std::atomic<std::uint64_t> refused{0};
        std::atomic<std::uint64_t> returned{0};
        const std::size_t rounds = scaled(400);
        for (std::size_t round = 0; round != rounds; ++round) {
            const auto a = w.rt.spawn<counter>(&handled);
            std::vector<std::thread> senders;
            for (int each = 0; each != 2; ++each) {
                senders.emplace_back([&, a] {
                    for (int n = 0; n != 30; ++n) {
                        if (n % 3 == 0) {
                            auto message = std::make_unique<int>(1);
                            const delivery said = a.try_tell(message);
                            (said == delivery::accepted ? accepted : returned) += 1;
                            if ((message != nullptr) != (said == delivery::stopped)) {
                                refused += 1000000;
                            }
                        } else {
                            (a.tell(std::make_unique<int>(1)) == delivery::accepted ? accepted : refused) += 1;
                        }
                    }
                });
            }
            switch (round % 3) {
                case 0: a.stop(); break;
                case 1: a.stop_when_drained(); break;
                default: a.stop_when_drained(); a.stop();
            }
            for (auto& each : senders) {
                each.join();
            }
            wait_until([&] { return a.stopped(); });
        }
        w.settle();
        const auto accounts = w.rt.statistics();
        CHECK(accounts.offered == accepted + refused + returned);
        CHECK(accounts.returned == returned);
        CHECK(accounts.handled == handled);
        CHECK(accounts.dead() == accounts.offered - handled - returned);
        CHECK(w.heard.letters().size() == accounts.dead());
        CHECK(accounts.offered == rounds * 60);
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("stop against ask: every ask is answered") {
    world w(2);
    std::atomic<std::uint64_t> handled{0};
    std::atomic<std::uint64_t> replies{0};
    std::atomic<std::uint64_t> stops{0};
    const std::size_t rounds = scaled(300);
    for (std::size_t round = 0; round != rounds; ++round) {
        const auto a = w.rt.spawn<counter>(&handled);
        std::vector<std::thread> askers;
        for (int each = 0; each != 2; ++each) {
            askers.emplace_back([&, a] {
                for (int n = 0; n != 10; ++n) {
                    const auto outcome = a.ask(n).result();
                    if (outcome && outcome.value() == n) {
                        replies += 1;
                    } else if (!outcome && outcome.error().code == drover::ask_error::actor_stopped) {
                        stops += 1;
                    }
                }
            });
        }
        a.stop();
        for (auto& each : askers) {
            each.join();
        }
    }
    w.settle();
    CHECK(replies + stops == rounds * 20);
    CHECK(replies == handled);
}

TEST_CASE("spawn against stop of the parent, by messages that race its end") {
    const std::size_t before = drover_test::blocks_in_use();
    {
        world w(3);
        std::atomic<int> alive{0};
        struct living {
            std::atomic<int>* alive;
            explicit living(std::atomic<int>* count) : alive(count) { *alive += 1; }
            living(const living&) = delete;
            living& operator=(const living&) = delete;
            ~living() { *alive -= 1; }
            void operator()(int n, context& c) {
                if (n != 0) {
                    c.spawn<living>(alive).tell(n - 1);
                    c.spawn<living>(alive).tell(n - 1);
                }
            }
        };
        const std::size_t rounds = scaled(150);
        for (std::size_t round = 0; round != rounds; ++round) {
            const auto a = w.rt.spawn<living>(&alive);
            a.tell(static_cast<int>(round % 6));
            std::thread other([a] { a.tell(4); });
            if (round % 2 == 0) {
                a.stop();
            } else {
                a.stop_when_drained();
            }
            other.join();
            wait_until([&] { return a.stopped(); });
        }
        w.settle();
        CHECK(alive == 0);
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("deep and wide trees stop whole, the leaves first") {
    world w(2);
    static std::atomic<std::uint64_t> clock{0};
    struct node {
        std::uint64_t* parent_stopped_at;
        std::atomic<bool>* fine;
        int depth;
        int width;
        std::uint64_t stopped_at = 0;
        void started(context& c) {
            if (depth != 0) {
                for (int each = 0; each != width; ++each) {
                    c.spawn<node>(&stopped_at, fine, depth - 1, width);
                }
            }
        }
        void operator()(int) {}
        void stopped(drover::stop_reason) {
            stopped_at = ++clock;
            if (parent_stopped_at != nullptr && *parent_stopped_at != 0) {
                *fine = false;
            }
        }
    };
    std::atomic<bool> fine{true};
    SECTION("deep") {
        const auto root = w.rt.spawn<node>(nullptr, &fine, static_cast<int>(scaled(2000)), 1);
        root.tell(1);
        w.settle();
        root.stop();
        wait_until([&] { return root.stopped(); });
    }
    SECTION("wide") {
        const auto root = w.rt.spawn<node>(nullptr, &fine, 1, static_cast<int>(scaled(3000)));
        root.tell(1);
        w.settle();
        root.stop();
        wait_until([&] { return root.stopped(); });
    }
    SECTION("both, by the runtime, in the middle of growing") {
        for (std::size_t round = 0; round != scaled(20); ++round) {
            world inner(2);
            inner.rt.spawn<node>(nullptr, &fine, 6, 3);
            CHECK(inner.rt.stop().complete);
        }
    }
    CHECK(fine);
}

TEST_CASE("many stop one, and one stops many") {
    world w(2);
    std::atomic<int> stops{0};
    struct careful {
        std::atomic<int>* stops;
        void operator()(int, context& c) { c.stop(); }
        void stopped(drover::stop_reason) { *stops += 1; }
    };
    const int rounds = static_cast<int>(scaled(200));
    for (int round = 0; round != rounds; ++round) {
        const auto a = w.rt.spawn<careful>(&stops);
        std::vector<std::thread> stoppers;
        for (int each = 0; each != 3; ++each) {
            stoppers.emplace_back([a, each] {
                switch (each) {
                    case 0: a.stop(); break;
                    case 1: a.stop_when_drained(); break;
                    default: a.tell(1);
                }
            });
        }
        for (auto& each : stoppers) {
            each.join();
        }
        wait_until([&] { return a.stopped(); });
    }
    CHECK(w.finish());
    CHECK(stops == rounds);
}

TEST_CASE("failures in the middle of a storm stop only who failed") {
    world w(2);
    struct fragile {
        int sum = 0;
        void operator()(int n) {
            if (n < 0) {
                throw std::runtime_error("fragile");
            }
            sum += n;
        }
    };
    struct sturdy {
        std::uint64_t sum = 0;
        void operator()(int n) { sum += static_cast<std::uint64_t>(n); }
        std::uint64_t operator()(const std::string&) const { return sum; }
    };
    const auto good = w.rt.spawn<sturdy>();
    const std::size_t rounds = scaled(300);
    std::vector<std::thread> threads;
    for (int each = 0; each != 2; ++each) {
        threads.emplace_back([&] {
            for (std::size_t round = 0; round != rounds; ++round) {
                const auto bad = w.rt.spawn<fragile>();
                for (int n = 0; n != 10; ++n) {
                    bad.tell(n == 5 ? -1 : n);
                    good.tell(1);
                }
            }
        });
    }
    for (auto& each : threads) {
        each.join();
    }
    CHECK(good.ask(std::string()).get() == rounds * 20);
    w.settle();
    CHECK(w.heard.failures().size() == rounds * 2);
    CHECK(w.heard.dead(drover::dead_letter_reason::failed) == rounds * 2);
    CHECK(w.heard.dead(drover::dead_letter_reason::stopped) == rounds * 2 * 4);
}
