#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "drover/report/check_metrics.hpp"
#include "drover/report/exposition_text.hpp"
#include "drover/report/metric_family.hpp"

namespace drover {

/// The text that a scraper reads: Prometheus's text format 0.0.4, which all of them know, or OpenMetrics 1.0, which has
/// units and exemplars.
enum class exposition_format : std::uint8_t { prometheus_text, openmetrics };

/// The HTTP content type of each, without which a scraper does not know which one it reads.
constexpr std::string_view content_type(exposition_format format) noexcept {
    return format == exposition_format::openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                                    : "text/plain; version=0.0.4; charset=utf-8";
}

namespace detail {

/// Writes the lines of families one after the other into a text of its own.
class exposition_lines {
public:
    explicit exposition_lines(exposition_format format) noexcept : open_(format == exposition_format::openmetrics) {}

    /// The lines of one family, until the next call. Without series it has none.
    std::string_view lines_of(const metric_family& family) {
        text_.clear();
        if (!family.series.empty()) {
            head(family);
        }
        for (const metric_series& each : family.series) {
            if (const auto* whole = std::get_if<metric_histogram>(&each.value)) {
                buckets(family, each, *whole);
            } else {
                begin(family, family.type == metric_type::counter ? "_total" : "", each.labels);
                if (const auto* integer = std::get_if<std::uint64_t>(&each.value)) {
                    exposition::append_number(text_, *integer);
                } else {
                    exposition::append_number(text_, std::get<double>(each.value));
                }
                end(each.exemplar);
            }
        }
        return text_;
    }

    std::string_view last_line() const noexcept { return open_ ? "# EOF\n" : ""; }

private:
    void head(const metric_family& family) {
        // Where 0.0.4 names the line of a counter, OpenMetrics names the family.
        const std::string_view suffix = !open_ && family.type == metric_type::counter ? "_total" : "";
        if (!family.help.empty()) {
            meta("# HELP ", family.name, suffix);
            exposition::append_escaped(text_, family.help,
                                       open_ ? exposition::quotes::escaped : exposition::quotes::plain);
            text_ += '\n';
        }
        meta("# TYPE ", family.name, suffix);
        text_ += type_name_of(family.type);
        text_ += '\n';
        if (open_ && !family.unit.empty()) {
            meta("# UNIT ", family.name, suffix);
            text_ += family.unit;
            text_ += '\n';
        }
    }

    void meta(std::string_view what, std::string_view name, std::string_view suffix) {
        text_ += what;
        text_ += name;
        text_ += suffix;
        text_ += ' ';
    }

    std::string_view type_name_of(metric_type type) const noexcept {
        switch (type) {
            case metric_type::counter: return "counter";
            case metric_type::gauge: return "gauge";
            case metric_type::histogram: return "histogram";
            default: return open_ ? "unknown" : "untyped";
        }
    }

    void buckets(const metric_family& family, const metric_series& series, const metric_histogram& whole) {
        const auto bucket = [&](std::string_view bound, std::uint64_t count,
                                const std::optional<metric_exemplar>& exemplar) {
            text_ += bucket_line_;
            text_ += bound;
            text_ += "\"} ";
            exposition::append_number(text_, count);
            end(exemplar);
        };
        begin_of_buckets(family, series.labels);
        for (std::size_t each = 0; each != whole.buckets.size(); ++each) {
            const metric_bucket& one = whole.buckets[each];
            bucket(bound_text(each, one.bound), one.count, one.exemplar);
        }
        bucket("+Inf", whole.count, whole.beyond);
        begin(family, "_sum", series.labels);
        exposition::append_number(text_, whole.sum);
        end({});
        begin(family, "_count", series.labels);
        exposition::append_number(text_, whole.count);
        end({});
    }

    // All buckets of a series begin alike, and there are many.
    void begin_of_buckets(const metric_family& family, const metric_labels& of) {
        std::swap(text_, bucket_line_);
        text_.clear();
        text_ += family.name;
        text_ += "_bucket";
        labels(of);
        text_ += of.empty() ? "{le=\"" : ",le=\"";
        std::swap(text_, bucket_line_);
    }

    // A bound is a label's text, so its form matters: OpenMetrics wants 1.0 where 0.0.4 has 1. Most histograms have the
    // bounds of the one before, so their texts are kept.
    std::string_view bound_text(std::size_t place, double bound) {
        if (place == bounds_.size()) {
            bounds_.emplace_back(-1.0, std::string());
        }
        auto& [of, text] = bounds_[place];
        if (of != bound) {
            of = bound;
            text.clear();
            exposition::append_number(text, bound);
            if (open_ && text.find_first_of(".e") == std::string::npos) {
                text += ".0";
            }
        }
        return text;
    }

    void begin(const metric_family& family, std::string_view suffix, const metric_labels& of) {
        text_ += family.name;
        text_ += suffix;
        if (!of.empty()) {
            labels(of);
            text_ += '}';
        }
        text_ += ' ';
    }

    // Without the brace that ends them, and without any if there are none.
    void labels(const metric_labels& all) {
        char before = '{';
        for (const auto& [name, value] : all) {
            text_ += before;
            text_ += name;
            text_ += "=\"";
            exposition::append_escaped(text_, value, exposition::quotes::escaped);
            text_ += '"';
            before = ',';
        }
    }

    void end(const std::optional<metric_exemplar>& exemplar) {
        if (open_ && exemplar.has_value()) {
            text_ += exemplar->labels.empty() ? " # {" : " # ";
            labels(exemplar->labels);
            text_ += "} ";
            exposition::append_number(text_, exemplar->value);
            if (exemplar->at.has_value()) {
                text_ += ' ';
                exposition::append_time(text_, *exemplar->at);
            }
        }
        text_ += '\n';
    }

    bool open_;
    std::string text_;
    std::string bucket_line_;
    std::vector<std::pair<double, std::string>> bounds_;  // those of the last histogram, by their place
};

}  // namespace detail

/// Writes families as text to an output iterator, and returns where it ended: a string's back_inserter, a stream, a
/// buffer that is large enough. Families without series are left out; exemplars and units are in OpenMetrics only.
/// Bytes in help texts and label values that are no UTF-8 become U+FFFD. Throws std::invalid_argument as check_metrics
/// does, before anything is written. Any thread; allocates the text of one family at a time; linear in the text.
template <std::output_iterator<const char&> Out>
Out write_metrics(Out out, std::span<const metric_family> families, exposition_format format) {
    check_metrics(families);
    detail::exposition_lines lines(format);
    for (const metric_family& each : families) {
        out = std::ranges::copy(lines.lines_of(each), std::move(out)).out;
    }
    return std::ranges::copy(lines.last_line(), std::move(out)).out;
}

/// The same as one string.
inline std::string metrics_text(std::span<const metric_family> families, exposition_format format) {
    check_metrics(families);
    detail::exposition_lines lines(format);
    std::string text;
    for (const metric_family& each : families) {
        text += lines.lines_of(each);
    }
    text += lines.last_line();
    return text;
}

}  // namespace drover
