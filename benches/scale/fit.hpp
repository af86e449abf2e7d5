// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace benches::scale {

/// One value for each term of a model, at one place.
using terms = std::vector<double>;

/// The value of a model with these coefficients.
inline double value_of(const terms& coefficients, const terms& at) {
    double sum = 0;
    for (std::size_t each = 0; each != at.size(); ++each) sum += coefficients[each] * at[each];
    return sum;
}

/// Solves a small system of linear equations by elimination with pivots; each row ends with its right side. None if it
/// has no single solution.
inline std::optional<terms> solve(std::vector<terms> rows) {
    const std::size_t size = rows.size();
    for (std::size_t column = 0; column != size; ++column) {
        const auto from = rows.begin() + static_cast<std::ptrdiff_t>(column);
        std::iter_swap(from, std::max_element(from, rows.end(), [column](const terms& one, const terms& other) {
                           return std::abs(one[column]) < std::abs(other[column]);
                       }));
        if (std::abs(rows[column][column]) < 1e-12) return std::nullopt;
        for (std::size_t row = 0; row != size; ++row) {
            if (row == column) continue;
            const double factor = rows[row][column] / rows[column][column];
            for (std::size_t at = column; at <= size; ++at) rows[row][at] -= factor * rows[column][at];
        }
    }
    terms found(size);
    for (std::size_t row = 0; row != size; ++row) found[row] = rows[row][size] / rows[row][row];
    return found;
}

/// Coefficients of 0 or more that make the sum of the squared errors least, each beside `whole[i]`, which is above 0: a
/// cost that saves time is none. All subsets of the terms are tried, so there should be few terms. `at[i]` are the
/// terms at the place where `measured[i]` was seen; `whole[i]` is that, with what a known part of the model took off
/// it.
inline terms fit(const std::vector<terms>& at, const std::vector<double>& measured, const std::vector<double>& whole) {
    const std::size_t count = at.front().size();
    terms best(count, 0.0);
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t subset = 1; subset != std::size_t{1} << count; ++subset) {
        std::vector<std::size_t> used;
        for (std::size_t each = 0; each != count; ++each)
            if ((subset >> each & 1) != 0) used.push_back(each);
        // The normal equations; the terms are scaled to their largest, else bytes and shares would not go together.
        terms scales;
        for (const std::size_t each : used) {
            double largest = 0;
            for (const terms& place : at) largest = std::max(largest, std::abs(place[each]));
            scales.push_back(largest == 0 ? 1 : largest);
        }
        std::vector<terms> rows(used.size(), terms(used.size() + 1, 0.0));
        for (std::size_t place = 0; place != at.size(); ++place) {
            const double weight = 1 / (whole[place] * whole[place]);
            for (std::size_t row = 0; row != used.size(); ++row) {
                const double mine = at[place][used[row]] / scales[row] * weight;
                for (std::size_t column = 0; column != used.size(); ++column)
                    rows[row][column] += mine * at[place][used[column]] / scales[column];
                rows[row].back() += mine * measured[place];
            }
        }
        // To the size of one, so that `solve` can tell what is nothing.
        double largest = 0;
        for (std::size_t row = 0; row != rows.size(); ++row) largest = std::max(largest, std::abs(rows[row][row]));
        if (largest == 0) continue;
        for (terms& row : rows)
            for (double& each : row) each /= largest;
        const auto found = solve(std::move(rows));
        if (!found || std::any_of(found->begin(), found->end(), [](double each) { return each < 0; })) continue;
        terms all(count, 0.0);
        for (std::size_t row = 0; row != used.size(); ++row) all[used[row]] = (*found)[row] / scales[row];
        double error = 0;
        for (std::size_t place = 0; place != at.size(); ++place) {
            const double off = (value_of(all, at[place]) - measured[place]) / whole[place];
            error += off * off;
        }
        if (error < least) {
            least = error;
            best = all;
        }
    }
    return best;
}

/// As above, of figures of which nothing is known beforehand.
inline terms fit(const std::vector<terms>& at, const std::vector<double>& measured) {
    return fit(at, measured, measured);
}

}  // namespace benches::scale
