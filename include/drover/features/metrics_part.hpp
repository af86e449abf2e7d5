#pragma once

#include <type_traits>

#include "drover/features/features.hpp"
#include "drover/scheduling/lane.hpp"
#include "drover/scheduling/this_thread.hpp"

namespace drover {

/// Has the bundle a policy of its own? Where a hook's arguments are not there for the asking this decides whether to
/// find them.
template <class F>
inline constexpr bool has_metrics = !std::is_same_v<typename F::metrics, no_metrics>;

template <class F>
inline constexpr bool has_tracing = !std::is_same_v<typename F::tracing, no_tracing>;

/// What the bundle's metrics policy keeps in this lane.
template <class F>
typename F::metrics::thread_part& metrics_part(const lane& mine) noexcept {
    return mine.part.template as<typename F::metrics::thread_part>();
}

/// The same of the calling thread's lane to a runtime, wherever that must be found first. No code if nothing is kept.
template <class F>
typename F::metrics::thread_part& metrics_part([[maybe_unused]] core_record& core) {
    if constexpr (std::is_empty_v<typename F::metrics::thread_part>) {
        return lane_part().as<typename F::metrics::thread_part>();
    } else {
        return metrics_part<F>(lane_to(core));
    }
}

}  // namespace drover
