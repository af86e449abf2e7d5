#include <drover/scheduling/worker_group.hpp>

#include <deque>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/test_core.hpp"

using namespace drover;

namespace {

std::vector<runnable*> released;

void release(runnable* item) noexcept {
    released.push_back(item);
}

// The queues without threads: each step is taken by the test.
struct group final : worker_group {
    group(core_record& core, std::size_t workers) : worker_group(core, workers, &release) { released.clear(); }

    using worker_group::flush_retired;
    using worker_group::grace_;
    using worker_group::injector_;
    using worker_group::overflow_;
    using worker_group::sleep_;
    using worker_group::watched_;
};

std::deque<runnable> make(std::size_t count) {
    std::deque<runnable> items;
    while (items.size() != count) {
        items.emplace_back(nullptr);
    }
    return items;
}

}  // namespace

TEST_CASE("the actor made ready last runs next, and what it displaces goes where others can take it") {
    drover_test::test_core core;
    group one(core, 1);
    worker& me = one.at(0);
    std::deque<runnable> items = make(3);
    one.schedule(me, &items[0]);
    CHECK(me.next.load() == &items[0]);
    CHECK(me.ring.empty());
    one.schedule(me, &items[1]);
    one.schedule(me, &items[2]);
    CHECK(me.next.load() == &items[2]);
    CHECK(me.ring.pop() == &items[0]);
    CHECK(me.ring.pop() == &items[1]);
    CHECK(me.ring.empty());
    CHECK_FALSE(me.inside.held());
}

TEST_CASE("in a run of which a thief has taken an actor all go where others can take them, and in the next no more") {
    drover_test::test_core core;
    group one(core, 2);
    worker& me = one.at(0);
    std::deque<runnable> items = make(4);
    me.runs.store(7);
    me.robbed = 7;
    one.sleep_.announce(1, false);
    one.schedule(me, &items[0]);
    CHECK_FALSE(one.sleep_.asleep(1));
    one.schedule(me, &items[1]);
    CHECK(me.next.load() == nullptr);
    CHECK(me.ring.size() == 2);
    me.runs.store(8);
    one.schedule(me, &items[2]);
    CHECK(me.next.load() == &items[2]);
    CHECK(me.ring.pop() == &items[0]);
    CHECK(me.ring.pop() == &items[1]);
    CHECK(me.ring.empty());
}

TEST_CASE("a displaced actor wakes a sleeper, a lone one only somebody to watch over it") {
    drover_test::test_core core;
    group three(core, 3);
    std::deque<runnable> items = make(3);
    three.sleep_.announce(1, false);
    three.sleep_.announce(2, false);

    three.schedule(three.at(0), &items[0]);
    CHECK(three.sleep_.awake() == 2);  // the watcher
    three.sleep_.stop_search();
    three.watched_.store(true);
    three.at(0).next.store(nullptr);
    three.schedule(three.at(0), &items[1]);
    CHECK(three.sleep_.awake() == 2);  // there is a watcher already
    three.schedule(three.at(0), &items[2]);
    CHECK(three.sleep_.awake() == 3);
}

TEST_CASE("with all workers awake nobody is summoned") {
    drover_test::test_core core;
    group two(core, 2);
    std::deque<runnable> items = make(1);
    two.schedule(two.at(0), &items[0]);
    CHECK(two.sleep_.awake() == 2);
    CHECK(two.sleep_.try_start_search());
}

TEST_CASE("a lone worker needs no watcher") {
    drover_test::test_core core;
    group one(core, 1);
    std::deque<runnable> items = make(1);
    one.sleep_.announce(0, false);
    one.schedule(one.at(0), &items[0]);
    CHECK(one.sleep_.awake() == 0);
}

TEST_CASE("requeue puts an actor last, and wakes others unless it is the only one") {
    drover_test::test_core core;
    group two(core, 2);
    worker& me = two.at(0);
    std::deque<runnable> items = make(3);
    two.sleep_.announce(1, false);
    two.requeue(me, &items[0]);
    CHECK(two.sleep_.awake() == 1);
    two.requeue(me, &items[1]);
    CHECK(two.sleep_.awake() == 2);
    CHECK(me.ring.pop() == &items[0]);
    CHECK(me.ring.pop() == &items[1]);

    two.sleep_.stop_search();
    two.sleep_.announce(1, false);
    me.next.store(&items[2]);
    two.requeue(me, &items[0]);
    CHECK(two.sleep_.awake() == 2);
}

