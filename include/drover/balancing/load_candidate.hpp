#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "drover/balancing/member.hpp"
#include "drover/balancing/member_load.hpp"
#include "drover/balancing/weights.hpp"

namespace drover {

/// One member with what a comparison of loads wants.
struct load_candidate {
    const member_load* load;
    double weight;  ///< as of relative_weights(): below 1, so that products do not overflow
    member_index index;
};

/// Whether a message more would make a member busier, for its weight, than another: (load + 1) / weight, as products,
/// so that nothing is divided.
inline bool busier(std::uint64_t load, double weight, std::uint64_t other_load, double other_weight) noexcept {
    return static_cast<double>(load + 1) * other_weight > static_cast<double>(other_load + 1) * weight;
}

/// Those of a weight above 0, for policies that read loads; `no_load` if one has none. O(n), allocates.
inline expected<std::vector<load_candidate>, build_error> load_candidates(std::span<const member_info> members) {
    auto weights = relative_weights(members);
    if (!weights) return unexpected<build_error>(std::move(weights.error()));
    std::vector<load_candidate> found;
    for (std::size_t each = 0; each != members.size(); ++each) {
        if (members[each].load == nullptr) {
            return unexpected<build_error>(detail::about_member(build_error::no_load, members[each], each));
        }
        if (weights.value()[each] > 0) {
            found.push_back({members[each].load, weights.value()[each], static_cast<member_index>(each)});
        }
    }
    return found;
}

}  // namespace drover
