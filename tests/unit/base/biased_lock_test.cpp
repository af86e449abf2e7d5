#include <drover/base/biased_lock.hpp>

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "support/wait.hpp"

using drover::biased_lock;
using drover_test::wait_until;

TEST_CASE("the owner of a biased lock enters and leaves") {
    biased_lock lock;
    CHECK_FALSE(lock.held());
    lock.enter();
    CHECK(lock.held());
    lock.leave();
    CHECK_FALSE(lock.held());
}

TEST_CASE("try_revoke takes the lock only from an owner who is outside") {
    biased_lock lock;
    lock.enter();
    bool taken = true;
    std::thread([&] { taken = lock.try_revoke(); }).join();
    CHECK_FALSE(taken);
    lock.leave();
    std::thread([&] { taken = lock.try_revoke(); }).join();
    CHECK(taken);
    lock.restore();
}

TEST_CASE("a refused try_revoke leaves the lock as it was") {
    biased_lock lock;
    lock.enter();
    std::thread([&] { lock.try_revoke(); }).join();
    lock.leave();
    lock.enter();  // would wait for ever if the attempt had left its mark
    CHECK(lock.held());
    lock.leave();
}

TEST_CASE("try_revoke gives up when somebody else has the lock") {
    biased_lock lock;
    REQUIRE(lock.try_revoke());
    bool taken = true;
    std::thread([&] { taken = lock.try_revoke(); }).join();
    CHECK_FALSE(taken);
    lock.restore();
    std::thread([&] {
        taken = lock.try_revoke();
        lock.restore();
    }).join();
    CHECK(taken);
}

TEST_CASE("the owner waits while the lock is revoked") {
    biased_lock lock;
    lock.revoke();
    std::atomic<bool> coming{false};
    int guarded = 0;
    int seen = -1;
    std::thread owner([&] {
        coming.store(true);
        lock.enter();
        seen = guarded;
        lock.leave();
    });
    wait_until([&] { return coming.load(); });
    for (int each = 0; each != 100; ++each) {
        std::this_thread::yield();
    }
    guarded = 1;
    lock.restore();
    owner.join();
    CHECK(seen == 1);
}

TEST_CASE("revoke waits for the owner to step outside and for other revokers") {
    biased_lock lock;
    lock.enter();
    int guarded = 0;
    int seen[2] = {-1, -1};
    std::atomic<int> coming{0};
    std::thread first([&] {
        coming.fetch_add(1);
        lock.revoke();
        seen[0] = guarded;
        lock.restore();
    });
    std::thread second([&] {
        coming.fetch_add(1);
        lock.revoke();
        seen[1] = guarded;
        lock.restore();
    });
    wait_until([&] { return coming.load() == 2; });
    for (int each = 0; each != 100; ++each) {
        std::this_thread::yield();
    }
    guarded = 1;
    lock.leave();
    first.join();
    second.join();
    CHECK(seen[0] == 1);
    CHECK(seen[1] == 1);
}
