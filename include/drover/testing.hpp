#pragma once

/// For tests of programs that use drover: a runtime in virtual time, whose schedule follows from a seed, and an actor
/// that records. Not part of drover.hpp.
#include "drover/testing/explore.hpp"
#include "drover/testing/fault_plan.hpp"
#include "drover/testing/probe.hpp"
#include "drover/testing/simulated_runtime.hpp"
