// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fit.hpp"

namespace benches::scale {

/// What the machine is: the models know no more of it.
struct machine {
    std::size_t processors;
    double first_cache;   ///< bytes of the level-1 data cache
    double second_cache;  ///< of level 2
};

/// A term of a model: a name for people, its value at a place, and its coefficient if that is known beforehand.
struct term {
    std::string name;
    double (*at)(double x, const machine& here);
    std::optional<double> known{};  ///< none: fitted
};

/// One curve: a figure at several places, and the terms whose sum it should follow.
struct sweep {
    std::string name;
    std::string title;
    std::string x_name;
    std::string unit;
    std::vector<std::uint64_t> places;
    std::vector<std::uint64_t> quick_places;
    std::vector<term> model;
    bool steps;  ///< between two places there is nothing: the model is drawn at the places only
    /// One run, in a process of its own: the figure in `unit`. Throws std::runtime_error if the answer is wrong.
    double (*run)(std::uint64_t place, bool quick);
};

/// All sweeps; see workloads.hpp for what each sends.
std::vector<sweep> all_sweeps();

}  // namespace benches::scale
