#include <drover/report/exposition.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include <drover/base/random.hpp>

namespace {

using drover::exposition_format;
using drover::metric_family;
using drover::metric_labels;
using drover::metric_type;

std::string text_of(const std::vector<metric_family>& families, exposition_format format) {
    return drover::metrics_text(families, format);
}

// --- a reader of either format, which knows nothing of how it is written ------------------------------------------------

struct read_exemplar {
    metric_labels labels;
    double value = 0;
    std::string at;
};

struct read_line {
    std::string name;
    metric_labels labels;
    std::string value;
    std::optional<read_exemplar> exemplar;
};

struct read_page {
    std::map<std::string, std::string> help;
    std::map<std::string, std::string> type;
    std::map<std::string, std::string> unit;
    std::vector<read_line> lines;
    bool ended = false;
};

class page_reader {
public:
    explicit page_reader(std::string_view text) : rest_(text) {}

    read_page page() {
        read_page found;
        while (!rest_.empty()) {
            REQUIRE_FALSE(found.ended);
            if (take("# EOF\n")) {
                found.ended = true;
            } else if (take("# HELP ")) {
                meta(found.help);
            } else if (take("# TYPE ")) {
                meta(found.type);
            } else if (take("# UNIT ")) {
                meta(found.unit);
            } else {
                found.lines.push_back(line());
            }
        }
        return found;
    }

private:
    bool take(std::string_view wanted) {
        if (!rest_.starts_with(wanted)) {
            return false;
        }
        rest_.remove_prefix(wanted.size());
        return true;
    }

    std::string until(std::string_view ends) {
        const std::size_t length = rest_.find_first_of(ends);
        REQUIRE(length != std::string_view::npos);
        std::string text(rest_.substr(0, length));
        rest_.remove_prefix(length);
        return text;
    }

    // Up to `end`, which is taken as well, with escapes undone.
    std::string escaped(char end) {
        std::string text;
        for (;;) {
            REQUIRE_FALSE(rest_.empty());
            char next = rest_.front();
            rest_.remove_prefix(1);
            if (next == end) {
                return text;
            }
            REQUIRE(next != '\n');
            if (next == '\\') {
                next = rest_.front() == 'n' ? '\n' : rest_.front();
                rest_.remove_prefix(1);
            }
            text += next;
        }
    }

    void meta(std::map<std::string, std::string>& all) {
        const std::string name = until(" ");
        REQUIRE(take(" "));
        REQUIRE(all.emplace(name, escaped('\n')).second);
    }

    metric_labels labels() {
        metric_labels found;
        if (take("}")) {
            return found;
        }
        do {
            const std::string name = until("=");
            REQUIRE(take("=\""));
            found.emplace_back(name, escaped('"'));
        } while (take(","));
        REQUIRE(take("}"));
        return found;
    }

    read_line line() {
        read_line found;
        found.name = until("{ ");
        if (take("{")) {
            found.labels = labels();
        }
        REQUIRE(take(" "));
        found.value = until(" \n");
        if (take(" # {")) {
            read_exemplar exemplar;
            exemplar.labels = labels();
            REQUIRE(take(" "));
            exemplar.value = std::strtod(until(" \n").c_str(), nullptr);
            if (take(" ")) {
                exemplar.at = until("\n");
            }
            found.exemplar = exemplar;
        }
        REQUIRE(take("\n"));
        return found;
    }

    std::string_view rest_;
};

// --- families at random -------------------------------------------------------------------------------------------------

class family_maker {
public:
    explicit family_maker(std::uint64_t seed) : random_(seed) {}

    std::vector<metric_family> families() {
        std::vector<metric_family> made;
        for (std::uint32_t count = random_.below(6); made.size() != count;) {
            metric_family family;
            family.name = "f" + std::to_string(made.size()) + "_seconds";
            family.help = random_.below(4) == 0 ? "" : text();
            family.unit = random_.below(2) == 0 ? "" : "seconds";
            family.type = static_cast<metric_type>(random_.below(4));
            const std::uint32_t series = random_.below(4);
            for (std::uint32_t each = 0; each != series; ++each) {
                metric_labels labels = {{"number", std::to_string(each)}};
                for (std::uint32_t more = random_.below(3); more != 0; --more) {
                    labels.emplace_back("l" + std::to_string(more), text());
                }
                family.series.push_back({labels, value(family.type), {}});
                if (family.type == metric_type::counter && random_.below(2) == 0) {
                    family.series.back().exemplar = exemplar();
                }
            }
            made.push_back(family);
        }
        return made;
    }

private:
    std::string text() {
        static constexpr std::string_view pieces[] = {"a", "\"", "\\", "\n", "{",        "}",
                                                      ",", " ",  "=",  "#",  "\xC3\xA4", "n"};
        std::string made;
        for (std::uint32_t each = random_.below(8); each != 0; --each) {
            made += pieces[random_.below(static_cast<std::uint32_t>(std::size(pieces)))];
        }
        return made;
    }

