#include <drover/scheduling/snapshot.hpp>

#include <drover/scheduling/this_thread.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

#include <catch2/catch.hpp>

#include "support/test_core.hpp"
#include "support/wait.hpp"

using namespace drover;
using drover_test::test_core;
using drover_test::wait_until;

namespace {

struct thing : retired {
    explicit thing(int v = 0)
        : retired([](retired* self) noexcept { static_cast<thing*>(self)->freed.fetch_add(1); }), value(v) {}
    const int value;
    std::atomic<int> freed{0};
};

}  // namespace

TEST_CASE("what a reader has found is freed once it has left") {
    test_core core;
    lane mine(core, false);
    core.lanes().add(mine);
    thing first(1);
    thing second(2);
    snapshot<thing> shared(&first);
    {
        const read_scope scope(mine);
        CHECK(shared.read(scope)->value == 1);
        core.retire(*shared.replace(&second));
        CHECK_FALSE(core.reclaim());
        CHECK(first.freed == 0);
        CHECK(shared.read(scope)->value == 2);
    }
    CHECK(core.reclaim());
    CHECK(first.freed == 1);
    CHECK(second.freed == 0);
    core.lanes().remove(mine);
}

TEST_CASE("a reader who came after the replacement holds up nothing") {
    test_core core;
    lane mine(core, true);
    core.lanes().add(mine);
    thing first;
    thing second;
    snapshot<thing> shared(&first);
    core.retire(*shared.replace(&second));
    const read_scope scope(mine);
    CHECK(core.reclaim());
    CHECK(first.freed == 1);
    core.lanes().remove(mine);
}

TEST_CASE("a nested reader keeps the outer epoch and leaves it standing") {
    test_core core;
    lane mine(core, false);
    core.lanes().add(mine);
    thing first;
    thing second;
    snapshot<thing> shared(&first);
    {
        const read_scope outer(mine);
        core.retire(*shared.replace(&second));
        {
            const read_scope inner(mine);
            CHECK_FALSE(core.reclaim());
        }
        CHECK_FALSE(core.reclaim());
        CHECK(first.freed == 0);
    }
    CHECK(core.reclaim());
    core.lanes().remove(mine);
}

TEST_CASE("readers of two runtimes do not hold each other up") {
    test_core one;
    test_core other;
    thing old;
    {
        const read_scope scope(lane_to(one));
        other.retire(old);
        CHECK(other.reclaim());
    }
    CHECK(old.freed == 1);
    std::thread([] {}).join();
    detail::drop_lanes();
}

TEST_CASE("a thread that has ended holds up nothing") {
    test_core core;
    thing old;
    std::thread([&] { const read_scope scope(lane_to(core)); }).join();
    core.retire(old);
    CHECK(core.reclaim());
    CHECK(old.freed == 1);
}

TEST_CASE("freeing all waits for a reader on another thread") {
    test_core core;
    thing old;
    std::atomic<bool> reads{false};
    std::atomic<bool> leave{false};
    int freed_while_read = -1;
    std::thread reader([&] {
        const read_scope scope(lane_to(core));
        reads = true;
        wait_until([&] { return leave.load(); });
        freed_while_read = old.freed;
    });
    wait_until([&] { return reads.load(); });
    core.retire(old);
    CHECK_FALSE(core.reclaim());
    leave = true;
    core.free_retired();
    CHECK(old.freed == 1);
    reader.join();
    CHECK(freed_while_read == 0);
}

TEST_CASE("what is left is freed with the record") {
    thing old;
    {
        test_core core;
        core.retire(old);
        CHECK(old.freed == 0);
    }
    CHECK(old.freed == 1);
}
