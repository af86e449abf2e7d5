#pragma once

#if !__has_include(<prometheus/exposer.h>)
#error "drover: <drover/adapters/prometheus.hpp> needs prometheus-cpp; install it (Debian: prometheus-cpp-dev)."
#endif

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "drover/base/text.hpp"
#include "drover/report/check_metrics.hpp"
#include "drover/report/exposition_text.hpp"
#include "drover/report/metric_family.hpp"
#include "drover/report/runtime_metrics.hpp"
#include "drover/runtime/runtime.hpp"

namespace drover {

/// Metrics as prometheus-cpp's own values, for who has a server with that library. Link `drover::prometheus`
/// (`find_package(drover COMPONENTS prometheus)`). prometheus-cpp serves text format 0.0.4 alone, so exemplars and
/// units are left out, and integers become doubles; `write_metrics` has them.

/// What a collectable reports: called for each scrape, in the server's threads, by several at once if several scrape.
using metrics_source = std::function<std::vector<metric_family>()>;

/// Throws std::invalid_argument as check_metrics does. Any thread.
inline std::vector<prometheus::MetricFamily> to_prometheus(std::span<const metric_family> families) {
    check_metrics(families);
    const auto type_of = [](metric_type type) {
        switch (type) {
            case metric_type::counter: return prometheus::MetricType::Counter;
            case metric_type::gauge: return prometheus::MetricType::Gauge;
            case metric_type::histogram: return prometheus::MetricType::Histogram;
            default: return prometheus::MetricType::Untyped;
        }
    };
    const auto metric_of = [](const metric_series& series) {
        prometheus::ClientMetric made;
        made.label.reserve(series.labels.size());
        for (const auto& [name, value] : series.labels) {
            std::string text;
            exposition::append_valid(text, value);
            made.label.push_back({name, std::move(text)});
        }
        if (const auto* whole = std::get_if<metric_histogram>(&series.value)) {
            made.histogram.sample_count = whole->count;
            made.histogram.sample_sum = whole->sum;
            made.histogram.bucket.reserve(whole->buckets.size());
            for (const metric_bucket& each : whole->buckets) {
                made.histogram.bucket.push_back({each.count, each.bound});
            }
            return made;
        }
        const auto* integer = std::get_if<std::uint64_t>(&series.value);
        const double number = integer != nullptr ? static_cast<double>(*integer) : std::get<double>(series.value);
        // The family's type says which of these is read.
        made.counter.value = number;
        made.gauge.value = number;
        made.untyped.value = number;
        return made;
    };
    std::vector<prometheus::MetricFamily> made;
    for (const metric_family& each : families) {
        if (each.series.empty()) {
            continue;
        }
        prometheus::MetricFamily& family = made.emplace_back();
        family.name = each.name + (each.type == metric_type::counter ? "_total" : "");
        // prometheus-cpp writes a help text as it is, and an end of a line in it would break the page.
        exposition::append_escaped(family.help, each.help, exposition::quotes::plain);
        family.type = type_of(each.type);
        family.metric.reserve(each.series.size());
        for (const metric_series& series : each.series) {
            family.metric.push_back(metric_of(series));
        }
    }
    return made;
}

/// What a server of prometheus-cpp's asks for metrics. Register one and keep it alive, as the server does not: it joins
/// what several collectables give without merging families of one name.
///
/// An exception would end the process in the server's thread. So one that the source throws, or metrics that
/// check_metrics refuses, make a scrape with `drover_collection_failed 1` and nothing else, and last_failure() tells
/// the sentence. Otherwise that gauge is 0.
class prometheus_collectable final : public prometheus::Collectable {
public:
    /// Throws std::invalid_argument if there is no function in `source`.
    explicit prometheus_collectable(metrics_source source) : source_(std::move(source)) {
        if (!source_) {
            throw std::invalid_argument(
                "drover: prometheus_collectable got an empty function; pass one that returns the metrics");
        }
    }

    /// Any thread.
    std::vector<prometheus::MetricFamily> Collect() const override {
        std::string sentence;
        try {
            std::vector<metric_family> families = source_();
            families.push_back(failed(0));
            std::vector<prometheus::MetricFamily> made = to_prometheus(families);
            remember({});
            return made;
        } catch (const std::exception& error) {
            sentence = error.what();
        } catch (...) {
            sentence = "drover: the source of the metrics threw something that is no std::exception";
        }
        remember(std::move(sentence));
        const metric_family families[] = {failed(1)};
        return to_prometheus(families);
    }

