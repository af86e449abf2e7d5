#include <drover/runtime/dump_latencies.hpp>

#include <chrono>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>

#include "support/world.hpp"

using namespace std::chrono_literals;
using drover::clock_duration;
using drover::metrics_snapshot;
using drover::runtime_dump;

namespace {

using all_timed = drover::latency_metrics<1>;

template <class Policy>
struct measured : drover::features {
    using metrics = Policy;
};

struct spawns_alone : drover::no_metrics {};

static_assert(std::is_void_v<drover::detail::policy_keeping<drover::no_metrics, drover::latency_part>>);
static_assert(std::is_void_v<drover::detail::policy_keeping<drover::counter_metrics, drover::latency_part>>);
static_assert(std::is_void_v<drover::detail::policy_keeping<drover::combined_metrics<>, drover::latency_part>>);
static_assert(std::is_same_v<drover::detail::policy_keeping<all_timed, drover::latency_part>, all_timed>);
static_assert(std::is_same_v<drover::detail::policy_keeping<
                                 drover::combined_metrics<drover::counter_metrics, all_timed>, drover::latency_part>,
                             all_timed>);

metrics_snapshot::actor one(std::string type, const std::vector<clock_duration>& times) {
    metrics_snapshot::actor made;
    made.type = std::move(type);
    made.enqueued = 1;
    for (const clock_duration each : times) {
        made.processing_time.record(each);
    }
    return made;
}

std::vector<std::string> types(const std::vector<runtime_dump::latency_row>& rows) {
    std::vector<std::string> names;
    for (const auto& each : rows) {
        names.push_back(each.type);
    }
    return names;
}

// Turns the clock of its own runtime, so that its handler takes as long as it is told to.
struct worker_of_time {
    drover::manual_clock* clock;
    void operator()(clock_duration length) { clock->advance(length); }
};
struct quick {
    void operator()(int) {}
};

template <class F>
runtime_dump dump_after_work(const drover::dump_options& options = {}) {
    drover_test::basic_world<F> w(1);
    const auto slow = w.rt.template spawn<worker_of_time>(&w.clock);
    const auto fast = w.rt.template spawn<quick>();
    for (int each = 0; each != 4; ++each) {
        slow.tell(clock_duration(1ms));
        fast.tell(each);
        w.settle();
    }
    return w.rt.dump(options);
}

}  // namespace

TEST_CASE(
    "the slowest handlers: by the 99th percentile, then the longest, then the name, and no more than were asked for") {
    metrics_snapshot counted;
    counted.actors = {one("b", {10ns}), one("never timed", {}), one("a", {10ns}), one("slow", {5ns, 20ns}),
                      one("one of many", std::vector<clock_duration>(200, 3ns))};
    counted.actors.back().processing_time.record(31ns);
    counted.actors.push_back(one("all alike", std::vector<clock_duration>(200, 3ns)));
    const auto rows = drover::detail::slowest_handlers(counted, 10);
    CHECK(types(rows) == std::vector<std::string>{"slow", "a", "b", "one of many", "all alike"});
    CHECK(rows[0].timed == 2);
    CHECK(rows[0].p50 == 5ns);
    CHECK(rows[0].p99 == 20ns);
    CHECK(rows[0].longest == 20ns);
    CHECK(rows[3].timed == 201);
    CHECK(rows[3].p99 == 3ns);
    CHECK(rows[3].longest == 31ns);
    CHECK(types(drover::detail::slowest_handlers(counted, 2)) == std::vector<std::string>{"slow", "a"});
    CHECK(drover::detail::slowest_handlers(counted, 0).empty());
    CHECK(drover::detail::slowest_handlers({}, 10).empty());
}

TEMPLATE_TEST_CASE("a dump of a runtime that measures latencies shows its slowest handlers", "", all_timed,
                   (drover::combined_metrics<spawns_alone, all_timed>)) {
    const runtime_dump now = dump_after_work<measured<TestType>>();
    REQUIRE(now.slowest.size() == 2);
    CHECK(now.slowest[0].type.ends_with("worker_of_time"));
    CHECK(now.slowest[0].timed == 4);
    CHECK(now.slowest[0].p50 > 960us);
    CHECK(now.slowest[0].longest < 1040us);
    CHECK(now.slowest[1].type.ends_with("quick"));
    CHECK(now.slowest[1].longest < 1us);
    CHECK(to_text(now).find("\nslowest handlers\n") != std::string::npos);
    CHECK(dump_after_work<measured<TestType>>({.slowest = 1}).slowest.size() == 1);
    CHECK(dump_after_work<measured<TestType>>({.slowest = 0}).slowest.empty());
}

TEMPLATE_TEST_CASE("a dump of one that does not shows none", "", drover::no_metrics, drover::counter_metrics) {
    const runtime_dump now = dump_after_work<measured<TestType>>();
    CHECK(now.slowest.empty());
    CHECK(to_text(now).find("slowest") == std::string::npos);
    CHECK(to_json(now).find("slowest") == std::string::npos);
}
