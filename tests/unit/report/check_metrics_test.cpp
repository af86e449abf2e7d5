#include <drover/report/check_metrics.hpp>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

namespace {

using drover::metric_family;
using drover::metric_histogram;
using drover::metric_labels;
using drover::metric_series;
using drover::metric_type;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

metric_family gauge(std::string name) {
    return {.name = std::move(name), .type = metric_type::gauge, .series = {{{}, 1.0}}};
}

metric_family gauge_with(metric_labels labels) {
    return {.name = "g", .type = metric_type::gauge, .series = {{std::move(labels), 1.0}}};
}

metric_family histogram_of(metric_histogram whole) {
    return {.name = "h", .type = metric_type::histogram, .series = {{{}, std::move(whole)}}};
}

// The sentence with which the families are refused, without its first word; empty if they are taken.
std::string refusal(const std::vector<metric_family>& families) {
    try {
        drover::check_metrics(families);
    } catch (const std::invalid_argument& error) {
        const std::string_view what = error.what();
        REQUIRE(what.starts_with("drover: the metric "));
        return std::string(what.substr(19));
    }
    return {};
}

std::string refusal(const metric_family& family) {
    return refusal(std::vector{family});
}

}  // namespace

TEST_CASE("names of metrics") {
    for (const std::string_view good : {"a", "_", ":", "drover_up", "A9:z", "_0"}) {
        CHECK(drover::is_metric_name(good));
        CHECK(refusal(gauge(std::string(good))).empty());
    }
    for (const std::string_view bad : {"", "9lives", "a-b", "a b", "\xC3\xA4", "a\n", "a."}) {
        CHECK_FALSE(drover::is_metric_name(bad));
        CHECK(refusal(gauge(std::string(bad))) ==
              "'" + std::string(bad) + "' has no possible name; use letters, digits, _ and :, and begin with no digit");
    }
}

TEST_CASE("names of labels") {
    for (const std::string_view good : {"a", "_", "actor", "A9z", "_0", "_a__b"}) {
        CHECK(drover::is_label_name(good));
        CHECK(refusal(gauge_with({{std::string(good), ""}})).empty());
    }
    for (const std::string_view bad : {"", "9", "a:b", "a-b", "__name__", "\xC3\xA4"}) {
        CHECK_FALSE(drover::is_label_name(bad));
        CHECK(refusal(gauge_with({{std::string(bad), "x"}})) ==
              "'g' has a series with a label '" + std::string(bad) +
                  "', which is no possible name; use letters, digits and _, and begin with neither a digit nor __");
    }
    CHECK(refusal(gauge_with({{"a", "1"}, {"b", "2"}, {"a", "1"}})) ==
          "'g' has a series with two labels 'a'; leave one out");
    CHECK(refusal(gauge_with({{"le", "1"}})).empty());
    metric_family bounds = histogram_of({});
    bounds.series[0].labels = {{"le", "1"}};
    CHECK(refusal(bounds) ==
          "'h' has a series with a label 'le', which is the bound of a histogram's bucket; choose another name");
}

TEST_CASE("a counter's name has no _total yet, and a unit is the end of the name") {
    metric_family counter{.name = "c_total", .type = metric_type::counter, .series = {{{}, std::uint64_t{1}}}};
    CHECK(refusal(counter) == "'c_total' is a counter, and its name gets _total when it is written; leave it out here");
    counter.name = "c_seconds";
    CHECK(refusal(counter).empty());
    counter.unit = "seconds";
    CHECK(refusal(counter).empty());
    counter.unit = "bytes";
    CHECK(refusal(counter) == "'c_seconds' has the unit 'bytes', so its name must end in _bytes");
    counter.name = "bytes";
    CHECK(refusal(counter) == "'bytes' has the unit 'bytes', so its name must end in _bytes");
}

TEST_CASE("no two families have lines of one name, in either format") {
    metric_family counter{.name = "c", .type = metric_type::counter};
    const metric_family distribution = histogram_of({});
    CHECK(refusal({gauge("a"), gauge("a")}) ==
          "'a' has lines that are called a, and so has a metric before it; give them names that do not meet");
    CHECK(refusal({counter, gauge("c_total")}).starts_with("'c_total' has lines that are called c_total, "));
    CHECK(refusal({gauge("c_created"), counter}).starts_with("'c' has lines that are called c_created, "));
    CHECK(refusal({gauge("c"), counter}).starts_with("'c' has lines that are called c, "));
    for (const char* name : {"h", "h_bucket", "h_count", "h_sum", "h_created"}) {
        CHECK(refusal({distribution, gauge(name)}).find("has lines that are called " + std::string(name)) !=
              std::string::npos);
    }
    CHECK(refusal({counter, distribution, gauge("c_"), gauge("h_total")}).empty());
}

