#include <drover/base/futex.hpp>
#include <drover/mailbox/admission.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/death.hpp"
#include "support/scale.hpp"

using drover::admission;
using drover::mailbox_limits;
using drover::single_sender_admission;

namespace {

mailbox_limits holding(std::size_t capacity) {
    mailbox_limits limits;
    limits.capacity = capacity;
    return limits;
}

mailbox_limits with_water(std::size_t capacity, std::size_t high, std::size_t low) {
    mailbox_limits limits = holding(capacity);
    limits.high_water = high;
    limits.low_water = low;
    return limits;
}

mailbox_limits waking_at(std::size_t capacity, std::size_t wake_at) {
    mailbox_limits limits = holding(capacity);
    limits.wake_at = wake_at;
    return limits;
}

// All begin at one moment, as well as threads can.
template <class Body>
void at_once(std::size_t count, Body body) {
    std::atomic<std::size_t> missing{count};
    std::vector<std::thread> threads;
    for (std::size_t each = 0; each != count; ++each) {
        threads.emplace_back([&, each] {
            missing.fetch_sub(1);
            while (missing.load() != 0) {
                std::this_thread::yield();
            }
            body(each);
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
}

// Waits as a sender does: reads the bell, looks, and sleeps if nothing has rung since.
void reserve_waiting(admission& room, std::size_t count) {
    if (room.try_reserve(count) != 0) {
        return;
    }
    const admission::waiter waiter(room);
    for (;;) {
        const std::uint32_t seen = room.bell().load();
        if (room.try_reserve(count) != 0) {
            return;
        }
        drover::futex_wait(room.bell(), seen);
    }
}

}  // namespace

TEMPLATE_TEST_CASE("admission: just as many places as the capacity says", "", admission, single_sender_admission) {
    for (const std::size_t capacity : {1U, 2U, 3U, 64U, 1000U}) {
        CAPTURE(capacity);
        TestType room(holding(capacity));
        for (std::size_t round = 0; round != 3; ++round) {
            for (std::size_t each = 0; each != capacity; ++each) {
                REQUIRE(room.try_reserve(1) != 0);
            }
            CHECK(room.level() == capacity);
            CHECK(room.try_reserve(1) == 0);
            CHECK(room.level() == capacity);
            CHECK_FALSE(room.release(1));
            CHECK(room.try_reserve(1) != 0);
            CHECK(room.try_reserve(1) == 0);
            room.release(capacity);
            CHECK(room.level() == 0);
        }
    }
}

TEMPLATE_TEST_CASE("admission: a batch has all its places or none", "", admission, single_sender_admission) {
    TestType room(holding(10));
    CHECK(room.try_reserve(11) == 0);
    CHECK(room.level() == 0);
    CHECK(room.try_reserve(10) == 10);
    room.release(10);
    CHECK(room.try_reserve(7) != 0);
    CHECK(room.try_reserve(4) == 0);
    CHECK(room.level() == 7);
    CHECK(room.try_reserve(3) == 10);
    CHECK(room.try_reserve(1) == 0);
}

TEMPLATE_TEST_CASE("admission: without limits everything has a place", "", admission, single_sender_admission) {
    TestType room(mailbox_limits{});
    CHECK(room.try_reserve(std::size_t{1} << 40) == std::size_t{1} << 40);
    CHECK(room.try_reserve(1) == (std::size_t{1} << 40) + 1);
    CHECK_FALSE(room.rose((std::size_t{1} << 40) + 1));
}

TEMPLATE_TEST_CASE("admission: places given back are places again", "", admission, single_sender_admission) {
    TestType room(holding(4));
    CHECK(room.try_reserve(4) == 4);
    CHECK(room.try_reserve(1) == 0);
    room.give_back(3);
    CHECK(room.level() == 1);
    CHECK(room.try_reserve(4) == 0);
    CHECK(room.try_reserve(3) == 4);
    room.give_back(4);
    CHECK(room.level() == 0);
    CHECK(room.try_reserve(4) == 4);
}

TEST_CASE("admission: of senders that reserve at once just so many get a place") {
    constexpr std::size_t senders = 4;
    const std::size_t rounds = drover_test::scaled(200);
    for (std::size_t round = 0; round != rounds; ++round) {
        // Read by nothing but levels: with a wake-up level these are exact.
        admission room(waking_at(50, 20));
        std::mutex mutex;
        std::vector<std::size_t> levels;
        at_once(senders, [&](std::size_t) {
            std::vector<std::size_t> mine;
            for (std::size_t each = 0; each != 20; ++each) {
                if (const std::size_t level = room.try_reserve(1); level != 0) {
                    mine.push_back(level);
                }
            }
            const std::lock_guard lock(mutex);
            levels.insert(levels.end(), mine.begin(), mine.end());
        });
        REQUIRE(levels.size() == 50);
        std::sort(levels.begin(), levels.end());
        for (std::size_t each = 0; each != levels.size(); ++each) {
            REQUIRE(levels[each] == each + 1);
        }
        REQUIRE(room.level() == 50);
    }
}

TEST_CASE("admission: of batches that are reserved at once each is whole or not there") {
    const std::size_t rounds = drover_test::scaled(200);
    for (std::size_t round = 0; round != rounds; ++round) {
        admission room(holding(50));
        std::atomic<std::size_t> batches{0};
        at_once(4, [&](std::size_t) {
            for (std::size_t each = 0; each != 6; ++each) {
                batches += room.try_reserve(7) != 0 ? 1U : 0U;
            }
        });
        REQUIRE(batches.load() == 7);
        REQUIRE(room.level() == 49);
        REQUIRE(room.try_reserve(2) == 0);
        REQUIRE(room.try_reserve(1) == 50);
    }
}

TEST_CASE("admission: a sender is never refused while there must be room") {
    // Three senders, each with one place at a time: three places are always enough.
    const std::size_t rounds = drover_test::scaled(20000);
    admission room(holding(3));
    std::atomic<std::size_t> refused{0};
    at_once(3, [&](std::size_t) {
        for (std::size_t round = 0; round != rounds; ++round) {
            if (room.try_reserve(1) == 0) {
                refused += 1;
            } else {
                room.give_back(1);
            }
        }
    });
    CHECK(refused.load() == 0);
    CHECK(room.level() == 0);
}

TEMPLATE_TEST_CASE("admission: a place is free once its release is known", "", admission, single_sender_admission) {
    const std::size_t rounds = drover_test::scaled(20000);
    TestType room(holding(1));
    std::atomic<bool> waits{false};
    std::thread consumer([&] {
        for (std::size_t round = 0; round != rounds; ++round) {
            while (!waits.load(std::memory_order_acquire)) {
                std::this_thread::yield();
            }
            room.release(1);
            waits.store(false, std::memory_order_release);
        }
    });
    std::size_t refused = 0;
    std::size_t doubled = 0;
    for (std::size_t round = 0; round != rounds; ++round) {
        refused += room.try_reserve(1) == 0 ? 1U : 0U;
        doubled += room.try_reserve(1) != 0 ? 1U : 0U;
        waits.store(true, std::memory_order_release);
        while (waits.load(std::memory_order_acquire)) {
            std::this_thread::yield();
        }
    }
    consumer.join();
    CHECK(refused == 0);
    CHECK(doubled == 0);
}

TEST_CASE("admission: there are never more inside than the capacity, whoever comes and goes") {
    constexpr std::size_t capacity = 5;
    const std::size_t rounds = drover_test::scaled(20000);
    admission room(holding(capacity));
    std::atomic<std::size_t> inside{0};
    std::atomic<std::size_t> sent{0};
    std::atomic<std::size_t> too_many{0};
    std::thread consumer([&] {
        for (std::size_t left = 0; left != 3 * rounds;) {
            if (sent.load() == left) {
                std::this_thread::yield();
                continue;
            }
            inside -= 1;
            room.release(1);
            left += 1;
        }
    });
    at_once(3, [&](std::size_t) {
        for (std::size_t round = 0; round != rounds;) {
            if (room.try_reserve(1) == 0) {
                std::this_thread::yield();
                continue;
            }
            too_many += inside.fetch_add(1) >= capacity ? 1U : 0U;
            sent += 1;
            round += 1;
        }
    });
    consumer.join();
    CHECK(too_many.load() == 0);
    CHECK(room.level() == 0);
}

TEST_CASE("admission: the bell rings for who waits, and for nobody else") {
    admission room(holding(4));
    room.try_reserve(4);
    const std::uint32_t before = room.bell().load();
    room.release(1);
    room.give_back(1);
    room.ring_if_awaited();
    CHECK(room.bell().load() == before);
    {
        const admission::waiter one(room);
        const admission::waiter other(room);
        room.release(1);
        CHECK(room.bell().load() == before + 1);
        room.give_back(1);
        CHECK(room.bell().load() == before + 2);
        room.ring_if_awaited();
        CHECK(room.bell().load() == before + 3);
    }
    CHECK(room.level() == 0);
    room.try_reserve(1);
    room.release(1);
    room.ring_if_awaited();
    CHECK(room.bell().load() == before + 3);
    room.ring();
    CHECK(room.bell().load() == before + 4);
}

TEST_CASE("admission: a release wakes a sender that waits, and none sleeps on") {
    constexpr std::size_t senders = 2;
    const std::size_t rounds = drover_test::scaled(5000);
    admission room(holding(1));
    std::atomic<std::size_t> sent{0};
    std::thread consumer([&] {
        for (std::size_t left = 0; left != senders * rounds; ++left) {
            while (sent.load() == left) {
                std::this_thread::yield();
            }
            room.release(1);
        }
    });
    at_once(senders, [&](std::size_t) {
        for (std::size_t round = 0; round != rounds; ++round) {
            reserve_waiting(room, 1);
            sent += 1;
        }
    });
    consumer.join();
    CHECK(sent.load() == senders * rounds);
    CHECK(room.level() == 0);
}

TEST_CASE("admission: places given back wake a sender that waits, and none sleeps on") {
    const std::size_t rounds = drover_test::scaled(5000);
    admission room(holding(2));
    at_once(3, [&](std::size_t) {
        for (std::size_t round = 0; round != rounds; ++round) {
            reserve_waiting(room, 2);
            room.give_back(2);
        }
    });
    CHECK(room.level() == 0);
}

TEMPLATE_TEST_CASE("admission: each turn of the water is said once", "", admission, single_sender_admission) {
    TestType room(with_water(8, 6, 2));
    for (int round = 0; round != 3; ++round) {
        CAPTURE(round);
        for (std::size_t each = room.level() + 1; each <= 6; ++each) {
            CHECK_FALSE(room.rose(room.try_reserve(1)));
            CHECK_FALSE(room.above());
        }
        CHECK(room.rose(room.try_reserve(1)));
        room.settle_water();
        CHECK(room.above());
        CHECK_FALSE(room.rose(room.try_reserve(1)));
        CHECK(room.above());
        for (int each = 0; each != 5; ++each) {
            CHECK_FALSE(room.release(1));  // below the high mark alone turns nothing
        }
        CHECK(room.above());
        CHECK(room.level() == 3);
        CHECK_FALSE(room.rose(room.try_reserve(1)));
        CHECK_FALSE(room.release(1));
        CHECK(room.release(1));
        CHECK(room.level() == 2);
        CHECK_FALSE(room.above());
        CHECK_FALSE(room.release(1));
        CHECK_FALSE(room.release(1));
    }
}

TEST_CASE("admission: a level is exact above the high mark, though some have left that a sender had not seen") {
    admission room(with_water(8, 3, 0));
    CHECK(room.try_reserve(3) == 3);
    room.release(3);
    CHECK(room.try_reserve(1) <= 3);
    CHECK(room.try_reserve(2) == 3);
    CHECK(room.try_reserve(1) == 4);
    room.release(3);
    CHECK(room.try_reserve(4) == 5);
}

TEST_CASE("admission: a batch may go over the high mark, and all may leave at once") {
    admission room(with_water(8, 4, 0));
    CHECK(room.rose(room.try_reserve(8)));
    CHECK(room.above());
    CHECK(room.release(8));
    CHECK_FALSE(room.above());
}

TEST_CASE("admission: with the high mark at the capacity nothing ever rises") {
    admission room(with_water(4, 4, 0));
    CHECK_FALSE(room.rose(room.try_reserve(4)));
    CHECK_FALSE(room.release(4));
    CHECK_FALSE(room.above());
}

TEST_CASE("admission: a rise that the consumer did not see is taken back when it settles") {
    admission room(with_water(8, 4, 1));
    const std::size_t level = room.try_reserve(8);
    CHECK_FALSE(room.release(8));  // there was nothing to fall from yet
    CHECK(room.rose(level));
    CHECK(room.above());
    room.settle_water();
    CHECK_FALSE(room.above());
    CHECK_FALSE(room.release(0));
}

TEST_CASE("admission: a rise settles only when the low mark is reached") {
    admission room(with_water(8, 4, 1));
    const std::size_t level = room.try_reserve(8);
    room.release(6);
    CHECK(room.rose(level));
    room.settle_water();
    CHECK(room.above());
    CHECK(room.release(1));
    CHECK_FALSE(room.above());
}

TEST_CASE("admission: when nothing moves the water is what the level says") {
    const std::size_t rounds = drover_test::scaled(200);
    for (std::size_t round = 0; round != rounds; ++round) {
        admission room(with_water(8, 5, 1));
        std::atomic<std::size_t> sent{0};
        const auto send = [&] {
            const std::size_t level = room.try_reserve(1);
            if (level == 0) {
                return false;
            }
            if (room.rose(level)) {
                room.settle_water();
            }
            sent += 1;
            return true;
        };
        std::thread consumer([&] {
            for (std::size_t left = 0; left != 300; ++left) {
                while (sent.load() == left) {
                    std::this_thread::yield();
                }
                room.release(1);
            }
        });
        at_once(3, [&](std::size_t) {
            for (std::size_t each = 0; each != 100;) {
                if (send()) {
                    each += 1;
                } else {
                    std::this_thread::yield();
                }
            }
        });
        consumer.join();
        REQUIRE(room.level() == 0);
        REQUIRE_FALSE(room.above());
        at_once(4, [&](std::size_t) {
            send();
            send();
        });
        REQUIRE(room.level() == 8);
        REQUIRE(room.above());
    }
}

TEMPLATE_TEST_CASE("admission: with a wake-up level each level is exact", "", admission, single_sender_admission) {
    TestType room(waking_at(16, 4));
    for (std::size_t round = 0; round != 3; ++round) {
        // Far below the level, where what has left need not be known for there to be room.
        CHECK(room.try_reserve(1) == 1);
        room.release(1);
        CHECK(room.try_reserve(1) == 1);
        room.release(1);
        for (std::size_t each = 1; each != 4; ++each) {
            CHECK(room.try_reserve(1) == each);
        }
        room.release(3);
        CHECK(room.try_reserve(1) == 1);  // three had left, though nobody had to know
        CHECK(room.try_reserve(1) == 2);
        room.release(1);
        CHECK(room.try_reserve(2) == 3);
        CHECK(room.try_reserve(1) == 4);
        CHECK(room.try_reserve(1) == 5);
        room.release(5);
        CHECK(room.level() == 0);
    }
}

TEST_CASE("admission: just one of many senders reaches the wake-up level") {
    const std::size_t rounds = drover_test::scaled(300);
    for (std::size_t round = 0; round != rounds; ++round) {
        admission room(waking_at(64, 10));
        std::atomic<std::size_t> reached{0};
        at_once(4, [&](std::size_t) {
            for (std::size_t each = 0; each != 5; ++each) {
                const std::size_t level = room.try_reserve(1);
                reached += level == 10 ? 1U : 0U;
            }
        });
        REQUIRE(reached.load() == 1);
    }
}

TEST_CASE("admission: the limits are what was chosen") {
    mailbox_limits limits = with_water(9, 7, 3);
    limits.when_full = drover::overflow::block_sender;
    limits.patience = std::chrono::milliseconds(5);
    limits.wake_at = 4;
    const admission room(limits);
    CHECK(room.limits().capacity == 9);
    CHECK(room.limits().high_water == 7);
    CHECK(room.limits().low_water == 3);
    CHECK(room.limits().when_full == drover::overflow::block_sender);
    CHECK(room.limits().patience == std::chrono::milliseconds(5));
    CHECK(room.limits().wake_at == 4);
    CHECK_FALSE(room.above());
    CHECK(room.level() == 0);
}

#ifndef NDEBUG
namespace {

// A send that is under way, as another thread would find it.
struct within_a_send : single_sender_admission {
    using single_sender_admission::single_sender_admission;
    void begin() noexcept { sending_.store(true); }
    bool sends() const noexcept { return sending_.load(); }
};

}  // namespace

TEST_CASE("admission: two sends that overlap end the process where there should be one sender") {
    const drover_test::death end = drover_test::in_child([] {
        within_a_send room(holding(4));
        room.begin();
        static_cast<void>(room.try_reserve(1));
    });
    CHECK(end.signal == SIGABRT);
    CHECK(end.said == "drover: two sends to a single_producer_mailbox overlapped; give the actor another mailbox\n");
}

TEST_CASE("admission: sends that follow one another do not overlap, though one was refused") {
    within_a_send room(holding(1));
    CHECK(room.try_reserve(1) == 1);
    CHECK_FALSE(room.sends());
    CHECK(room.try_reserve(1) == 0);
    CHECK_FALSE(room.sends());
    std::thread([&] { CHECK(room.try_reserve(1) == 0); }).join();
    CHECK_FALSE(room.sends());
}
#endif

TEST_CASE("a place given back may bring the level down to the low mark, as a message does") {
    drover::mailbox_limits limits;
    limits.capacity = 4;
    limits.high_water = 2;
    drover::admission room(limits);
    CHECK(room.rose(room.try_reserve(3)));
    CHECK(room.try_reserve(1) == 4);
    CHECK_FALSE(room.release(3));
    CHECK(room.give_back(1));
    CHECK_FALSE(room.above());
}
