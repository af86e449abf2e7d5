#include <drover/scheduling/idle_bell.hpp>

#include <thread>

#include <catch2/catch.hpp>

using drover::idle_bell;

TEST_CASE("nobody is rung for until somebody listens") {
    idle_bell bell;
    const std::uint32_t before = bell.word().load();
    bell.ring_if_heard();
    CHECK(bell.word().load() == before);
    const std::uint32_t heard = bell.listen();
    CHECK(heard == before);
    bell.ring_if_heard();
    CHECK(bell.word().load() != heard);
}

TEST_CASE("a ring wakes whoever waits on what it listened to") {
    idle_bell bell;
    const std::uint32_t heard = bell.listen();
    std::thread waiter([&] {
        while (bell.word().load() == heard) {
            drover::futex_wait(bell.word(), heard);
        }
    });
    bell.ring();
    waiter.join();
    CHECK(bell.listen() != heard);
}
