#pragma once

/// What a runtime measured and recorded, as text for others: Prometheus's format, OpenMetrics, files for the node
/// exporter, and traces for Chrome's viewers.
#include "drover/report/check_metrics.hpp"
#include "drover/report/chrome_trace.hpp"
#include "drover/report/exposition.hpp"
#include "drover/report/metric_family.hpp"
#include "drover/report/metrics_file.hpp"
#include "drover/report/runtime_metrics.hpp"
#include "drover/report/trace_pieces.hpp"
