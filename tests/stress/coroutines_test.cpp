#include <drover/actor/task.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/oracle.hpp"
#include "support/scale.hpp"
#include "support/world.hpp"

using drover_test::exact;
using drover_test::scaled;

namespace {

using namespace std::chrono_literals;

std::atomic<int> frames_alive{0};

struct in_frame {
    in_frame() noexcept { frames_alive.fetch_add(1); }
    ~in_frame() { frames_alive.fetch_sub(1); }
    in_frame(const in_frame&) = delete;
    in_frame& operator=(const in_frame&) = delete;
};

struct question {
    std::uint32_t dice;
};

struct leaf {
    drover::task<int> operator()(question q) {
        const in_frame here;
        if (q.dice % 3 == 0) {
            co_await drover::sleep_for(std::chrono::microseconds(q.dice % 50));
        }
        if (q.dice % 97 == 0) {
            throw q.dice;
        }
        co_return 1;
    }
};

// Asks its leaves in every way there is, and itself may be stopped at any moment of that.
struct branch {
    drover::task<int> part(std::uint32_t dice) {
        const in_frame here;
        const auto got = co_await leaves_[dice % leaves_.size()].ask(question{dice}).as_result();
        co_return got ? got.value() : 0;
    }
    drover::task<int> operator()(question q, drover::context& me) {
        const in_frame here;
        const auto& one = leaves_[q.dice % leaves_.size()];
        const auto& other = leaves_[(q.dice / 7) % leaves_.size()];
        switch (q.dice % 5) {
            case 0: {
                const auto got = co_await one.ask(question{q.dice / 5}, 20us).as_result();
                co_return got ? 1 : 0;
            }
            case 1: {
                const auto [a, b] =
                    co_await drover::when_all(one.ask(question{q.dice / 5}).as_result(), part(q.dice / 11));
                co_return (a ? a.value() : 0) + b;
            }
            case 2: {
                const auto first = co_await drover::when_any(part(q.dice / 5), drover::sleep_for(10us),
                                                             other.ask(question{q.dice / 3}).as_result());
                co_return static_cast<int>(first.index());
            }
            case 3: {
                const int a = co_await part(q.dice / 5);
                const int b = co_await part(q.dice / 25);
                co_return a + b;
            }
            default: {
                const auto child = me.spawn<leaf>();
                const auto got = co_await child.ask(question{q.dice}).as_result();
                child.stop();
                co_return got ? 1 : 0;
            }
        }
    }
    std::vector<drover::ref<leaf>> leaves_;
};

struct driver {
    drover::task<int> operator()(question q) {
        const in_frame here;
        const auto got = co_await to_.ask(q, 1ms).as_result();
        co_return got ? 1 : 0;
    }
    drover::ref<branch> to_;
};

}  // namespace

TEST_CASE("stress: coroutines that are stopped at random moments leave nothing behind") {
    const std::size_t rounds = scaled(30);
    for (std::size_t round = 0; round != rounds; ++round) {
        drover::runtime_options options;
        options.threads = 2 + round % 2;
        options.on_dead_letter = [](const drover::dead_letter&) {};
        options.on_failure = [](const drover::failure&) {};
        drover::runtime rt(std::move(options));
        std::vector<drover::ref<leaf>> leaves;
        for (int i = 0; i != 6; ++i) {
            leaves.push_back(rt.spawn<leaf>());
        }
        std::vector<drover::ref<branch>> branches;
        std::vector<drover::ref<driver>> drivers;
        for (int i = 0; i != 8; ++i) {
            branches.push_back(rt.spawn<branch>(leaves));
            drivers.push_back(rt.spawn<driver>(branches.back()));
        }
        std::vector<std::thread> threads;
        for (unsigned t = 0; t != 2; ++t) {
            threads.emplace_back([&, t] {
                std::minstd_rand dice(static_cast<unsigned>(round) * 2 + t + 1);
                for (int i = 0; i != 400; ++i) {
                    const auto number = static_cast<std::uint32_t>(dice());
                    const std::size_t which = number % drivers.size();
                    switch (dice() % 40) {
                        case 0: branches[which].stop(); break;
                        case 1: drivers[which].stop(); break;
                        case 2: drivers[which].stop_when_drained(); break;
                        case 3: leaves[number % leaves.size()].stop(); break;
                        case 4: static_cast<void>(branches[which].ask(question{number}, 50us).result()); break;
                        default: drivers[which].tell(question{number}); break;
                    }
                }
            });
        }
        for (std::thread& each : threads) {
            each.join();
        }
        if (round % 3 != 0) {
            CHECK(rt.drain(60s).complete);
            CHECK(rt.statistics().pending == 0);
        }
        CHECK(rt.stop().complete);
        const auto sums = rt.statistics();
        CHECK(sums.pending == 0);
        CHECK(exact(sums));
        CHECK(frames_alive.load() == 0);
    }
}
