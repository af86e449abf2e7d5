#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "drover/metrics/combined_metrics.hpp"
#include "drover/metrics/latency_part.hpp"
#include "drover/metrics/metrics_snapshot.hpp"
#include "drover/runtime/dump.hpp"
#include "drover/runtime/take_metrics.hpp"

namespace drover::detail {

/// The actor types whose handlers took longest, `most` of them at most: by the 99th percentile of the calls that were
/// timed, then by the longest one, then by name.
inline std::vector<runtime_dump::latency_row> slowest_handlers(const metrics_snapshot& counted, std::size_t most) {
    std::vector<runtime_dump::latency_row> rows;
    for (const metrics_snapshot::actor& each : counted.actors) {
        const histogram& times = each.processing_time;
        if (const auto median = times.percentile(50); median) {
            rows.push_back({each.type, times.count(), *median, *times.percentile(99), *times.percentile(100)});
        }
    }
    std::sort(rows.begin(), rows.end(), [](const auto& one, const auto& other) {
        return one.p99 != other.p99           ? one.p99 > other.p99
               : one.longest != other.longest ? one.longest > other.longest
                                              : one.type < other.type;
    });
    rows.resize(std::min(rows.size(), most));
    return rows;
}

/// Into a dump, if the metrics policy of the runtime measures latencies. No worker is held for it.
template <class F, class Runtime>
void add_slowest([[maybe_unused]] const Runtime& of, [[maybe_unused]] const dump_options& options,
                 [[maybe_unused]] runtime_dump& found) {
    using measuring = policy_keeping<typename F::metrics, latency_part>;
    if constexpr (!std::is_void_v<measuring>) {
        if (options.slowest != 0) {
            found.slowest = slowest_handlers(take_metrics<measuring>(of), options.slowest);
        }
    }
}

}  // namespace drover::detail