    double number() {
        return static_cast<double>(random_.next() >> random_.below(64)) / (random_.below(2) == 0 ? 1 : 1e9);
    }

    drover::metric_exemplar exemplar() {
        drover::metric_exemplar made{.labels = {{"trace_id", text()}}, .value = number()};
        if (random_.below(4) == 0) {
            made.labels.clear();
        }
        if (random_.below(2) == 0) {
            made.at = std::chrono::system_clock::time_point(std::chrono::milliseconds(random_.next() >> 24U));
        }
        return made;
    }

    drover::metric_value value(metric_type type) {
        if (type == metric_type::histogram) {
            drover::histogram seen;
            for (std::uint32_t each = random_.below(100); each != 0; --each) {
                seen.record(
                    drover::clock_duration(static_cast<std::int64_t>(random_.next() >> (20 + random_.below(44)))));
            }
            drover::metric_histogram whole =
                drover::histogram_in_seconds(seen, random_.below(10), 10 + random_.below(27));
            for (std::uint32_t each = random_.below(3); each != 0; --each) {
                whole.show(exemplar());
            }
            return whole;
        }
        if (random_.below(2) == 0) {
            return random_.next() >> random_.below(64);
        }
        if (type != metric_type::counter && random_.below(4) == 0) {
            return -number();
        }
        return random_.below(8) == 0 ? std::numeric_limits<double>::infinity() : number();
    }

    drover::random_source random_;
};

void require_same(const std::optional<read_exemplar>& got, const std::optional<drover::metric_exemplar>& wanted) {
    REQUIRE(got.has_value() == wanted.has_value());
    if (wanted.has_value()) {
        REQUIRE(got->labels == wanted->labels);
        REQUIRE(got->value == wanted->value);
        REQUIRE(got->at.empty() == !wanted->at.has_value());
        if (wanted->at.has_value()) {
            const double seconds = std::chrono::duration<double>(wanted->at->time_since_epoch()).count();
            REQUIRE(std::strtod(got->at.c_str(), nullptr) == Approx(seconds).epsilon(1e-12));
        }
    }
}

// Takes lines off the front of a page and compares them with what was to be written.
class page_judge {
public:
    page_judge(const std::vector<read_line>& lines, bool open) : next_(lines.begin()), end_(lines.end()), open_(open) {}

    void judge(const metric_family& family) {
        for (const drover::metric_series& each : family.series) {
            if (const auto* whole = std::get_if<drover::metric_histogram>(&each.value)) {
                for (const drover::metric_bucket& bucket : whole->buckets) {
                    judge_bucket(family.name, each.labels, bucket.bound, bucket.count, bucket.exemplar);
                }
                judge_bucket(family.name, each.labels, std::numeric_limits<double>::infinity(), whole->count,
                             whole->beyond);
                REQUIRE(std::strtod(line(family.name + "_sum", each.labels).value.c_str(), nullptr) == whole->sum);
                REQUIRE(line(family.name + "_count", each.labels).value == std::to_string(whole->count));
                continue;
            }
            const read_line& got =
                line(family.name + (family.type == metric_type::counter ? "_total" : ""), each.labels);
            if (const auto* integer = std::get_if<std::uint64_t>(&each.value)) {
                REQUIRE(got.value == std::to_string(*integer));
            } else {
                REQUIRE(std::strtod(got.value.c_str(), nullptr) == std::get<double>(each.value));
            }
            require_same(got.exemplar, open_ ? each.exemplar : std::nullopt);
        }
    }

    bool over() const { return next_ == end_; }

private:
    const read_line& line(const std::string& name, const metric_labels& labels) {
        REQUIRE(next_ != end_);
        REQUIRE(next_->name == name);
        REQUIRE(next_->labels == labels);
        return *next_++;
    }

