#include <drover/base/cpu_pause.hpp>

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

TEST_CASE("a loop that pauses and yields lets another thread come") {
    std::atomic<bool> come{false};
    std::thread other([&] { come.store(true); });
    while (!come.load()) {
        drover::cpu_pause();
        drover::yield_thread();
    }
    other.join();
    CHECK(come.load());
}
