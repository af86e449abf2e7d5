#pragma once

/// What can travel with a message so that its way can be followed.
#include "drover/tracing/hooks.hpp"
