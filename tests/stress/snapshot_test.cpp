#include <drover/scheduling/snapshot.hpp>

#include <drover/scheduling/this_thread.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/test_core.hpp"

using namespace drover;
using drover_test::scaled;
using drover_test::test_core;

namespace {

constexpr std::uint64_t alive = 0x5eed'f00d'5eed'f00d;

std::atomic<std::int64_t> present{0};

struct edition : retired {
    explicit edition(std::uint64_t n) : retired(&destroy), number(n) { present.fetch_add(1); }
    static void destroy(retired* self) noexcept {
        auto* const me = static_cast<edition*>(self);
        me->mark = 0;
        present.fetch_sub(1);
        delete me;
    }
    std::uint64_t mark = alive;
    const std::uint64_t number;
};

}  // namespace

// Red if read_scope enters with a plain relaxed store and no fence, or retire() frees at once.
TEST_CASE("readers that come and go never see a freed edition, and versions never go backwards") {
    {
        test_core core;
        snapshot<edition> shared(new edition(0));
        std::atomic<bool> over{false};
        std::atomic<std::uint64_t> wrong{0};
        std::vector<std::thread> threads;
        for (int each = 0; each != 2; ++each) {
            threads.emplace_back([&] {
                while (!over.load(std::memory_order_relaxed)) {
                    std::thread([&] {  // a lane of its own, which goes with it
                        std::uint64_t last = 0;
                        for (int round = 0; round != 2000; ++round) {
                            const read_scope outer(lane_to(core));
                            const edition* const found = shared.read(outer);
                            const std::uint64_t number = found->number;
                            {
                                const read_scope inner(lane_to(core));
                                wrong.fetch_add(shared.read(inner)->number < number ? 1 : 0);
                            }
                            wrong.fetch_add(found->mark != alive || number < last ? 1 : 0);
                            last = number;
                        }
                    })
                        .join();
                }
            });
        }
        futex_mutex writers;
        std::uint64_t next = 0;
        const std::size_t rounds = scaled(40'000);
        const auto write = [&] {
            for (std::size_t round = 0; round != rounds; ++round) {
                edition* old = nullptr;
                {
                    const std::lock_guard lock(writers);
                    old = shared.replace(new edition(++next));
                }
                core.retire(*old);
            }
        };
        std::thread other(write);
        write();
        other.join();
        over = true;
        for (std::thread& each : threads) {
            each.join();
        }
        CHECK(wrong == 0);
        core.free_retired();
        CHECK(present == 1);
        core.retire(*shared.replace(nullptr));
        detail::drop_lanes();
    }
    CHECK(present == 0);
}
