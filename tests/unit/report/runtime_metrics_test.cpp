#include <drover/report/runtime_metrics.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/features/features.hpp>
#include <drover/metrics/combined_metrics.hpp>
#include <drover/metrics/counter_metrics.hpp>
#include <drover/metrics/histogram_block.hpp>
#include <drover/metrics/latency_metrics.hpp>
#include <drover/pool/spawn_pool.hpp>
#include <drover/report/exposition.hpp>
#include <drover/testing/simulated_runtime.hpp>

namespace told_metrics {

// In a namespace that all compilers write alike.
struct worker {
    void operator()(int) {}
};
struct first_come : worker {};
struct second_come : worker {};

}  // namespace told_metrics

namespace {

using namespace std::chrono_literals;

// As text, so that what a scraper sees is what is compared.
std::string text_of(const std::vector<drover::metric_family>& families) {
    return drover::metrics_text(families, drover::exposition_format::openmetrics);
}

bool has(const std::string& text, const std::string& line) {
    return text.find("\n" + line + "\n") != std::string::npos;
}

// One message handled, one that came too late.
template <class F>
std::vector<drover::metric_family> after_a_run() {
    drover::basic_simulated_runtime<F> rt(1, {.on_dead_letter = [](const drover::dead_letter&) {}});
    const auto one = rt.template spawn<told_metrics::worker>();
    one.tell(1);
    rt.run_until_idle();
    one.stop();
    rt.run_until_idle();
    one.tell(2);
    return drover::runtime_metrics(rt);
}

}  // namespace

TEST_CASE("each number of a snapshot is a series with its name and labels") {
    drover::metrics_snapshot counted;
    counted.actors.push_back({.type = "shop::clerk",
                              .enqueued = 100,
                              .dequeued = 80,
                              .left = 3,
                              .handled = 79,
                              .rejected = 4,
                              .dropped = 5,
                              .spawned = 16,
                              .stopped = 7,
                              .restarts = 8,
                              .failures = 9,
                              .batches = 10,
                              .batched = 11,
                              .asks_sent = 12,
                              .asks_answered = 13,
                              .asks_timed_out = 14,
                              .timers = 15});
    counted.actors.push_back(
        {.type = "idle", .asks_sent = 100, .asks_answered = 200, .asks_timed_out = 300, .timers = 400});
    counted.members.push_back({.pool = "printers", .place = 3, .picks = 21, .ejections = 22, .recoveries = 21});
    counted.members.push_back({.pool = "printers", .place = 4, .picks = 0, .ejections = 2, .recoveries = 2});
    counted.workers.push_back({.index = 1, .steals = 31, .stolen = 99, .parks = 32, .wakes = 33, .parked = 1500ms});
    counted.dead_letters = {41, 42, 43, 44, 45, 46, 47};
    counted.cache_hits = 51;
    counted.cache_misses = 52;
    counted.cache_invalidations = 53;

    const std::string text = text_of(drover::families_of(counted));
    for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
             {"messages_enqueued_total", "100"},
             {"messages_processed_total", "79"},
             {"messages_rejected_total", "4"},
             {"messages_dropped_total", "5"},
             {"spawned_total", "16"},
             {"stopped_total", "7"},
             {"restarts_total", "8"},
             {"failures_total", "9"},
             {"batches_total", "10"},
             {"batched_messages_total", "11"},
             {"mailbox_messages", "17"},  // enqueued less dequeued and left
             {"running", "9"}}) {
        CHECK(has(text, "drover_actor_" + name + "{actor=\"shop::clerk\"} " + value));
        CHECK(has(text, "drover_actor_" + name + "{actor=\"idle\"} 0"));
    }
    for (const char* line : {"drover_dead_letters_total{reason=\"dropped\"} 41",
                             "drover_dead_letters_total{reason=\"rejected\"} 42",
                             "drover_dead_letters_total{reason=\"stopped\"} 43",
                             "drover_dead_letters_total{reason=\"failed\"} 44",
                             "drover_dead_letters_total{reason=\"expired\"} 45",
                             "drover_dead_letters_total{reason=\"no_target\"} 46",
                             "drover_dead_letters_total{reason=\"unhandled\"} 47",
                             "drover_asks_sent_total 112",
                             "drover_asks_answered_total 213",
                             "drover_asks_timed_out_total 314",
                             "drover_timers_fired_total 415",
                             "drover_pool_picks_total{pool=\"printers\",member=\"3\"} 21",
                             "drover_pool_ejections_total{pool=\"printers\",member=\"3\"} 22",
                             "drover_pool_recoveries_total{pool=\"printers\",member=\"3\"} 21",
                             "drover_pool_member_healthy{pool=\"printers\",member=\"3\"} 0",
                             "drover_pool_member_healthy{pool=\"printers\",member=\"4\"} 1",
                             "drover_route_cache_hits_total 51",
                             "drover_route_cache_misses_total 52",
                             "drover_route_cache_invalidations_total 53",
                             "drover_worker_steals_total{worker=\"1\"} 31",
                             "drover_worker_parks_total{worker=\"1\"} 32",
                             "drover_worker_wakes_total{worker=\"1\"} 33",
                             "drover_worker_parked_seconds_total{worker=\"1\"} 1.5"}) {
        CHECK(has(text, line));
    }
    CHECK(text.find("time_seconds") == std::string::npos);  // nobody timed
}

