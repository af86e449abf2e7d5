#pragma once

/// The points at which a program can look into its runtime, at compile time.
#include "drover/metrics/hooks.hpp"
