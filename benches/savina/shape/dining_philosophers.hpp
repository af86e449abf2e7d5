// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace benches::shape {

inline constexpr std::size_t philosophers = 20;

/// The forks of all philosophers, one between two neighbours.
class forks {
public:
    /// False, and nothing changes, if one of the two is taken.
    bool take(std::size_t place) {
        if (taken_[place] || taken_[right_of(place)]) return false;
        taken_[place] = taken_[right_of(place)] = true;
        return true;
    }
    /// False if one of the two was not taken.
    bool put_back(std::size_t place) {
        bool const both = taken_[place] && taken_[right_of(place)];
        taken_[place] = taken_[right_of(place)] = false;
        return both;
    }
    [[nodiscard]] std::uint64_t free() const {
        return static_cast<std::uint64_t>(std::count(taken_.begin(), taken_.end(), false));
    }

private:
    static std::size_t right_of(std::size_t place) { return place + 1 == philosophers ? 0 : place + 1; }

    std::array<bool, philosophers> taken_{};
};

/// Meals, as the philosophers have counted them and as pairs of forks that were taken and came back; and all forks.
constexpr std::uint64_t philosophers_expected(std::uint64_t each) {
    return 2 * each * philosophers + philosophers;
}

}  // namespace benches::shape