    /// Why the last scrape has no metrics; empty if it has them, or if there was none. Any thread.
    std::string last_failure() const {
        const std::lock_guard lock(mutex_);
        return failure_;
    }

private:
    static metric_family failed(std::uint64_t value) {
        return {.name = "drover_collection_failed",
                .help = "1 if the program's metrics could not be collected, and are missing for that reason.",
                .type = metric_type::gauge,
                .series = {{{}, value, {}}}};
    }

    void remember(std::string sentence) const {
        const std::lock_guard lock(mutex_);
        failure_ = std::move(sentence);
    }

    metrics_source source_;
    mutable std::mutex mutex_;
    mutable std::string failure_;
};

/// Where metrics are served. Only programs of the same machine reach the default address; "0.0.0.0" is every one.
struct prometheus_server_options {
    std::uint16_t port = 0;             ///< 0: one that is free, which port() tells
    std::string address = "127.0.0.1";  ///< an IPv4 address
    std::string path = "/metrics";
    std::size_t threads = 4;  ///< scrapes at a time, 1 … 64
    /// How long a scraper keeps one of these threads while it says nothing, or does not take what it gets; 1 ms … 1 h.
    std::chrono::milliseconds patience = std::chrono::seconds(5);
};

/// Serves metrics by HTTP, with prometheus-cpp's server and threads of its, from construction to destruction. No actor
/// and no send waits for a scrape, however long it takes. The destructor waits for scrapes that are under way, so the
/// source may use whatever lives as long as this. That may take 2 s even if there are none: the server looks that often
/// whether it is to end. A scraper that does not read what it gets makes it `patience` more.
class prometheus_server {
public:
    /// Throws std::invalid_argument for options that cannot be, and std::system_error with the address if it cannot be
    /// served there: most often as its port is in use.
    explicit prometheus_server(metrics_source source, const prometheus_server_options& options = {})
        : collectable_(std::make_shared<prometheus_collectable>(std::move(source))) {
        in_addr address{};
        if (::inet_pton(AF_INET, options.address.c_str(), &address) != 1) {
            throw std::invalid_argument(join_text({"drover: metrics cannot be served on '", options.address,
                                                   "', which is no IPv4 address; pass one such as 127.0.0.1"}));
        }
        if (!options.path.starts_with('/')) {
            throw std::invalid_argument(join_text({"drover: metrics cannot be served at the path '", options.path,
                                                   "'; begin it with a slash, as /metrics"}));
        }
        if (options.threads == 0 || options.threads > 64) {
            throw std::invalid_argument(join_text(
                {"drover: metrics cannot be served by ", std::to_string(options.threads), " threads; use 1 to 64"}));
        }
        if (options.patience < std::chrono::milliseconds(1) || options.patience > std::chrono::hours(1)) {
            throw std::invalid_argument(
                join_text({"drover: metrics cannot be served with a patience of ",
                           std::to_string(options.patience.count()), " ms; use 1 ms to an hour"}));
        }
        const std::string place = join_text({options.address, ":", std::to_string(options.port)});
        try {
            exposer_.emplace(std::vector<std::string>{"listening_ports", place, "num_threads",
                                                      std::to_string(options.threads), "request_timeout_ms",
                                                      std::to_string(options.patience.count())});
        } catch (const std::exception&) {
            // It does not say why. Whoever tries the same learns it from the kernel.
            throw std::system_error(
                why_not(address, options.port),
                join_text({"drover: metrics cannot be served on ", place, "; choose another address or port"}));
        }
        exposer_->RegisterCollectable(collectable_, options.path);
    }

    /// Serves what runtime_metrics() has of a runtime, which must outlive this.
    template <class F, class Scheduler>
    explicit prometheus_server(const runtime_with<F, Scheduler>& of, const prometheus_server_options& options = {})
        : prometheus_server([&of] { return runtime_metrics(of); }, options) {}

    prometheus_server(const prometheus_server&) = delete;
    prometheus_server& operator=(const prometheus_server&) = delete;

    /// Any thread.
    std::uint16_t port() const { return static_cast<std::uint16_t>(exposer_->GetListeningPorts().front()); }

    /// As prometheus_collectable's. Any thread.
    std::string last_failure() const { return collectable_->last_failure(); }

private:
    static std::error_code why_not(in_addr address, std::uint16_t port) {
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_port = htons(port);
        place.sin_addr = address;
        const int one = 1;
        const int tried = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const bool fails = tried < 0 || ::setsockopt(tried, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
                           ::bind(tried, reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0;
        const std::error_code why =
            fails ? std::error_code(errno, std::generic_category()) : std::make_error_code(std::errc::io_error);
        if (tried >= 0) {
            ::close(tried);
        }
        return why;
    }

    std::shared_ptr<prometheus_collectable> collectable_;  // outlives the server's threads
    std::optional<prometheus::Exposer> exposer_;
};

}  // namespace drover
