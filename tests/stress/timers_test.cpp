#include <drover/drover.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using namespace std::chrono_literals;
using drover_test::scaled;

namespace {

struct tally {
    std::vector<std::atomic<int>> came;
    explicit tally(std::size_t count) : came(count) {}
};

struct mark {
    std::size_t number;
};

struct marker {
    void operator()(const mark& m) const { seen->came[m.number].fetch_add(1); }
    std::shared_ptr<tally> seen;
};

drover::runtime_options quiet() {
    drover::runtime_options chosen;
    chosen.threads = 2;
    chosen.on_dead_letter = [](const drover::dead_letter&) {};
    return chosen;
}

}  // namespace

TEST_CASE("of a message that is put off and cancelled just then, either the cancel tells of it or the message comes") {
    const std::size_t count = scaled(20'000);
    constexpr std::size_t threads = 3;
    const auto seen = std::make_shared<tally>(count * threads);
    std::atomic<std::size_t> cancelled{0};
    {
        drover::runtime rt(quiet());
        const auto a = rt.spawn<marker>(seen);
        std::vector<std::thread> crew;
        for (std::size_t thread = 0; thread != threads; ++thread) {
            crew.emplace_back([&, thread] {
                drover::random_source random(thread + 1);
                std::vector<std::pair<std::size_t, drover::timer_handle>> waiting;
                for (std::size_t each = 0; each != count; ++each) {
                    const std::size_t number = thread * count + each;
                    waiting.emplace_back(number,
                                         a.tell_after(std::chrono::microseconds(1 + random.below(100)), mark{number}));
                    if (waiting.size() == 8) {
                        const std::size_t which = random.below(8);
                        if (waiting[which].second.cancel()) {
                            seen->came[waiting[which].first].fetch_add(100);
                            cancelled.fetch_add(1);
                        }
                        waiting.clear();
                    }
                }
            });
        }
        for (std::thread& each : crew) {
            each.join();
        }
        CHECK(rt.drain(60s, drover::timed_sends::finish));
        CHECK(rt.statistics().handled == count * threads - cancelled.load());
    }
    std::size_t wrong = 0;
    for (const std::atomic<int>& each : seen->came) {
        wrong += each.load() == 1 || each.load() == 100 ? 0 : 1;
    }
    CHECK(wrong == 0);
}

TEST_CASE("a repeated send that is cancelled from anywhere comes no more, and nothing of it is left") {
    const std::size_t before = drover_test::blocks_in_use();
    for (std::size_t round = 0; round != scaled(300) + 3; ++round) {
        const auto seen = std::make_shared<tally>(1);
        drover::runtime rt(quiet());
        const auto a = rt.spawn<marker>(seen);
        const auto often = a.tell_every(20us, mark{0});
        std::thread other([&] { often.cancel(); });
        drover_test::wait_until([&] { return seen->came[0].load() > 2 || !often.pending(); });
        often.cancel();
        other.join();
        drover_test::wait_until([&] { return !often.pending(); });
        if (round % 2 == 0) {
            a.stop();
        }
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("actors that stop take along what was put off for them, whoever puts it off meanwhile") {
    const std::size_t before = drover_test::blocks_in_use();
    {
        drover::runtime rt(quiet());
        const auto witness = std::make_shared<int>(0);
        for (std::size_t round = 0; round != scaled(200) + 2; ++round) {
            const auto a = rt.spawn([](const std::shared_ptr<int>&) {});
            std::vector<std::thread> crew;
            for (int thread = 0; thread != 2; ++thread) {
                crew.emplace_back([&] {
                    for (int each = 0; each != 50; ++each) {
                        a.tell_after(each % 2 == 0 ? 1h : drover::clock_duration(20us), witness);
                    }
                    a.tell_every(30us, witness);
                });
            }
            a.stop();
            for (std::thread& each : crew) {
                each.join();
            }
        }
        drover_test::wait_until([&] { return witness.use_count() == 1; });
        const drover::accounting sums = rt.statistics();
        CHECK(sums.offered == sums.handled + sums.dead() + sums.returned + sums.pending);
    }
    CHECK(drover_test::blocks_in_use() == before);
}

TEST_CASE("a drain that waits for a message to be sent hears that it was cancelled, whenever that is") {
    drover::random_source random(5);
    for (std::size_t round = 0; round != scaled(200) + 4; ++round) {
        drover::runtime rt(quiet());
        const auto a = rt.spawn<marker>(std::make_shared<tally>(1));
        const auto late = a.tell_after(1h, mark{0});
        std::thread other([&] {
            drover_test::wait_until([&] { return !rt.core().gate_open(); });
            for (std::uint32_t left = random.below(2000); left != 0; --left) {
                std::this_thread::yield();
            }
            CHECK(late.cancel());
        });
        // Nothing else wakes it: in an hour this test has long been ended.
        const bool complete = rt.drain(1h, drover::timed_sends::finish).complete;
        other.join();
        CHECK(complete);
    }
}
