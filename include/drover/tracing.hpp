#pragma once

/// What can travel with a message so that its way can be followed, and the flight recorder, which writes it down.
#include "drover/tracing/flight_recorder.hpp"
#include "drover/tracing/flight_ring.hpp"
#include "drover/tracing/flight_tracing.hpp"
#include "drover/tracing/hooks.hpp"
#include "drover/tracing/sampler.hpp"
#include "drover/tracing/trace_context.hpp"
#include "drover/tracing/trace_scope.hpp"
