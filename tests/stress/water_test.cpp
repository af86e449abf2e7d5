// Senders that do as a mailbox asks: whoever hears that it is above its high mark waits until it has come down.
#include <drover/drover.hpp>

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using drover::delivery;
using drover_test::scaled;
using drover_test::wait_until;
using drover_test::world;

namespace {

struct taker {
    void operator()(int) {}
};

// Notices come in turn, a rise first; what it counts is of its own thread until the runtime has ended.
struct observer {
    void operator()(const drover::water_level& now) {
        in_turn = in_turn && now.above != above;
        above = now.above;
        falls.fetch_add(now.above ? 0 : 1);
    }
    std::atomic<std::size_t>& falls;
    bool& in_turn;
    bool& above;
};

}  // namespace

// A fall that is not told stops a sender, and the test with it: so it is if nobody looks at the level again after the
// flag was set. What needs more of a coincidence is in tests/model/water.pml.
TEMPLATE_TEST_CASE("a sender that hears of high water hears of the fall", "", drover::bounded_mailbox<1>,
                   drover::bounded_mailbox<2>, drover::bounded_mailbox<8>,
                   (drover::bounded_mailbox<8, drover::drop_oldest>)) {
    std::atomic<std::size_t> falls{0};
    bool in_turn = true;
    bool above = false;
    {
        world w(2,
                [](drover::runtime_options& options) { options.on_dead_letter = [](const drover::dead_letter&) {}; });
        const auto taking = w.rt.spawn<taker>(drover::spawn_in<TestType>{});
        const auto observing = w.rt.spawn<observer>(falls, in_turn, above);
        drover::subscribe_water(taking, drover::recipient<drover::water_level>(observing));
        std::atomic<std::size_t> heard{0};
        std::vector<std::thread> senders;
        for (int each = 0; each != 3; ++each) {
            senders.emplace_back([&, each] {
                for (std::size_t round = 0; round != scaled(20'000); ++round) {
                    const std::size_t before = falls.load();
                    const bool batch = each == 0 && round % 4 == 0;
                    const delivery answer = batch ? taking.tell_batch(std::vector<int>{1, 2}) : taking.tell(1);
                    if (answer == delivery::accepted_above_high_water) {
                        heard.fetch_add(1);
                        wait_until([&] { return falls.load() != before; });
                    }
                }
            });
        }
        for (std::thread& each : senders) {
            each.join();
        }
        CHECK(heard > 0);
        w.settle();
        CHECK(w.finish());
    }
    CHECK(in_turn);
    CHECK_FALSE(above);
}
