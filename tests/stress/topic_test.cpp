#include <drover/routing/topic.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using drover_test::blocks_in_use;
using drover_test::scaled;
using drover_test::wait_until;
using drover_test::world;

namespace {

constexpr std::size_t publishers = 3;

std::atomic<int> alive{0};
std::atomic<int> disorders{0};

struct numbered {
    numbered(std::size_t p, std::size_t n) : publisher(p), number(n) { alive += 1; }
    numbered(const numbered&) = delete;
    numbered(numbered&& other) noexcept : publisher(other.publisher), number(other.number) { alive += 1; }
    ~numbered() { alive -= 1; }
    std::size_t publisher;
    std::size_t number;
};

struct checker {
    void operator()(const numbered& one) {
        std::size_t& last = last_[one.publisher];
        disorders += one.number <= last ? 1 : 0;
        last = one.number;
    }
    std::array<std::size_t, publishers> last_{};
};

}  // namespace

TEST_CASE("publishers, subscriptions and stops at once") {
    const std::size_t before = blocks_in_use();
    disorders = 0;
    {
        world w(2);
        const drover::topic<numbered> topic(w.rt);
        std::atomic<std::size_t> given{0};
        drover_test::door start;
        std::vector<std::thread> threads;
        const std::size_t rounds = scaled(20000);
        for (std::size_t p = 0; p != publishers; ++p) {
            threads.emplace_back([&, p] {
                start.pass();
                for (std::size_t n = 1; n <= rounds; ++n) {
                    given += topic.publish(numbered(p, n));
                }
            });
        }
        // Two threads work on the same actors: each may subscribe what the other removes or stops.
        std::vector<drover::ref<checker>> shared;
        for (int i = 0; i != 8; ++i) {
            shared.push_back(w.rt.spawn<checker>());
            topic.subscribe(shared.back());
        }
        for (std::size_t side = 0; side != 2; ++side) {
            threads.emplace_back([&, side] {
                start.pass();
                for (std::size_t round = 0; round != rounds; ++round) {
                    const auto& one = shared[(round * (side + 1)) % shared.size()];
                    switch ((round + side) % 4) {
                        case 0: topic.subscribe(one); break;
                        case 1: topic.unsubscribe(one); break;
                        case 2: topic.subscribe(one, [](const numbered& m) { return m.number % 2 == 0; }); break;
                        default: {
                            const auto fresh = w.rt.spawn<checker>();
                            topic.subscribe(fresh);
                            fresh.stop();
                            wait_until([&] { return fresh.stopped(); });  // or they flood the memory
                        }
                    }
                }
            });
        }
        start.open();
        for (std::thread& each : threads) {
            each.join();
        }
        w.settle();
        CHECK(given > 0);
        CHECK(disorders == 0);
        for (const auto& each : shared) {
            topic.unsubscribe(each);
            each.stop();
        }
        wait_until([&] { return topic.subscribers() == 0; });
        w.settle();
        wait_until([&] { return alive == 0; });
        const drover::accounting sums = w.rt.statistics();
        CHECK(sums.offered == sums.handled + sums.dead());
        CHECK(sums.handled <= given);
    }
    CHECK(alive == 0);
    CHECK(blocks_in_use() == before);
}

TEST_CASE("a topic ends while its subscribers stop") {
    const std::size_t before = blocks_in_use();
    {
        world w(2);
        for (std::size_t round = 0; round != scaled(2000); ++round) {
            std::vector<drover::ref<checker>> actors;
            {
                const drover::topic<numbered> topic(w.rt);
                for (int i = 0; i != 4; ++i) {
                    actors.push_back(w.rt.spawn<checker>());
                    topic.subscribe(actors.back());
                }
                topic.publish(numbered(0, round + 1));
                for (const auto& each : actors) {
                    each.stop();
                }
            }
        }
    }
    CHECK(alive == 0);
    CHECK(blocks_in_use() == before);
}
