#include <drover/scheduling/own_threads.hpp>

#include <pthread.h>

#include <atomic>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include <drover/metrics/hooks.hpp>
#include <drover/scheduling/work_stealing.hpp>

#include "support/test_core.hpp"
#include "support/wait.hpp"

using namespace drover;
using drover_test::wait_until;

namespace {

std::atomic<int> released{0};

// An actor that counts its runs and stops in the last one.
struct item : runnable {
    item() : runnable(&step) {}

    static run_result step(runnable* self, lane& mine) {
        item& me = *static_cast<item*>(self);
        me.inside = static_cast<worker&>(mine).inside.held() && this_thread().worker && this_thread().current == &mine;
        me.queue = mine.queue;
        me.thread = std::this_thread::get_id();
        const int runs = ++me.runs;
        if (runs == me.last) {
            static_cast<own_worker&>(mine).over = true;
            return run_result::done;
        }
        return runs % 3 == 0 ? run_result::again : run_result::done;
    }

    int last = 0;
    std::atomic<int> runs{0};
    std::atomic<bool> inside{false};
    std::atomic<bool> queue{true};
    std::atomic<std::thread::id> thread{};
};

void release(runnable*) noexcept {
    released += 1;
}

using scheduler = work_stealing<no_metrics>;

}  // namespace

TEST_CASE("an own worker runs its actor when it is called, inside the runtime, in one thread") {
    drover_test::test_core core;
    scheduler all(core, 1, &release);
    all.start("test", {});
    released = 0;
    item actor;
    actor.last = 6;
    own_worker& mine = all.start_own("test", "actor");
    mine.attach(&actor, &release);
    for (const int wanted : {1, 2, 4}) {  // the third run wants another
        mine.call();
        wait_until([&] { return actor.runs == wanted && all.quiescent([] { return true; }); });
    }
    CHECK(actor.inside);
    CHECK_FALSE(actor.queue);
    CHECK(actor.thread.load() != std::this_thread::get_id());
    CHECK(released == 0);
    mine.call();
    wait_until([&] { return actor.runs == 5; });
    wait_until([&] { return all.quiescent([] { return true; }); });
    mine.call();
    all.join();
    CHECK(actor.runs == 6);
    CHECK(released == 1);
}

TEST_CASE("it is not at rest from the call on, whatever the workers do") {
    drover_test::test_core core;
    scheduler all(core, 1, &release);
    all.start("test", {});
    static std::atomic<bool> go;
    go = false;
    runnable actor([](runnable*, lane& mine) {
        wait_until([] { return go.load(); });
        static_cast<own_worker&>(mine).over = true;
        return run_result::done;
    });
    own_worker& mine = all.start_own("test", "actor");
    mine.attach(&actor, &release);
    wait_until([&] { return all.quiescent([] { return true; }); });
    // A call amid the look is seen at its end, though the look began before it.
    CHECK_FALSE(all.quiescent([&] {
        mine.call();
        return true;
    }));
    for (int each = 0; each != 100; ++each) {
        CHECK_FALSE(all.quiescent([] { return true; }));
    }
    const std::uint32_t heard = all.listen();
    go = true;
    wait_until([&] { return all.bell().load() != heard; });
    all.join();
}

TEST_CASE("a call that has come and gone amid the look is seen all the same") {
    drover_test::test_core core;
    scheduler all(core, 1, &release);
    all.start("test", {});
    item actor;
    actor.last = 2;
    own_worker& mine = all.start_own("test", "actor");
    mine.attach(&actor, &release);
    wait_until([&] { return all.quiescent([] { return true; }); });
    CHECK_FALSE(all.quiescent([&] {
        mine.call();
        wait_until([&] { return !own_threads::busy(mine.all.look()); });  // it is at rest again
        return true;
    }));
    CHECK(all.quiescent([] { return true; }));
    mine.call();
    all.join();
}

TEST_CASE("one that is not used ends, and the runs of all are found") {
    drover_test::test_core core;
    scheduler all(core, 2, &release);
    all.start("test", {});
    const auto count = [&] {
        std::size_t sum = 0;
        all.visit_all([&](worker&) { sum += 1; });
        return sum;
    };
    own_worker& mine = all.start_own("test", "actor");
    CHECK(count() == 3);
    CHECK(mine.index == 2);
    mine.all.cancel(mine);
    CHECK(count() == 2);
    CHECK(all.size() == 2);
    static std::atomic<bool> go;
    go = false;
    runnable actor([](runnable*, lane& me) {
        static_cast<own_worker&>(me).inside.leave();
        wait_until([] { return go.load(); });
        static_cast<own_worker&>(me).inside.enter();
        static_cast<own_worker&>(me).over = true;
        return run_result::done;
    });
    own_worker& next = all.start_own("test", "actor");
    next.attach(&actor, &release);
    next.call();
    wait_until([&] { return next.running.load() == &actor; });
    bool found = false;
    all.inspect([&] { found = all.runs(&actor); });
    CHECK(found);
    go = true;
    all.join();
}

TEST_CASE("an own thread is not bound to the processor of the worker that starts it") {
    cpu_set_t here;
    CPU_ZERO(&here);
    REQUIRE(::pthread_getaffinity_np(::pthread_self(), sizeof here, &here) == 0);
    int first = 0;
    while (!CPU_ISSET(first, &here)) {
        first += 1;
    }
    drover_test::test_core core;
    scheduler all(core, 1, &release);
    all.start("test", {first});
    cpu_set_t found;
    CPU_ZERO(&found);
    std::thread pinned([&] {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(first, &one);
        ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
        own_worker& mine = all.start_own("test", "actor");
        ::pthread_getaffinity_np(mine.thread.native_handle(), sizeof found, &found);
        mine.all.cancel(mine);
    });
    pinned.join();
    all.join();
    CHECK(CPU_EQUAL(&found, &here));
}
