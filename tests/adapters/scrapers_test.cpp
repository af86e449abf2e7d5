// Scrapers as they come: many at once, slow ones, ones from elsewhere; of a runtime that works meanwhile.
#include <drover/adapters/prometheus.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/drover.hpp>

#include "support/connection.hpp"

namespace scraped {

struct measured : drover::features {
    using metrics = drover::counter_metrics;
};

struct counter {
    void operator()(int) { seen_ += 1; }
    int operator()(std::string) const { return seen_; }
    int seen_ = 0;
};

}  // namespace scraped

namespace {

using drover_test::connection;
using scraped::measured;

// This machine as well, but not 127.0.0.1, which is the default.
constexpr std::uint32_t other_address = INADDR_LOOPBACK + 1;

std::string line_of(const std::string& page, const std::string& name) {
    const std::size_t at = page.find("\n" + name);
    return at == std::string::npos ? name + " is missing" : page.substr(at + 1, page.find('\n', at + 1) - at - 1);
}

bool whole(const std::string& page) {
    return page.starts_with("HTTP/1.1 200 OK\r\n") && page.find("drover_collection_failed 0\n") != std::string::npos;
}

// More than the kernel keeps for a client that does not read.
std::vector<drover::metric_family> large() {
    drover::metric_family family{.name = "drover_large", .help = "Much.", .type = drover::metric_type::gauge};
    for (int each = 0; each != 1000; ++each) {
        family.series.push_back({{{"number", std::to_string(each)}, {"text", std::string(8000, 'x')}}, 1.0});
    }
    return {family};
}

}  // namespace

TEST_CASE("a runtime is served, with names that want care") {
    drover::basic_runtime<measured> rt;
    const drover::prometheus_server server(rt);
    CHECK_THROWS(connection(server.port(), {.address = other_address}));

    const auto one = rt.spawn<scraped::counter>();
    const auto odd = rt.spawn(drover::spawn_options{.name = "a\"b\\c\nd\xFF"}, [](int) { return 1; });
    for (int each = 0; each != 1000; ++each) {
        one.tell(each);
    }
    CHECK(one.ask(std::string()).get() == 1000);
    CHECK(odd.ask(1).get() == 1);

    const std::string processed = "drover_actor_messages_processed_total";
    // A reply may be there before its message counts as handled.
    while (rt.statistics().pending != 0) {
        std::this_thread::yield();
    }
    const std::string page = connection(server.port()).get("/metrics");
    CHECK(whole(page));
    CHECK(line_of(page, processed + "{actor=\"scraped::counter\"}") == processed + "{actor=\"scraped::counter\"} 1001");
    CHECK(line_of(page, processed + "{actor=\"a") == processed + "{actor=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\"} 1");
    CHECK_THAT(page, Catch::Contains("\ndrover_build_info{version=\""));
}

TEST_CASE("a flood of scrapes meets a runtime at work, and each gets a whole page") {
    drover::basic_runtime<measured> rt({.threads = 2});
    const drover::prometheus_server server(rt);
    const auto one = rt.spawn<scraped::counter>();

    constexpr int scrapers = 8;
    constexpr int scrapes = 25;
    std::atomic<int> good{0};
    std::atomic<int> left{scrapers};
    std::vector<std::thread> all;
    for (int each = 0; each != scrapers; ++each) {
        all.emplace_back([&] {
            for (int more = 0; more != scrapes; ++more) {
                good.fetch_add(whole(connection(server.port()).get("/metrics")) ? 1 : 0);
            }
            left.fetch_sub(1);
        });
    }
    int sent = 0;
    while (left.load() != 0 || sent == 0) {
        for (int each = 0; each != 100; ++each) {
            one.tell(each);
        }
        sent += 100;
        CHECK(one.ask(std::string()).get() == sent);  // no message waits for a scrape, nor is one lost
    }
    for (std::thread& each : all) {
        each.join();
    }
    CHECK(good.load() == scrapers * scrapes);
    CHECK(server.last_failure().empty());
}

TEST_CASE("a slow scraper holds up neither others nor messages, and gets all of it in the end") {
    drover::basic_runtime<measured> rt({.threads = 2});
    const auto one = rt.spawn<scraped::counter>();
    std::atomic<bool> first{true};
    const auto source = [&] { return first.exchange(false) ? large() : drover::runtime_metrics(rt); };
    // It is slower than most would bear with.
    const drover::prometheus_server server(source, {.patience = std::chrono::minutes(10)});

    connection slow(server.port(), {.receive_buffer = 4096});
    const connection silent(server.port());  // asks for nothing
    REQUIRE(slow.request("/metrics"));
    std::string page = slow.read(1);  // its page is under way
    for (int each = 0; each != 5; ++each) {
        one.tell(each);
        CHECK(one.ask(std::string()).get() == each + 1);
        CHECK(whole(connection(server.port()).get("/metrics")));
        page += slow.read(1);
    }
    page += slow.read_all();
    CHECK(whole(page));
    CHECK(page.size() > 8'000'000);
}

TEST_CASE("scrapers that never read, or never ask, are let go") {
    using namespace std::chrono_literals;
    std::atomic<bool> much{true};
    const auto source = [&] { return much.load() ? large() : std::vector<drover::metric_family>(); };
    auto server = std::make_unique<drover::prometheus_server>(
        source, drover::prometheus_server_options{.threads = 2, .patience = 100ms});
    // Both threads are kept, so whoever comes next is served only once one of these is let go.
    connection deaf(server->port(), {.receive_buffer = 4096});
    const connection silent(server->port());
    REQUIRE(deaf.request("/metrics"));
    CHECK(deaf.read(1) == "H");
    much.store(false);
    CHECK(whole(connection(server->port()).get("/metrics")));

    much.store(true);
    connection last(server->port(), {.receive_buffer = 4096});
    REQUIRE(last.request("/metrics"));
    CHECK(last.read(1) == "H");
    server.reset();  // nor does the end wait for it for ever
    CHECK(last.read_all().size() < 8'000'000);
}

TEST_CASE("others reach it only at the address that is given") {
    const drover::prometheus_server open([] { return std::vector<drover::metric_family>(); }, {.address = "0.0.0.0"});
    CHECK(whole(connection(open.port(), {.address = other_address}).get("/metrics")));
}