    void judge_bucket(const std::string& name, const metric_labels& labels, double bound, std::uint64_t count,
                      const std::optional<drover::metric_exemplar>& exemplar) {
        REQUIRE(next_ != end_);
        const read_line& got = *next_++;
        REQUIRE(got.name == name + "_bucket");
        REQUIRE(got.labels.back().first == "le");
        REQUIRE(std::strtod(got.labels.back().second.c_str(), nullptr) == bound);
        REQUIRE(metric_labels(got.labels.begin(), got.labels.end() - 1) == labels);
        REQUIRE(got.value == std::to_string(count));
        require_same(got.exemplar, open_ ? exemplar : std::nullopt);
    }

    std::vector<read_line>::const_iterator next_;
    std::vector<read_line>::const_iterator end_;
    bool open_;
};

// One of everything.
std::vector<metric_family> example() {
    using namespace std::chrono_literals;
    drover::metric_histogram times{
        .buckets = {{.bound = 0.5, .count = 1}, {.bound = 1, .count = 3}}, .count = 4, .sum = 7.25};
    times.show({.labels = {{"trace_id", "4bf9"}},
                .value = 0.75,
                .at = std::chrono::system_clock::time_point(1520879607789ms)});
    times.show({.labels = {}, .value = 5, .at = {}});
    return {
        {.name = "drover_messages",
         .help = "Messages \"handled\",\na \\ b.",
         .type = metric_type::counter,
         .series = {{{{"actor", "a\"b\\c\nd"}, {"kind", "\xFF"}}, std::uint64_t{18446744073709551615U}},
                    {{}, 1.5, drover::metric_exemplar{.labels = {{"trace_id", "x"}}, .value = 1}}}},
        {.name = "drover_time_seconds",
         .help = "Time.",
         .unit = "seconds",
         .type = metric_type::histogram,
         .series = {{{{"actor", "worker"}}, times}}},
        {.name = "drover_load",
         .type = metric_type::gauge,
         .series = {{{{"way", "up"}}, std::numeric_limits<double>::infinity()},
                    {{{"way", "down"}}, -std::numeric_limits<double>::infinity()},
                    {{{"way", "none"}}, std::numeric_limits<double>::quiet_NaN()}}},
        {.name = "drover_any", .series = {{{}, -1e-7}}},
        {.name = "drover_empty", .help = "Has no series.", .type = metric_type::gauge},
    };
}

}  // namespace

TEST_CASE("text format 0.0.4, to the letter") {
    CHECK(text_of(example(), exposition_format::prometheus_text) ==
          R"(# HELP drover_messages_total Messages "handled",\na \\ b.
# TYPE drover_messages_total counter
drover_messages_total{actor="a\"b\\c\nd",kind="�"} 18446744073709551615
drover_messages_total 1.5
# HELP drover_time_seconds Time.
# TYPE drover_time_seconds histogram
drover_time_seconds_bucket{actor="worker",le="0.5"} 1
drover_time_seconds_bucket{actor="worker",le="1"} 3
drover_time_seconds_bucket{actor="worker",le="+Inf"} 4
drover_time_seconds_sum{actor="worker"} 7.25
drover_time_seconds_count{actor="worker"} 4
# TYPE drover_load gauge
drover_load{way="up"} +Inf
drover_load{way="down"} -Inf
drover_load{way="none"} NaN
# TYPE drover_any untyped
drover_any -1e-07
)");
}

TEST_CASE("OpenMetrics 1.0, to the letter") {
    CHECK(text_of(example(), exposition_format::openmetrics) == R"(# HELP drover_messages Messages \"handled\",\na \\ b.
# TYPE drover_messages counter
drover_messages_total{actor="a\"b\\c\nd",kind="�"} 18446744073709551615
drover_messages_total 1.5 # {trace_id="x"} 1
# HELP drover_time_seconds Time.
# TYPE drover_time_seconds histogram
# UNIT drover_time_seconds seconds
drover_time_seconds_bucket{actor="worker",le="0.5"} 1
drover_time_seconds_bucket{actor="worker",le="1.0"} 3 # {trace_id="4bf9"} 0.75 1520879607.789
drover_time_seconds_bucket{actor="worker",le="+Inf"} 4 # {} 5
drover_time_seconds_sum{actor="worker"} 7.25
drover_time_seconds_count{actor="worker"} 4
# TYPE drover_load gauge
drover_load{way="up"} +Inf
drover_load{way="down"} -Inf
drover_load{way="none"} NaN
# TYPE drover_any unknown
drover_any -1e-07
# EOF
)");
}

