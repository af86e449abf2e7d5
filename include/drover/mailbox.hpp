#pragma once

/// Where messages wait.
#include "drover/mailbox/bounded.hpp"
#include "drover/mailbox/concept.hpp"
#include "drover/mailbox/evicting.hpp"
#include "drover/mailbox/overflow.hpp"
#include "drover/mailbox/priority.hpp"
#include "drover/mailbox/single_producer.hpp"
#include "drover/mailbox/system_lane.hpp"
#include "drover/mailbox/unbounded.hpp"
#include "drover/mailbox/unlinked.hpp"
