#pragma once

/// All that a program needs to run actors, in floor order.
// clang-format off
#include "drover/metrics.hpp"
#include "drover/tracing.hpp"
#include "drover/mailbox.hpp"
#include "drover/batching.hpp"
#include "drover/balancing.hpp"
#include "drover/health.hpp"
#include "drover/actor.hpp"
#include "drover/supervision.hpp"
#include "drover/routing.hpp"
#include "drover/pool.hpp"
#include "drover/runtime.hpp"
// clang-format on