TEST_CASE("a worker knows whether it has anything else to run") {
    drover_test::test_core core;
    group one(core, 1);
    worker& me = one.at(0);
    std::deque<runnable> items = make(1);
    CHECK_FALSE(one.has_other_work(me));
    me.next.store(&items[0]);
    CHECK(one.has_other_work(me));
    me.next.store(nullptr);
    me.ring.push(&items[0]);
    CHECK(one.has_other_work(me));
    me.ring.pop();
    one.injector_.push(&items[0]);
    CHECK(one.has_other_work(me));
    one.injector_.take_all();
    CHECK_FALSE(one.has_other_work(me));
}

TEST_CASE("a full ring gives its older half to the list that all share") {
    drover_test::test_core core;
    group one(core, 1);
    worker& me = one.at(0);
    std::deque<runnable> items = make(run_ring::capacity + 1);
    for (runnable& each : items) {
        one.requeue(me, &each);
    }
    CHECK(me.ring.size() == run_ring::capacity / 2);
    CHECK(me.ring.pop() == &items[run_ring::capacity / 2]);
    std::size_t count = 0;
    for (const runnable* each = one.overflow_.take(1000); each != nullptr; each = each->next_runnable) {
        CHECK(each == &items[count == run_ring::capacity / 2 ? run_ring::capacity : count]);
        count += 1;
    }
    CHECK(count == run_ring::capacity / 2 + 1);
}

TEST_CASE("submit goes through the injector and wakes a sleeper") {
    drover_test::test_core core;
    group one(core, 1);
    std::deque<runnable> items = make(1);
    one.sleep_.announce(0, false);
    one.submit(&items[0]);
    CHECK(one.sleep_.awake() == 1);
    CHECK(one.injector_.take_all() == &items[0]);
}

TEST_CASE("stopped cells are gathered before they go to the grace period") {
    drover_test::test_core core;
    group one(core, 1);
    worker& me = one.at(0);
    std::deque<runnable> items = make(64);
    one.grace_.pass(0);
    for (std::size_t each = 0; each != 63; ++each) {
        one.retire(me, &items[each]);
    }
    CHECK(one.grace_.empty());
    CHECK(me.stopped_count == 63);
    one.retire(me, &items[63]);
    CHECK_FALSE(one.grace_.empty());
    CHECK(me.stopped == nullptr);
    CHECK(me.stopped_count == 0);
    CHECK(released.empty());
    one.grace_.pass(0);
    one.flush_retired(me);
    CHECK(released.size() == 64);
}

TEST_CASE("quiescent means asleep, senders gone, nothing queued, and is asked in that order") {
    drover_test::test_core core;
    group one(core, 1);
    std::deque<runnable> items = make(2);
    bool asked = false;
    const auto gone = [&] {
        asked = true;
        return true;
    };
    CHECK_FALSE(one.quiescent(gone));
    CHECK_FALSE(asked);
    one.sleep_.announce(0, false);
    CHECK_FALSE(one.quiescent([] { return false; }));
    CHECK(one.quiescent(gone));
    CHECK(asked);
    // What a sender leaves behind while it is waited for is seen.
    CHECK_FALSE(one.quiescent([&] {
        one.injector_.push(&items[0]);
        return true;
    }));
    one.injector_.take_all();
    run_chain chain;
    chain.append(&items[1]);
    one.overflow_.push(chain);
    CHECK_FALSE(one.quiescent(gone));
}

TEST_CASE("inspect looks while no worker is inside") {
    drover_test::test_core core;
    group two(core, 2);
    bool looked = false;
    two.inspect([&] {
        bool taken = false;
        std::thread([&] { taken = two.at(1).inside.try_revoke(); }).join();
        CHECK_FALSE(taken);
        looked = true;
    });
    CHECK(looked);
    CHECK(two.at(0).inside.try_revoke());
    two.at(0).inside.restore();
}
