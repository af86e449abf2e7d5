#pragma once

/// Where messages wait.
#include "drover/mailbox/concept.hpp"
#include "drover/mailbox/system_lane.hpp"
#include "drover/mailbox/unbounded.hpp"
