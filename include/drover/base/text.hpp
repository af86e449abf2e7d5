#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace drover {

/// One string out of several pieces: for the sentences that people read. Apart from std::string's `+` because each of
/// those is a function of its own in the program, and because GCC 12 warns of some at -O3.
inline std::string join_text(std::initializer_list<std::string_view> pieces) {
    std::string whole;
    for (const std::string_view each : pieces) {
        whole.append(each);
    }
    return whole;
}

}  // namespace drover
