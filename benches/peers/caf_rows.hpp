// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "../support/outcome.hpp"

/// Workloads on CAF that stand in files of their own. Each does what the one of that name in benches/savina does on
/// drover.
namespace benches::caf_rows {

outcome chameneos(std::uint64_t messages, std::size_t threads);               // caf_sharing.cpp
outcome big(std::uint64_t messages, std::size_t threads);                     //
outcome concurrent_dictionary(std::uint64_t messages, std::size_t threads);   //
outcome concurrent_sorted_list(std::uint64_t messages, std::size_t threads);  //

outcome bounded_buffer(std::uint64_t messages, std::size_t threads);       // caf_classics.cpp
outcome dining_philosophers(std::uint64_t messages, std::size_t threads);  //
outcome sleeping_barber(std::uint64_t messages, std::size_t threads);      //
outcome cigarette_smokers(std::uint64_t messages, std::size_t threads);    //

outcome logistic_map(std::uint64_t messages, std::size_t threads);  // caf_asking.cpp
outcome banking(std::uint64_t messages, std::size_t threads);       //

}  // namespace benches::caf_rows
