// The features of this program, named once: what is counted and timed is what `census --metrics` serves.
#pragma once

#include <drover/drover.hpp>

namespace census {

struct observed : drover::features {
    using metrics = drover::latency_metrics<16>;
};

using app = drover::with<observed>;

}  // namespace census
