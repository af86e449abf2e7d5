#pragma once

/// The points at which a program can look into its runtime, at compile time.
#include "drover/metrics/histogram.hpp"
#include "drover/metrics/histogram_block.hpp"
#include "drover/metrics/hooks.hpp"
