#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "drover/base/text.hpp"
#include "drover/metrics/histogram.hpp"

namespace drover {

/// What metrics are before they become text: plain values, which any thread may make and nothing checks. Who writes
/// them checks them (`check_metrics`). Times are in seconds, as Prometheus wants them.

/// What a family counts. A counter only grows; `unknown` is what text format 0.0.4 calls untyped.
enum class metric_type : std::uint8_t { counter, gauge, histogram, unknown };

/// Names and values, in the order in which they are written. A value may have any bytes.
using metric_labels = std::vector<std::pair<std::string, std::string>>;

/// One observation as an example of many: most often the trace in which it was made. OpenMetrics alone has them.
struct metric_exemplar {
    metric_labels labels;  ///< such as trace_id; names and values have 128 characters at most, all in all
    double value = 0;
    std::optional<std::chrono::system_clock::time_point> at{};  ///< written in milliseconds
};

/// How many observations were at most `bound`, those of the buckets before included.
struct metric_bucket {
    double bound = 0;
    std::uint64_t count = 0;
    std::optional<metric_exemplar> exemplar{};
};

/// Buckets in the order of their bounds. The one without a bound, +Inf, is not among them: that is `count`.
struct metric_histogram {
    std::vector<metric_bucket> buckets;
    std::uint64_t count = 0;
    double sum = 0;
    std::optional<metric_exemplar> beyond{};  ///< of an observation above the last bound

    /// Puts an exemplar where its value belongs, in place of one that is there.
    void show(metric_exemplar exemplar) {
        const auto found = std::find_if(buckets.begin(), buckets.end(),
                                        [&](const metric_bucket& each) { return exemplar.value <= each.bound; });
        (found == buckets.end() ? beyond : found->exemplar) = std::move(exemplar);
    }
};

/// An unsigned integer is written with all its digits; a double with as few as tell it from every other one.
using metric_value = std::variant<std::uint64_t, double, metric_histogram>;

/// One line of a family, or the lines of one histogram.
struct metric_series {
    metric_labels labels;
    metric_value value;
    std::optional<metric_exemplar> exemplar{};  ///< for a counter; a histogram has them in its buckets
};

/// All series of one name.
struct metric_family {
    std::string name;  ///< a counter's without `_total`, which whoever writes it adds
    std::string help{};
    std::string unit{};  ///< empty, or what the name ends with, such as seconds
    metric_type type = metric_type::unknown;
    std::vector<metric_series> series{};
};

/// A histogram of durations as Prometheus has them: a bucket for each power of two from 2^first to 2^last nanoseconds,
/// exact, with bounds in seconds. Throws std::invalid_argument unless first <= last <= 36. The defaults are 128 ns and
/// 68.7 s.
inline metric_histogram histogram_in_seconds(const histogram& seen, unsigned first = 7,
                                             unsigned last = histogram::top_power) {
    if (first > last || last > histogram::top_power) {
        throw std::invalid_argument(
            join_text({"drover: histogram_in_seconds cannot give the buckets from 2^", std::to_string(first), " to 2^",
                       std::to_string(last), " ns; pass two powers from 0 to ", std::to_string(histogram::top_power),
                       ", the smaller one first"}));
    }
    const auto counts = seen.up_to_powers_of_two();
    metric_histogram made;
    made.count = seen.count();
    made.sum = static_cast<double>(seen.sum_nanoseconds()) / 1e9;
    for (std::size_t power = first; power <= last; ++power) {
        // Both are exact, so the quotient is the double nearest to the bound.
        made.buckets.push_back({.bound = static_cast<double>(std::uint64_t{1} << power) / 1e9, .count = counts[power]});
    }
    return made;
}

}  // namespace drover
