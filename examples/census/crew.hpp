// The job done by actors.
#pragma once

#include "interrupt.hpp"
#include "options.hpp"
#include "tally.hpp"

namespace census {

/// Blocks until everything is counted, or for the moment it takes to stop after an interrupt. Throws std::runtime_error
/// with a sentence if an actor failed, std::system_error if there are no more threads or descriptors.
[[nodiscard]] findings run_crew(const options& wanted, interrupts& signals);

}  // namespace census
