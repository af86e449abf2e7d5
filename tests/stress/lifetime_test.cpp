// Runtimes that come and go while refs to them are everywhere.
#include <drover/drover.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::context;
using drover::delivery;
using drover_test::door;
using drover_test::scaled;
using drover_test::world;

namespace {

struct echo {
    int operator()(int n) { return n; }
    void operator()(std::unique_ptr<int>) {}
};

}  // namespace

TEST_CASE("threads send during the end of a runtime and after it") {
    const std::size_t before = drover_test::blocks_in_use();
    for (std::size_t round = 0; round != scaled(150); ++round) {
        std::vector<std::thread> threads;
        std::atomic<int> ended{0};
        std::atomic<bool> fine{true};
        {
            auto w = std::make_unique<world>(2);
            const auto a = w->rt.spawn<echo>();
            for (int each = 0; each != 3; ++each) {
                threads.emplace_back([a, each, &ended, &fine] {
                    int after_the_end = 0;
                    while (after_the_end < 20) {
                        after_the_end += ended.load();
                        switch (each) {
                            case 0: a.tell(std::make_unique<int>(1)); break;
                            case 1: {
                                auto message = std::make_unique<int>(2);
                                const bool taken = a.try_tell(message) == delivery::accepted;
                                fine = fine && taken == (message == nullptr);
                                break;
                            }
                            default: {
                                const auto outcome = a.ask(3, 1h).result();
                                fine = fine && (outcome || outcome.error().code == drover::ask_error::actor_stopped ||
                                                outcome.error().code == drover::ask_error::timeout);
                                a.tell_batch(std::vector<int>{1, 2, 3});
                            }
                        }
                        std::this_thread::yield();  // else the queue outgrows its reader, and each round waits for it
                    }
                    a.stop();
                    a.stop_when_drained();
                    fine = fine && a.stopped() && a.tell(1) == delivery::stopped;
                });
            }
            if (round % 3 == 0) {
                w->rt.drain(1h);
            }
            w.reset();
            ended = 1;
        }
        for (auto& each : threads) {
            each.join();
        }
        CHECK(fine);
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("several runtimes with refs across, ended in any order") {
    const std::size_t before = drover_test::blocks_in_use();
    for (std::size_t round = 0; round != scaled(100); ++round) {
        struct bouncing {
            std::vector<drover::ref<bouncing>> others{};
            void operator()(const drover::ref<bouncing>& other) { others.push_back(other); }
            void operator()(int n) {
                if (n != 0 && !others.empty()) {
                    others[static_cast<std::size_t>(n) % others.size()].tell(n - 1);
                }
            }
            int operator()(const std::string&) { return static_cast<int>(others.size()); }
        };
        std::vector<std::unique_ptr<world>> worlds;
        std::vector<drover::ref<bouncing>> all;
        for (int each = 0; each != 3; ++each) {
            worlds.push_back(std::make_unique<world>(1));
            all.push_back(worlds.back()->rt.spawn<bouncing>());
            all.push_back(worlds.back()->rt.spawn<bouncing>());
        }
        for (const auto& from : all) {
            for (const auto& to : all) {
                from.tell(to);
            }
        }
        for (const auto& each : all) {
            each.tell(500);
        }
        worlds[round % 3].reset();
        CHECK(all[((round + 1) % 3) * 2].ask(std::string()).get() == 6);
        worlds.clear();
        for (const auto& each : all) {
            CHECK(each.tell(1) == delivery::stopped);
        }
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("refs are copied and dropped by threads that know no runtime") {
    const std::size_t before = drover_test::blocks_in_use();
    for (std::size_t round = 0; round != scaled(100); ++round) {
        std::vector<std::thread> threads;
        {
            world w(2);
            struct child_maker {
                drover::ref<echo> operator()(int, context& c) { return c.spawn<echo>(); }
            };
            const auto parent = w.rt.spawn<child_maker>();
            for (int each = 0; each != 3; ++each) {
                std::vector<drover::ref<echo>> some;
                for (int n = 0; n != 5; ++n) {
                    some.push_back(n % 2 == 0 ? w.rt.spawn<echo>() : parent.ask(1).get());
                }
                threads.emplace_back([some = std::move(some)]() mutable {
                    const auto copy = some;
                    for (const auto& one : some) {
                        one.tell(1);
                        one.stop();
                    }
                    some.clear();
                });
            }
        }
        for (auto& each : threads) {
            each.join();
        }
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("runtimes are made, used and ended by several threads at once") {
    const std::size_t before = drover_test::blocks_in_use();
    std::mutex mutex;
    std::vector<drover::ref<echo>> market;  // refs to runtimes that may be gone
    std::vector<std::thread> threads;
    std::atomic<std::uint64_t> handled{0};
    for (unsigned each = 0; each != 3; ++each) {
        threads.emplace_back([&, each] {
            drover::random_source random(each + 1);
            for (std::size_t round = 0; round != scaled(150); ++round) {
                world w(1 + random.below(2));
                for (int n = 0; n != 3; ++n) {
                    const auto a = w.rt.spawn<echo>();
                    a.tell(1);
                    drover::ref<echo> other;
                    {
                        const std::lock_guard lock(mutex);
                        market.push_back(a);
                        const auto index = random.below(static_cast<std::uint32_t>(market.size()));
                        std::swap(market[index], market.back());
                        if (market.size() > 10) {
                            other = market.back();
                            market.pop_back();
                        }
                    }
                    other.tell(2);
                    static_cast<void>(other.ask(3));
                    if (random.below(3) == 0) {
                        other.stop();
                    }
                }
                switch (random.below(4)) {
                    case 0: w.rt.drain(1h); break;
                    case 1: w.rt.stop(); break;
                    default: break;
                }
                handled += w.rt.statistics().handled;
            }
        });
    }
    for (auto& each : threads) {
        each.join();
    }
    CHECK(handled > 0);
    for (const auto& each : market) {
        CHECK(each.stopped());
    }
    market.clear();
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("a sink sends to actors of its own and of other runtimes while they end") {
    for (std::size_t round = 0; round != scaled(100); ++round) {
        drover::ref<echo> near;
        drover::ref<echo> far;
        world other(1);
        far = other.rt.spawn<echo>();
        std::atomic<int> sunk{0};
        {
            world w(2, [&](drover::runtime_options& o) {
                o.on_dead_letter = [&](const drover::dead_letter&) {
                    sunk += 1;
                    near.tell(1);
                    far.tell(2);
                };
            });
            near = w.rt.spawn<echo>();
            const auto a = w.rt.spawn<echo>();
            std::thread sender([a] {
                for (int n = 0; n != 50; ++n) {
                    a.tell(n);
                }
            });
            a.stop();
            sender.join();
        }
        CHECK(other.rt.drain(1h).complete);
        CHECK(other.rt.statistics().handled == static_cast<std::uint64_t>(sunk));
    }
}
