#include <drover/adapters/prometheus.hpp>

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/report/exposition.hpp>

#include "support/connection.hpp"

namespace {

using drover::metric_family;
using drover::metric_type;
using drover_test::connection;

std::vector<metric_family> example(std::uint64_t handled = 7) {
    drover::metric_histogram times{
        .buckets = {{.bound = 1.024e-6, .count = 1}, {.bound = 0.5, .count = 3}}, .count = 4, .sum = 7.25};
    times.show({.labels = {{"trace_id", "x"}}, .value = 0.25});
    return {{.name = "drover_messages",
             .help = "One \"help\"\nin two \\ lines.",
             .type = metric_type::counter,
             .series = {{{{"actor", "a\"b\\c\nd"}, {"kind", "\xFF"}}, handled}}},
            {.name = "drover_time_seconds",
             .help = "Time.",
             .unit = "seconds",
             .type = metric_type::histogram,
             .series = {{{{"actor", "worker"}}, times}}},
            {.name = "drover_load",
             .help = "Load.",
             .type = metric_type::gauge,
             .series = {{{}, -std::numeric_limits<double>::infinity()}}},
            {.name = "drover_any", .help = "Anything.", .series = {{{}, 0.25}}},
            {.name = "drover_empty", .type = metric_type::gauge}};
}

// The lines without their order, which prometheus-cpp changes within a histogram.
std::vector<std::string> sorted_lines(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
        lines.push_back(text.substr(at, text.find('\n', at) - at));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

std::string scrape(const drover::prometheus_server& server, const std::string& path = "/metrics") {
    return connection(server.port()).get(path);
}

}  // namespace

TEST_CASE("prometheus-cpp writes of our families what we write ourselves") {
    const std::string theirs = prometheus::TextSerializer().Serialize(drover::to_prometheus(example()));
    const std::string ours = drover::metrics_text(example(), drover::exposition_format::prometheus_text);
    CHECK(sorted_lines(theirs) == sorted_lines(ours));
}

TEST_CASE("what check_metrics refuses is not handed to prometheus-cpp") {
    std::vector<metric_family> families = example();
    families[0].name = "no name";
    CHECK_THROWS_AS(drover::to_prometheus(families), std::invalid_argument);
}

TEST_CASE("a collectable reports what its source says at that moment") {
    std::uint64_t handled = 1;
    const drover::prometheus_collectable metrics([&] { return example(handled); });
    CHECK(metrics.Collect()[0].metric[0].counter.value == 1);
    handled = 2;
    const std::vector<prometheus::MetricFamily> families = metrics.Collect();
    REQUIRE(families.size() == 5);
    CHECK(families[0].metric[0].counter.value == 2);
    CHECK(families[4].name == "drover_collection_failed");
    CHECK(families[4].metric[0].gauge.value == 0);
}

TEST_CASE("a source that throws is said to have failed, and for how long") {
    int failing = 0;
    const drover::prometheus_collectable metrics([&]() -> std::vector<metric_family> {
        if (failing == 1) {
            throw std::runtime_error("no numbers today");
        }
        if (failing == 2) {
            throw 2;
        }
        std::vector<metric_family> families = example();
        families[0].name = failing == 3 ? "no name" : "name";
        return families;
    });
    const auto failed = [&] {
        const std::vector<prometheus::MetricFamily> families = metrics.Collect();
        CHECK(families.back().name == "drover_collection_failed");
        return families.back().metric[0].gauge.value == 1 && families.size() == 1;
    };
    CHECK(metrics.last_failure().empty());
    CHECK_FALSE(failed());
    failing = 1;
    CHECK(failed());
    CHECK(metrics.last_failure() == "no numbers today");
    failing = 2;
    CHECK(failed());
    CHECK(metrics.last_failure() == "drover: the source of the metrics threw something that is no std::exception");
    failing = 3;
    CHECK(failed());
    CHECK_THAT(metrics.last_failure(), Catch::StartsWith("drover: the metric 'no name' has no possible name"));
    failing = 0;
    CHECK_FALSE(failed());
    CHECK(metrics.last_failure().empty());
}

TEST_CASE("a collectable needs a source") {
    CHECK_THROWS_WITH(drover::prometheus_collectable(nullptr),
                      "drover: prometheus_collectable got an empty function; pass one that returns the metrics");
}

TEST_CASE("metrics are served over HTTP, until the server goes") {
    std::uint16_t port = 0;
    {
        const drover::prometheus_server server([] { return example(); });
        port = server.port();
        const std::string page = scrape(server);
        CHECK_THAT(page, Catch::StartsWith("HTTP/1.1 200 OK\r\n"));
        CHECK_THAT(page, Catch::Contains("Content-Type: text/plain"));
        const std::string wanted = drover::metrics_text(example(), drover::exposition_format::prometheus_text);
        for (const std::string& line : sorted_lines(wanted)) {
            CHECK_THAT(page, Catch::Contains(line));
        }
        CHECK_THAT(page, Catch::Contains("drover_collection_failed 0\n"));
        CHECK_THAT(scrape(server, "/other"), Catch::StartsWith("HTTP/1.1 404"));
        CHECK(server.last_failure().empty());
    }
    CHECK_THROWS(connection(port));
}

TEST_CASE("a source that throws does not end the server") {
    std::atomic<bool> failing{true};
    const drover::prometheus_server server(
        [&] { return failing.load() ? throw std::runtime_error("not yet") : example(); }, {.path = "/numbers"});
    CHECK_THAT(scrape(server, "/numbers"), Catch::Contains("drover_collection_failed 1\n"));
    CHECK(server.last_failure() == "not yet");
    failing.store(false);
    CHECK_THAT(scrape(server, "/numbers"), Catch::Contains("drover_collection_failed 0\n"));
}

TEST_CASE("a port in use is named in one sentence") {
    const drover::prometheus_server server([] { return example(); });
    CHECK_THROWS_WITH(drover::prometheus_server([] { return example(); }, {.port = server.port()}),
                      "drover: metrics cannot be served on 127.0.0.1:" + std::to_string(server.port()) +
                          "; choose another address or port: Address already in use");
    CHECK_THROWS_AS(drover::prometheus_server([] { return example(); }, {.port = server.port()}), std::system_error);
    // One that no interface of this machine has: it is kept for documentation.
    CHECK_THROWS_WITH(drover::prometheus_server([] { return example(); }, {.address = "192.0.2.1"}),
                      "drover: metrics cannot be served on 192.0.2.1:0; choose another address or port: Cannot assign "
                      "requested address");
}

TEST_CASE("options that cannot be are refused") {
    CHECK_THROWS_WITH(drover::prometheus_server([] { return example(); }, {.address = "localhost"}),
                      "drover: metrics cannot be served on 'localhost', which is no IPv4 address; pass one such as "
                      "127.0.0.1");
    CHECK_THROWS_AS(drover::prometheus_server([] { return example(); }, {.address = "127.0.0.1:1,0.0.0.0"}),
                    std::invalid_argument);
    CHECK_THROWS_WITH(drover::prometheus_server([] { return example(); }, {.path = "metrics"}),
                      "drover: metrics cannot be served at the path 'metrics'; begin it with a slash, as /metrics");
    CHECK_THROWS_WITH(drover::prometheus_server([] { return example(); }, {.threads = 0}),
                      "drover: metrics cannot be served by 0 threads; use 1 to 64");
    CHECK_THROWS_WITH(drover::prometheus_server([] { return example(); }, {.threads = 65}),
                      "drover: metrics cannot be served by 65 threads; use 1 to 64");
    CHECK_THROWS_WITH(drover::prometheus_server([] { return example(); }, {.patience = std::chrono::milliseconds(0)}),
                      "drover: metrics cannot be served with a patience of 0 ms; use 1 ms to an hour");
    CHECK_THROWS_AS(drover::prometheus_server([] { return example(); }, {.patience = std::chrono::hours(2)}),
                    std::invalid_argument);
    CHECK_THROWS_AS(drover::prometheus_server(nullptr), std::invalid_argument);
}