TEST_CASE("nothing at all is an empty page, or one that says so") {
    CHECK(text_of({}, exposition_format::prometheus_text).empty());
    CHECK(text_of({}, exposition_format::openmetrics) == "# EOF\n");
}

TEST_CASE("what is written is read back, whatever it is") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        INFO("seed " << seed);
        const std::vector<metric_family> families = family_maker(seed).families();
        for (const exposition_format format : {exposition_format::prometheus_text, exposition_format::openmetrics}) {
            const bool open = format == exposition_format::openmetrics;
            const std::string text = drover::metrics_text(families, format);
            INFO(text);
            // In 0.0.4 a quote in a help text has no backslash, so both unescape alike.
            const read_page page = page_reader(text).page();
            REQUIRE(page.ended == open);
            page_judge judge(page.lines, open);
            std::size_t written = 0;
            std::size_t units = 0;
            for (const metric_family& each : families) {
                judge.judge(each);
                if (each.series.empty()) {
                    continue;
                }
                written += 1;
                const std::string name = each.name + (!open && each.type == metric_type::counter ? "_total" : "");
                REQUIRE(page.type.contains(name));
                REQUIRE(page.help.contains(name) == !each.help.empty());
                if (!each.help.empty()) {
                    REQUIRE(page.help.at(name) == each.help);
                }
                if (open && !each.unit.empty()) {
                    REQUIRE(page.unit.at(name) == each.unit);
                    units += 1;
                }
            }
            REQUIRE(judge.over());
            REQUIRE(page.type.size() == written);
            REQUIRE(page.unit.size() == units);
        }
    }
}

TEST_CASE("any output iterator will do, and comes back where the text ends") {
    const std::vector<metric_family> families = example();
    const std::string wanted = drover::metrics_text(families, exposition_format::openmetrics);
    std::string buffer(wanted.size() + 10, '-');
    const auto end = drover::write_metrics(buffer.begin(), families, exposition_format::openmetrics);
    CHECK(end - buffer.begin() == static_cast<std::ptrdiff_t>(wanted.size()));
    CHECK(buffer == wanted + "----------");

    std::ostringstream stream;
    drover::write_metrics(std::ostreambuf_iterator<char>(stream), families, exposition_format::openmetrics);
    CHECK(stream.str() == wanted);

    std::list<char> list;
    drover::write_metrics(std::front_inserter(list), families, exposition_format::openmetrics);
    CHECK(std::equal(list.rbegin(), list.rend(), wanted.begin(), wanted.end()));
}

TEST_CASE("what is refused is refused before anything is written") {
    std::vector<metric_family> families = example();
    families.push_back({.name = "a b", .series = {{{}, 1.0}}});
    std::string text;
    CHECK_THROWS_AS(drover::write_metrics(std::back_inserter(text), families, exposition_format::prometheus_text),
                    std::invalid_argument);
    CHECK(text.empty());
}

TEST_CASE("each format has a content type") {
    CHECK(drover::content_type(exposition_format::prometheus_text) == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(drover::content_type(exposition_format::openmetrics) ==
          "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST_CASE("buckets of a histogram without labels, and of several histograms that differ in their bounds") {
    const drover::metric_histogram coarse{.buckets = {{.bound = 1, .count = 1}}, .count = 2, .sum = 3};
    const drover::metric_histogram fine{
        .buckets = {{.bound = 0.5, .count = 1}, {.bound = 1, .count = 1}}, .count = 1, .sum = 0.25};
    const std::vector<drover::metric_family> families{
        {.name = "t", .type = drover::metric_type::histogram, .series = {{{}, coarse}, {{{"a", "b"}}, fine}}}};
    CHECK(drover::metrics_text(families, drover::exposition_format::openmetrics) ==
          "# TYPE t histogram\n"
          "t_bucket{le=\"1.0\"} 1\n"
          "t_bucket{le=\"+Inf\"} 2\n"
          "t_sum 3\n"
          "t_count 2\n"
          "t_bucket{a=\"b\",le=\"0.5\"} 1\n"
          "t_bucket{a=\"b\",le=\"1.0\"} 1\n"
          "t_bucket{a=\"b\",le=\"+Inf\"} 1\n"
          "t_sum{a=\"b\"} 0.25\n"
          "t_count{a=\"b\"} 1\n"
          "# EOF\n");
}
