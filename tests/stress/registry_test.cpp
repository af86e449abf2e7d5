#include <drover/routing/registry.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"
#include "support/world.hpp"

using drover::address;
using drover_test::scaled;
using drover_test::world;

namespace {

struct holder {
    void operator()(int) {}
};

struct detained {
    void operator()(int) { started->open(), release->pass(); }
    void operator()(const drover_test::door*) {}
    drover_test::door* started;
    drover_test::door* release;
};

}  // namespace

// Red if the table takes `current` from the old entry before it publishes the new one.
TEST_CASE("a name that passes from one actor to another is held at every moment") {
    world w(1);
    auto& names = w.rt.registry();
    const auto a = w.rt.spawn<holder>();
    const auto b = w.rt.spawn<holder>();
    names.add("n", a);
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> looks{0};
    std::atomic<std::uint64_t> unknown{0};
    std::thread reader([&] {
        const address name("n");
        while (!over.load(std::memory_order_relaxed)) {
            unknown.fetch_add(names.find(name) ? 0 : 1, std::memory_order_relaxed);
            looks.fetch_add(1, std::memory_order_relaxed);
        }
    });
    const std::size_t rounds = scaled(100'000);
    for (std::size_t round = 0; round < rounds || looks.load() < rounds / 10; ++round) {
        names.replace("n", round % 2 == 0 ? b : a);
    }
    over = true;
    reader.join();
    CHECK(unknown == 0);
    CHECK(names.size() == 1);
}

TEST_CASE("a million names, found while more are added, all given up when their actor stops") {
    world w(1);
    auto& names = w.rt.registry();
    const auto a = w.rt.spawn<holder>();
    const std::size_t count = scaled(1'000'000);
    const auto text = [](std::size_t each) { return "orders/eu/" + std::to_string(each); };
    std::atomic<std::size_t> added{0};
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> lost{0};
    std::thread reader([&] {
        std::uint64_t random = 1;
        while (!over.load(std::memory_order_relaxed)) {
            const std::size_t there = added.load(std::memory_order_acquire);
            if (there != 0) {
                random = random * 6364136223846793005U + 1442695040888963407U;
                lost.fetch_add(names.find(text((random >> 33U) % there)) == a ? 0 : 1);
            }
        }
    });
    for (std::size_t each = 0; each != count; ++each) {
        names.add(text(each), a);
        added.store(each + 1, std::memory_order_release);
    }
    over = true;
    reader.join();
    CHECK(lost == 0);
    CHECK(names.size() == count);
    std::size_t found = 0;
    for (std::size_t each = 0; each != count; ++each) {
        found += names.find(text(each)) == a ? 1 : 0;
    }
    CHECK(found == count);
    CHECK_FALSE(names.find(text(count)));
    a.stop();
    drover_test::wait_until([&] { return names.size() == 0; });
    CHECK_FALSE(names.find(text(0)));
}

TEST_CASE("names that are added while their actor stops are refused or given up") {
    world w(2);
    auto& names = w.rt.registry();
    const std::size_t rounds = scaled(5'000);
    std::size_t refused = 0;
    for (std::size_t round = 0; round != rounds; ++round) {
        const auto a = w.rt.spawn<holder>();
        a.stop();
        for (int each = 0; each != 4; ++each) {
            try {
                names.add("n/" + std::to_string(each), a);
            } catch (const std::logic_error&) {
                refused += 1;
            }
        }
        drover_test::wait_until([&] { return names.size() == 0; });
        REQUIRE(names.names().empty());
    }
    CHECK(refused <= 4 * rounds);
}

// The one that has stopped keeps its place in the rotation until its mailbox is empty, here for the whole of the test:
// each send meets it now and then, and goes on to the other. Red if a look-up can pass over the one that lives, because
// another thread turns the rotation meanwhile.
TEST_CASE("a service whose provider has just stopped is known to several threads at once") {
    drover_test::door started;
    drover_test::door release;
    drover_test::door burying;
    drover_test::door over;
    world w(2, [&](drover::runtime_options& options) {
        options.on_dead_letter = [&](const drover::dead_letter&) {
            burying.open();
            over.pass();
        };
    });
    auto& names = w.rt.registry();
    const auto ending = w.rt.spawn<detained>(detained{&started, &release});
    const auto alive = w.rt.spawn<detained>(detained{&started, &over});
    names.provide("service", ending);
    names.provide("service", alive);
    ending.tell(1);
    started.pass();
    ending.tell(&over);
    ending.stop();
    release.open();
    burying.pass();

    std::atomic<std::uint64_t> wrong{0};
    std::vector<std::thread> threads;
    for (int each = 0; each != 3; ++each) {
        threads.emplace_back([&] {
            const address name("service");
            for (std::size_t look = 0; look != scaled(1'000'000); ++look) {
                wrong.fetch_add(names.find(name) == alive ? 0 : 1, std::memory_order_relaxed);
            }
        });
    }
    for (std::thread& each : threads) {
        each.join();
    }
    CHECK(wrong == 0);
    CHECK(names.providers<detained>("service").size() == 2);
    over.open();
    CHECK(w.finish());
}
