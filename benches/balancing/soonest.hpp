// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace benches::balancing {

/// A time for each of n members, and which is the first: a tournament, in which a change plays log2 n matches again (D.
/// Knuth, "The Art of Computer Programming", volume 3, section 5.4.1).
class soonest {
public:
    static constexpr double never = std::numeric_limits<double>::infinity();

    explicit soonest(std::size_t members, double time = never)
        : leaves_(std::bit_ceil(members)), times_(leaves_, never), winners_(2 * leaves_) {
        for (std::size_t each = 0; each != leaves_; ++each) {
            if (each < members) times_[each] = time;
            winners_[leaves_ + each] = static_cast<std::uint32_t>(each);
        }
        for (std::size_t node = leaves_ - 1; node != 0; --node) {
            play(node);
        }
    }

    void set(std::size_t member, double time) noexcept {
        times_[member] = time;
        for (std::size_t node = (leaves_ + member) / 2; node != 0; node /= 2) {
            play(node);
        }
    }

    std::uint32_t member() const noexcept { return winners_[1]; }
    double time() const noexcept { return times_[winners_[1]]; }

private:
    void play(std::size_t node) noexcept {
        const std::uint32_t both[] = {winners_[2 * node], winners_[2 * node + 1]};
        winners_[node] = both[times_[both[1]] < times_[both[0]] ? 1 : 0];
    }

    std::size_t leaves_;
    std::vector<double> times_;
    std::vector<std::uint32_t> winners_;
};

}  // namespace benches::balancing
