#pragma once

/// What a failure of an actor sets off.
#include "drover/actor/directive.hpp"
#include "drover/actor/group.hpp"
#include "drover/message/stop_reason.hpp"
#include "drover/supervision/backoff.hpp"
#include "drover/supervision/children.hpp"
#include "drover/supervision/restart_window.hpp"
#include "drover/supervision/supervised.hpp"
#include "drover/supervision/supervision.hpp"
