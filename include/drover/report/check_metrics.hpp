#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>
#include <vector>

#include "drover/base/text.hpp"
#include "drover/report/exposition_text.hpp"
#include "drover/report/metric_family.hpp"

namespace drover {

/// Whether Prometheus takes this for a metric's name: letters, digits, `_` and `:`, no digit first.
constexpr bool is_metric_name(std::string_view name) noexcept {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':'; };
    return !name.empty() && letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// Whether a series may have a label of this name: as a metric's, without `:`, and no `__` first, which is Prometheus's
/// own.
constexpr bool is_label_name(std::string_view name) noexcept {
    return is_metric_name(name) && name.find(':') == std::string_view::npos && !name.starts_with("__");
}

namespace detail {

/// One look at all that is to be written. Its sentences name the family, and say what to change.
class metrics_check {
public:
    void check(const metric_family& family) {
        family_ = &family;
        check_name();
        std::unordered_set<std::string> seen;
        seen.reserve(family.series.size());
        for (const metric_series& each : family.series) {
            check_labels(each.labels, "a series");
            const bool is_histogram = std::holds_alternative<metric_histogram>(each.value);
            if (is_histogram != (family.type == metric_type::histogram)) {
                refuse({"has a series whose value is ", is_histogram ? "a histogram" : "a number",
                        ", which its type does not allow; make its type metric_type::histogram if and only if its "
                        "values are histograms"});
            }
            if (std::string key = key_of(each.labels); !seen.insert(key).second) {
                refuse({"has two series with the labels {", key, "}; give each series labels of its own"});
            }
            check_value(each);
        }
    }

private:
    [[noreturn]] void refuse(std::initializer_list<std::string_view> pieces) const {
        throw std::invalid_argument(join_text({"drover: the metric '", family_->name, "' ", join_text(pieces)}));
    }

    void check_name() {
        const metric_family& family = *family_;
        if (!is_metric_name(family.name)) {
            refuse({"has no possible name; use letters, digits, _ and :, and begin with no digit"});
        }
        if (family.type == metric_type::counter && family.name.ends_with("_total")) {
            refuse({"is a counter, and its name gets _total when it is written; leave it out here"});
        }
        if (!family.unit.empty() && !family.name.ends_with(join_text({"_", family.unit}))) {
            refuse({"has the unit '", family.unit, "', so its name must end in _", family.unit});
        }
        for (const std::string_view suffix : suffixes(family.type)) {
            if (std::string sample = join_text({family.name, suffix}); !names_.insert(sample).second) {
                refuse({"has lines that are called ", sample,
                        ", and so has a metric before it; give them names that do not meet"});
            }
        }
    }

    // OpenMetrics keeps the names of all lines that a family may have, whether they are written or not.
    static std::vector<std::string_view> suffixes(metric_type type) {
        switch (type) {
            case metric_type::counter: return {"", "_total", "_created"};
            case metric_type::histogram: return {"", "_bucket", "_count", "_sum", "_created"};
            default: return {""};
        }
    }

    void check_labels(const metric_labels& labels, std::string_view whose) const {
        for (auto each = labels.begin(); each != labels.end(); ++each) {
            const std::string& name = each->first;
            if (!is_label_name(name)) {
                refuse(
                    {"has ", whose, " with a label '", name,
                     "', which is no possible name; use letters, digits and _, and begin with neither a digit nor __"});
            }
            if (name == "le" && family_->type == metric_type::histogram) {
                refuse({"has ", whose,
                        " with a label 'le', which is the bound of a histogram's bucket; "
                        "choose another name"});
            }
            if (std::any_of(labels.begin(), each, [&](const auto& other) { return other.first == name; })) {
                refuse({"has ", whose, " with two labels '", name, "'; leave one out"});
            }
        }
    }

    // What tells a series from others: an order of labels does not, nor does a label that is empty.
    static std::string key_of(const metric_labels& labels) {
        if (!std::is_sorted(labels.begin(), labels.end())) {
            metric_labels sorted = labels;
            std::sort(sorted.begin(), sorted.end());
            return key_of(sorted);
        }
        std::string key;
        for (const auto& [name, value] : labels) {
            if (!value.empty()) {
                key += key.empty() ? "" : ",";
                key += name;
                key += "=\"";
                exposition::append_escaped(key, value, exposition::quotes::escaped);
                key += '"';
            }
        }
        return key;
    }

    void check_value(const metric_series& series) const {
        if (const auto* whole = std::get_if<metric_histogram>(&series.value)) {
            check_histogram(*whole);
        } else if (const auto* number = std::get_if<double>(&series.value);
                   number != nullptr && family_->type == metric_type::counter && !(*number >= 0)) {
            refuse({"is a counter, but a value of it is ", text_of(*number), "; counters begin at 0 and grow"});
        }
        if (series.exemplar.has_value()) {
            if (family_->type != metric_type::counter) {
                refuse({"has an exemplar beside a value; only counters have, and histograms in their buckets"});
            }
            check_exemplar(*series.exemplar);
        }
    }

    void check_histogram(const metric_histogram& whole) const {
        double bound = -1;
        std::uint64_t count = 0;
        for (const metric_bucket& each : whole.buckets) {
            // A NaN is not larger than anything.
            if (!(each.bound >= 0 && each.bound > bound && std::isfinite(each.bound))) {
                refuse({"has a bucket up to ", text_of(each.bound),
                        "; bounds are finite, not below 0, and each is larger than the one before"});
            }
            if (each.count < count) {
                refuse({"has ", std::to_string(each.count), " up to ", text_of(each.bound), ", but ",
                        std::to_string(count), " up to less; a bucket counts what is in those before it as well"});
            }
            bound = each.bound;
            count = each.count;
            if (each.exemplar.has_value()) {
                check_exemplar(*each.exemplar);
            }
        }
        if (whole.count < count) {
            refuse({"has ", std::to_string(count), " in its buckets, but a count of ", std::to_string(whole.count),
                    "; the count is all of them, and those above the last bound"});
        }
        if (!(whole.sum >= 0)) {
            refuse({"has the sum ", text_of(whole.sum), "; the sum of what is not below 0 is not either"});
        }
        if (whole.beyond.has_value()) {
            check_exemplar(*whole.beyond);
        }
    }

    void check_exemplar(const metric_exemplar& exemplar) const {
        check_labels(exemplar.labels, "an exemplar");
        std::size_t characters = 0;
        for (const auto& [name, value] : exemplar.labels) {
            characters += name.size() + exposition::characters_in(value);
        }
        if (characters > 128) {
            refuse({"has an exemplar whose labels have ", std::to_string(characters),
                    " characters, and OpenMetrics allows 128; shorten them"});
        }
    }

    static std::string text_of(double number) {
        std::string text;
        exposition::append_number(text, number);
        return text;
    }

    const metric_family* family_ = nullptr;
    std::unordered_set<std::string> names_;
};

}  // namespace detail

/// Throws std::invalid_argument, with one sentence, unless both formats can have these families: names, labels, units,
/// series that are all different, counters and histograms that are possible, exemplars that are short enough. Any
/// thread. Allocates; linear in the text of the series.
inline void check_metrics(std::span<const metric_family> families) {
    detail::metrics_check check;
    for (const metric_family& each : families) {
        check.check(each);
    }
}

}  // namespace drover