TEST_CASE("all series of a family are different") {
    metric_family family{.name = "g", .type = metric_type::gauge};
    family.series = {{{{"a", "1"}, {"b", "2"}}, 1.0}, {{{"a", "2"}, {"b", "1"}}, 1.0}, {{}, 1.0}};
    CHECK(refusal(family).empty());
    SECTION("in another order") {
        family.series.push_back({{{"b", "2"}, {"a", "1"}}, 2.0});
        CHECK(refusal(family) ==
              "'g' has two series with the labels {a=\"1\",b=\"2\"}; give each series labels of its own");
    }
    SECTION("with an empty label") {
        family.series.push_back({{{"c", ""}}, 2.0});
        CHECK(refusal(family) == "'g' has two series with the labels {}; give each series labels of its own");
    }
    SECTION("in what becomes of bytes that are no characters") {
        family.series.push_back({{{"a", "\xFF"}}, 2.0});
        CHECK(refusal(family).empty());
        family.series.push_back({{{"a", "\xFE"}}, 2.0});
        CHECK(refusal(family).find("two series") != std::string::npos);
    }
    SECTION("in a quote that could end the label") {
        family.series.push_back({{{"a", "1\",b=\"2"}}, 2.0});
        CHECK(refusal(family).empty());
    }
}

TEST_CASE("values fit the type of the family") {
    metric_family family = histogram_of({});
    family.type = metric_type::gauge;
    CHECK(refusal(family).find("has a series whose value is a histogram, which its type does not allow") !=
          std::string::npos);
    family = gauge("g");
    family.type = metric_type::histogram;
    CHECK(refusal(family).find("has a series whose value is a number, which") != std::string::npos);

    family.type = metric_type::counter;
    for (const double good : {0.0, 1.5, infinity}) {
        family.series[0].value = good;
        CHECK(refusal(family).empty());
    }
    family.series[0].value = -1.5;
    CHECK(refusal(family) == "'g' is a counter, but a value of it is -1.5; counters begin at 0 and grow");
    family.series[0].value = not_a_number;
    CHECK(refusal(family) == "'g' is a counter, but a value of it is NaN; counters begin at 0 and grow");
    for (const metric_type other : {metric_type::gauge, metric_type::unknown}) {
        family.type = other;
        CHECK(refusal(family).empty());
    }
}

TEST_CASE("histograms that cannot be are refused") {
    metric_histogram whole{.buckets = {{.bound = 0, .count = 1}, {.bound = 2, .count = 3}}, .count = 4, .sum = 9};
    CHECK(refusal(histogram_of(whole)).empty());
    CHECK(refusal(histogram_of({})).empty());
    SECTION("bounds") {
        for (const auto& [bound, text] : {std::pair(0.0, "0"), std::pair(not_a_number, "NaN"),
                                          std::pair(infinity, "+Inf"), std::pair(-1.0, "-1")}) {
            whole.buckets[1].bound = bound;
            CHECK(refusal(histogram_of(whole)) ==
                  "'h' has a bucket up to " + std::string(text) +
                      "; bounds are finite, not below 0, and each is larger than the one before");
        }
        whole.buckets[0].bound = -0.5;
        CHECK(refusal(histogram_of(whole)).starts_with("'h' has a bucket up to -0.5;"));
    }
    SECTION("counts") {
        whole.buckets[0].count = 4;
        CHECK(refusal(histogram_of(whole)) ==
              "'h' has 3 up to 2, but 4 up to less; a bucket counts what is in those before it as well");
        whole.buckets[0].count = 1;
        whole.count = 2;
        CHECK(refusal(histogram_of(whole)) ==
              "'h' has 3 in its buckets, but a count of 2; the count is all of them, and those above the last bound");
    }
    SECTION("sum") {
        whole.sum = -1;
        CHECK(refusal(histogram_of(whole)) == "'h' has the sum -1; the sum of what is not below 0 is not either");
        whole.sum = not_a_number;
        CHECK_FALSE(refusal(histogram_of(whole)).empty());
    }
}

TEST_CASE("exemplars are short, and stand where both formats know them") {
    metric_family counter{.name = "c", .type = metric_type::counter, .series = {{{}, std::uint64_t{1}}}};
    // Characters count, not bytes: of these each has two bytes.
    std::string umlauts;
    for (int each = 0; each != 120; ++each) {
        umlauts += "\xC3\xA4";
    }
    counter.series[0].exemplar = {.labels = {{"trace_id", umlauts}}, .value = 1};
    CHECK(refusal(counter).empty());
    counter.series[0].exemplar->labels.emplace_back("x", "");
    const std::string too_long =
        "has an exemplar whose labels have 129 characters, and OpenMetrics allows 128; shorten them";
    CHECK(refusal(counter) == "'c' " + too_long);

    metric_histogram whole{.buckets = {{.bound = 1}}};
    whole.show(*counter.series[0].exemplar);
    CHECK(refusal(histogram_of(whole)) == "'h' " + too_long);
    whole.buckets[0].exemplar.reset();
    CHECK(refusal(histogram_of(whole)).empty());
    whole.beyond = counter.series[0].exemplar;
    CHECK(refusal(histogram_of(whole)) == "'h' " + too_long);

    counter.series[0].exemplar->labels = {{"trace-id", "1"}};
    CHECK(refusal(counter).starts_with("'c' has an exemplar with a label 'trace-id', which is no possible name;"));
    counter.series[0].exemplar->labels = {};
    CHECK(refusal(counter).empty());
    counter.type = metric_type::gauge;
    CHECK(refusal(counter) ==
          "'c' has an exemplar beside a value; only counters have, and histograms in their buckets");
}
