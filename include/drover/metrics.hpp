#pragma once

/// The points at which a program can look into its runtime, at compile time, and what counts and measures there.
#include "drover/metrics/combined_metrics.hpp"
#include "drover/metrics/counter_metrics.hpp"
#include "drover/metrics/histogram.hpp"
#include "drover/metrics/histogram_block.hpp"
#include "drover/metrics/hooks.hpp"
#include "drover/metrics/label_table.hpp"
#include "drover/metrics/latency_metrics.hpp"
#include "drover/metrics/metrics_snapshot.hpp"
