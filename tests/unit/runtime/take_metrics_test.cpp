#include <drover/runtime/take_metrics.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>
#include <drover/testing.hpp>

using namespace std::chrono_literals;
using drover::clock_duration;
using drover::histogram;

namespace {

template <class M>
struct measured : drover::features {
    using metrics = M;
};
using timed = drover::with<measured<drover::latency_metrics<1>>>;
using counted = drover::with<measured<drover::counter_metrics>>;

struct spawns_alone : drover::no_metrics {
    struct thread_part {
        drover::owned_counter spawned;
        void absorb(const thread_part& gone) noexcept { spawned.add(gone.spawned.read()); }
    };
    static void on_spawn(thread_part& part, drover::hook_subject) noexcept { part.spawned.add(1); }
};
using several = drover::with<measured<drover::combined_metrics<spawns_alone, drover::latency_metrics<1>>>>;

// What handlers do with the time, and what the test expects of it.
struct diary {
    drover::manual_clock clock{};
    histogram waits{};
    histogram takes{};
};
struct chore {
    drover::time_point pushed{};
    clock_duration takes{};
};

struct clerk {
    diary* all;
    void operator()(const chore& c) {
        all->waits.record(all->clock.now() - c.pushed);
        all->clock.advance(c.takes);
        all->takes.record(c.takes);
    }
};

struct worker {
    void operator()(int) {}
};

}  // namespace

TEST_CASE("times are those of the runtime's clock, bucket by bucket") {
    diary all;
    {
        drover::runtime_options options;
        options.threads = 1;
        options.clock = &all.clock;
        timed::runtime rt(options);
        std::vector<timed::ref<clerk>> clerks;
        for (int each = 0; each != 3; ++each) {
            clerks.push_back(rt.spawn<clerk>(&all));
        }
        // One actor sends, so that no time passes between what it notes and the push.
        const auto sender = rt.spawn([&](int seed) {
            drover::random_source random(static_cast<std::uint64_t>(seed));
            for (int each = 0; each != 40; ++each) {
                const auto takes = clock_duration(random.below(3) == 0 ? random.below(40) : random.below(9'000'000));
                clerks[random.below(3)].tell(chore{all.clock.now(), takes});
                if (random.below(3) == 0) {
                    all.clock.advance(clock_duration(random.below(5000)));
                }
            }
        });
        for (int seed = 0; seed != 25; ++seed) {
            sender.tell(seed);
        }
        REQUIRE(rt.drain(1h).complete);
        const drover::metrics_snapshot now = drover::take_metrics(rt);
        const auto* const its = now.of(drover::type_name<clerk>());
        REQUIRE(its != nullptr);
        CHECK(its->handled == 1000);
        CHECK(its->waiting() == 0);
        CHECK(its->processing_time == all.takes);
        CHECK(its->mailbox_time == all.waits);
    }
}

TEST_CASE("a snapshot has the types, members and workers that there are, in their order") {
    drover::runtime_options options;
    options.threads = 2;
    counted::runtime rt(options);
    const auto one = rt.spawn<worker>();
    const auto pool = drover::spawn_pool<worker>(rt, {.members = 2, .name = "take_metrics_test"});
    for (int each = 0; each != 10; ++each) {
        one.tell(each);
        pool.tell(each);
    }
    REQUIRE(rt.drain(10s).complete);
    const drover::metrics_snapshot now = drover::take_metrics(rt);
    REQUIRE(now.workers.size() == 2);
    CHECK(now.workers[0].index == 0);
    CHECK(now.workers[1].index == 1);
    REQUIRE(now.members.size() == 2);
    CHECK(now.members[0].pool == "take_metrics_test");
    CHECK(now.members[0].place == 0);
    CHECK(now.members[1].place == 1);
    CHECK(now.members[0].picks + now.members[1].picks == 10);
    CHECK(now.of(drover::type_name<worker>())->handled == 20);
    CHECK(now.of(drover::type_name<worker>())->processing_time.count() == 0);
}

TEST_CASE("what a thread that has ended counted stays") {
    counted::runtime rt;
    const auto one = rt.spawn<worker>();
    for (int each = 0; each != 4; ++each) {
        std::thread([&] { one.tell(1); }).join();
    }
    REQUIRE(rt.drain(10s).complete);
    CHECK(drover::take_metrics(rt).of(drover::type_name<worker>())->enqueued == 4);
}

TEST_CASE("of several policies the one that is named is taken") {
    several::simulated_runtime rt(1);
    const auto one = rt.spawn<worker>();
    one.tell(1);
    rt.run_until_idle();
    const auto now = drover::take_metrics<drover::latency_metrics<1>>(rt);
    CHECK(now.of(drover::type_name<worker>())->handled == 1);
    CHECK(now.of(drover::type_name<worker>())->processing_time.count() == 1);
    std::uint64_t spawned = 0;
    rt.visit_metrics([&](const auto& part, auto) { spawned += part.template of<spawns_alone>().spawned.read(); });
    CHECK(spawned == now.of(drover::type_name<worker>())->spawned);
}
