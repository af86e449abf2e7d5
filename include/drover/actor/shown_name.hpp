#pragma once

#include <string_view>

#include "drover/actor/actor_cell.hpp"
#include "drover/base/type_name.hpp"

namespace drover {

/// The name of an actor type as people are shown it: of the runtime's own without what they are made for; behaviours
/// are their user's.
template <class A>
consteval std::string_view shown_name() noexcept {
    constexpr std::string_view type = type_name<typename seen_as<A>::type>();
    constexpr bool own = type.starts_with("drover::") && !type.starts_with("drover::behaviours<");
    return own ? type.substr(0, type.find('<')) : type;
}

}  // namespace drover
