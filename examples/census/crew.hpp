// The job done by actors.
#pragma once

#include "interrupt.hpp"
#include "options.hpp"
#include "tally.hpp"

#include <string_view>
#include <vector>

namespace census {

/// The policies that may share the files among the parsers, in the order in which they are told.
[[nodiscard]] std::vector<std::string_view> balance_names();

/// Blocks until everything is counted, or for the moment it takes to stop after an interrupt. Throws std::runtime_error
/// with a sentence if an actor failed, std::system_error if there are no more threads or descriptors.
[[nodiscard]] findings run_crew(const options& wanted, interrupts& signals);

}  // namespace census
