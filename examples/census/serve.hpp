// Metrics of a census that runs, for Prometheus.
#pragma once

#include "app.hpp"

#include <cstdint>
#include <memory>

namespace census {

/// As long as this is there. It must end before the runtime.
using served_metrics = std::shared_ptr<void>;

/// On loopback. Throws std::runtime_error with one sentence if the port cannot be had, or this program was built
/// without prometheus-cpp.
[[nodiscard]] served_metrics serve_metrics(const app::runtime& rt, std::uint16_t port);

}  // namespace census
