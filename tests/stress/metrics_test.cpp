// Snapshots while actors and threads come and go: on real workers, and so for a thread sanitizer.
#include <drover/drover.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "support/scale.hpp"

using namespace std::chrono_literals;

namespace {

struct observed : drover::features {
    using metrics = drover::latency_metrics<2>;
};
using app = drover::with<observed>;

struct work {
    int number = 0;
};
struct query {};

std::atomic<std::uint64_t> handled{0};
std::atomic<std::uint64_t> built{0};
std::atomic<std::uint64_t> threw{0};

struct churner {
    static constexpr drover::supervision supervision{.limit = {.count = 1000}};
    churner() { built += 1; }
    void operator()(const work& w) {
        if (w.number % 50 == 49) {
            threw += 1;
            throw std::runtime_error("as told");
        }
        handled += 1;
    }
    int operator()(query) {
        handled += 1;
        return 1;
    }
};

struct small {
    using mailbox = drover::bounded_mailbox<4, drover::drop_oldest>;
    void operator()(const work&) { handled += 1; }
};

// Is anything in `later` less than it was?
bool went_back(const drover::metrics_snapshot& earlier, const drover::metrics_snapshot& later) {
    bool back = false;
    for (const auto& one : earlier.actors) {
        const auto* const its = later.of(one.type);
        if (its == nullptr) {
            return true;
        }
        back = back || its->enqueued < one.enqueued || its->dequeued < one.dequeued || its->left < one.left ||
               its->handled < one.handled || its->rejected < one.rejected || its->dropped < one.dropped ||
               its->spawned < one.spawned || its->stopped < one.stopped || its->restarts < one.restarts ||
               its->failures < one.failures || its->asks_sent < one.asks_sent ||
               its->asks_answered < one.asks_answered || its->processing_time.count() < one.processing_time.count() ||
               its->mailbox_time.count() < one.mailbox_time.count();
    }
    for (const auto& one : earlier.workers) {
        for (const auto& its : later.workers) {
            back = back || (its.index == one.index && (its.steals < one.steals || its.parks < one.parks ||
                                                       its.wakes < one.wakes || its.parked < one.parked));
        }
    }
    for (std::size_t each = 0; each != earlier.dead_letters.size(); ++each) {
        back = back || later.dead_letters[each] < earlier.dead_letters[each];
    }
    return back;
}

bool negative(const drover::metrics_snapshot& now) {
    constexpr std::uint64_t most = UINT64_MAX / 2;
    for (const auto& one : now.actors) {
        if (one.waiting() > most || one.running() > most || one.asks_answered > one.asks_sent) {
            return true;
        }
    }
    return false;
}

}  // namespace

TEST_CASE("no number goes back and none is negative while actors and threads come and go, and at the end all agree") {
    handled = 0;
    built = 0;
    threw = 0;
    std::atomic<std::uint64_t> dead{0};
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> sent{0};
    std::atomic<std::uint64_t> spawned{0};
    std::atomic<std::uint64_t> asked{0};
    drover::runtime_options options;
    options.threads = 2;
    options.on_dead_letter = [&](const drover::dead_letter&) { dead += 1; };
    options.on_failure = [](const drover::failure&) {};
    app::runtime rt(options);

    bool back = false;
    bool below_zero = false;
    std::size_t looks = 0;
    std::thread reader([&] {
        std::optional<drover::metrics_snapshot> before;
        while (!over.load()) {
            drover::metrics_snapshot now = drover::take_metrics(rt);
            back = back || (before && went_back(*before, now));
            below_zero = below_zero || negative(now);
            before = std::move(now);
            looks += 1;
        }
    });
    const std::size_t rounds = drover_test::scaled(60);
    const auto one_thread = [&](int first) {
        const app::ref<churner> busy = rt.spawn<churner>();
        const app::ref<small> full = rt.spawn<small>();
        spawned += 1;
        for (int each = 0; each != 100; ++each) {
            busy.tell(work{first + each});
            full.tell(work{each});
            sent += 2;
        }
        static_cast<void>(busy.ask(query{}).result());
        asked += 1;
        busy.stop();
        full.stop();
        for (int each = 0; each != 10; ++each) {
            busy.tell(work{each});
            sent += 1;
        }
    };
    for (std::size_t round = 0; round != rounds; ++round) {
        std::thread one(one_thread, 0);
        std::thread other(one_thread, 7);
        one.join();
        other.join();
    }
    rt.drain(60s);
    while (drover::take_metrics(rt).of(drover::type_name<small>())->running() != 0 ||
           drover::take_metrics(rt).of(drover::type_name<churner>())->running() != 0) {
        std::this_thread::yield();
    }
    over.store(true);
    reader.join();

    CHECK_FALSE(back);
    CHECK_FALSE(below_zero);
    CHECK(looks != 0);
    const drover::metrics_snapshot now = drover::take_metrics(rt);
    const auto& busy = *now.of(drover::type_name<churner>());
    const auto& full = *now.of(drover::type_name<small>());
    CHECK(busy.enqueued + full.enqueued == sent.load() + asked.load());
    CHECK(busy.waiting() == 0);
    CHECK(full.waiting() == 0);
    CHECK(busy.handled + full.handled == handled.load());
    CHECK(busy.spawned == spawned.load());
    CHECK(full.spawned == spawned.load());
    CHECK(busy.running() == 0);
    CHECK(full.running() == 0);
    CHECK(busy.failures == threw.load());
    CHECK(busy.restarts == built.load() - spawned.load());
    CHECK(busy.asks_sent == asked.load());
    std::uint64_t letters = 0;
    for (const std::uint64_t each : now.dead_letters) {
        letters += each;
    }
    CHECK(letters == dead.load());
    CHECK(busy.dequeued + full.dequeued == handled.load() + threw.load());
    CHECK(busy.left + full.left + threw.load() == letters);
}
