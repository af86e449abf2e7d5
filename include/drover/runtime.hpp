#pragma once

/// Workers, their options, and how it all ends.
#include "drover/base/clock.hpp"
#include "drover/runtime/cpu_limits.hpp"
#include "drover/runtime/drain.hpp"
#include "drover/runtime/dump.hpp"
#include "drover/runtime/dump_on_signal.hpp"
#include "drover/runtime/dump_text.hpp"
#include "drover/runtime/options.hpp"
#include "drover/runtime/runtime.hpp"
#include "drover/runtime/sinks.hpp"
#include "drover/runtime/take_metrics.hpp"