TEST_CASE("what was timed is a histogram in seconds, of those alone who were timed") {
    drover::histogram_block waits;
    waits.record(300ns);
    waits.record(100s);  // saturated
    drover::histogram_block runs;
    runs.record(1us);
    drover::metrics_snapshot counted;
    counted.actors.push_back({.type = "quick"});
    counted.actors.push_back({.type = "timed", .processing_time = runs.read(), .mailbox_time = waits.read()});
    const std::string text = text_of(drover::families_of(counted));
    CHECK(has(text, "drover_actor_mailbox_time_seconds_bucket{actor=\"timed\",le=\"2.56e-07\"} 0"));
    CHECK(has(text, "drover_actor_mailbox_time_seconds_bucket{actor=\"timed\",le=\"5.12e-07\"} 1"));
    CHECK(has(text, "drover_actor_mailbox_time_seconds_bucket{actor=\"timed\",le=\"17.179869184\"} 1"));
    CHECK(has(text, "drover_actor_mailbox_time_seconds_count{actor=\"timed\"} 2"));
    CHECK(has(text, "drover_actor_processing_time_seconds_bucket{actor=\"timed\",le=\"1.024e-06\"} 1"));
    CHECK(has(text, "drover_actor_processing_time_seconds_sum{actor=\"timed\"} 1e-06"));
    CHECK(has(text, "# UNIT drover_actor_processing_time_seconds seconds"));
    CHECK(text.find("time_seconds_count{actor=\"quick\"}") == std::string::npos);
}

TEST_CASE("both formats can have every family, also of nothing") {
    const std::string text = text_of(drover::families_of({}));
    CHECK(has("\n" + text, "drover_route_cache_hits_total 0"));
    CHECK(text.ends_with("# EOF\n"));
}

namespace {

struct counted : drover::features {
    using metrics = drover::counter_metrics;
};
struct timed : drover::features {
    using metrics = drover::latency_metrics<1>;
};
struct own_hook : drover::no_metrics {};
struct several : drover::features {
    using metrics = drover::combined_metrics<own_hook, drover::latency_metrics<1>>;
};
struct only_own : drover::features {
    using metrics = drover::combined_metrics<own_hook>;
};

}  // namespace

TEST_CASE("a runtime tells what its policy has counted, its workers and its build") {
    const std::string text = text_of(after_a_run<counted>());
    CHECK(has(text, "drover_actor_messages_processed_total{actor=\"told_metrics::worker\"} 1"));
    CHECK(has(text, "drover_actor_stopped_total{actor=\"told_metrics::worker\"} 1"));
    CHECK(has(text, "drover_dead_letters_total{reason=\"stopped\"} 1"));
    CHECK(has(text, "drover_workers 1"));
    CHECK(has(text, "drover_build_info{version=\"0.1.0\",metrics=\"drover::counter_metrics\"} 1"));
    CHECK(text.find("time_seconds") == std::string::npos);
}

TEST_CASE("a runtime with latency_metrics tells times as well") {
    const std::string text = text_of(after_a_run<timed>());
    CHECK(has(text, "drover_actor_processing_time_seconds_count{actor=\"told_metrics::worker\"} 1"));
    CHECK(has(text, "drover_actor_mailbox_time_seconds_count{actor=\"told_metrics::worker\"} 1"));
}

TEST_CASE("of several policies the one that counts is found") {
    const std::string text = text_of(after_a_run<several>());
    CHECK(has(text, "drover_actor_messages_processed_total{actor=\"told_metrics::worker\"} 1"));
    CHECK(has(text, "drover_actor_mailbox_time_seconds_count{actor=\"told_metrics::worker\"} 1"));
}

TEST_CASE("a runtime that counts nothing tells its dead letters, failures, workers and build") {
    for (const std::string& text : {text_of(after_a_run<drover::features>()), text_of(after_a_run<only_own>())}) {
        CHECK(has(text, "drover_dead_letters_total{reason=\"stopped\"} 1"));
        CHECK(has(text, "drover_actor_failures_total 0"));
        CHECK(has(text, "drover_workers 1"));
        CHECK(text.find("messages_processed") == std::string::npos);
        CHECK(text.find("drover_build_info{version=\"0.1.0\",metrics=\"drover::") != std::string::npos);
    }
}

TEST_CASE("a runtime tells nothing of types and members that only another runtime has") {
    drover::basic_simulated_runtime<counted> both(1);
    drover::basic_simulated_runtime<counted> one(1);
    both.spawn<told_metrics::first_come>().tell(1);
    both.spawn<told_metrics::second_come>().tell(1);
    const auto named = [](const char* name) {
        return drover::pool_options<drover::weighted_round_robin>{.members = 2, .name = name};
    };
    const auto first = drover::spawn_pool<told_metrics::worker>(both, named("first pool"));
    const auto second = drover::spawn_pool<told_metrics::worker>(both, named("second pool"));
    first.tell(1);
    second.tell(1);
    both.run_until_idle();

    one.spawn<told_metrics::second_come>().tell(1);
    const auto only = drover::spawn_pool<told_metrics::worker>(one, named("second pool"));
    for (int each = 0; each != 4; ++each) {
        only.tell(1);
    }
    one.run_until_idle();
    const std::string text = text_of(drover::runtime_metrics(one));
    CHECK(text.find("first_come") == std::string::npos);
    CHECK(text.find("first pool") == std::string::npos);
    CHECK(has(text, "drover_actor_messages_processed_total{actor=\"told_metrics::second_come\"} 1"));
    CHECK(has(text, "drover_pool_picks_total{pool=\"second pool\",member=\"0\"} 2"));
    CHECK(has(text, "drover_pool_picks_total{pool=\"second pool\",member=\"1\"} 2"));
    CHECK(text_of(drover::runtime_metrics(both)).find("first_come") != std::string::npos);
}
