#pragma once

/// Which members of a pool are well: outlier detection, circuit breakers, probes and slow start, with or without
/// actors.
#include "drover/health/active_probes.hpp"
#include "drover/health/circuit_breaker.hpp"
#include "drover/health/ejection.hpp"
#include "drover/health/health.hpp"
#include "drover/health/monitor.hpp"
#include "drover/health/options.hpp"
#include "drover/health/outlier_detection.hpp"
#include "drover/health/panic.hpp"
#include "drover/health/part.hpp"
#include "drover/health/policy.hpp"
#include "drover/health/record.hpp"
#include "drover/health/slow_start.hpp"
#include "drover/health/standing.hpp"
#include "drover/health/stuck_detection.hpp"
