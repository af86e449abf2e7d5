#pragma once

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include "drover/balancing/build_error.hpp"
#include "drover/base/clock.hpp"
#include "drover/base/text.hpp"

namespace drover::detail {

/// Throws std::invalid_argument with one sentence made of the pieces: option, value, remedy.
[[noreturn]] inline void refuse_option(std::initializer_list<std::string_view> pieces) {
    throw std::invalid_argument(join_text({"drover: ", join_text(pieces)}));
}

inline void check_positive(std::string_view option, clock_duration value) {
    if (value.count() <= 0) {
        refuse_option({option, " is ", std::to_string(value.count()), " ns; use more than 0"});
    }
}

inline void check_range(std::string_view option, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
    if (value < least || value > most) {
        refuse_option(
            {option, " is ", std::to_string(value), "; use ", std::to_string(least), " to ", std::to_string(most)});
    }
}

inline void check_range(std::string_view option, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
        refuse_option({option, " is ", number_text(value), "; use ", number_text(least), " to ", number_text(most)});
    }
}

}  // namespace drover::detail
