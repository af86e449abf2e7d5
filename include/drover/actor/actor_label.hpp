#pragma once

#include <cstdint>
#include <string_view>

#include "drover/actor/actor_cell.hpp"
#include "drover/actor/shown_name.hpp"
#include "drover/base/type_name.hpp"
#include "drover/metrics/label_table.hpp"

namespace drover {

/// The number by which metrics know actors of type `A`: by the type's name, or for a lambda by the name of the actor,
/// which people gave it. The runtime's own have theirs without what they are made for; behaviours are their user's. The
/// first use for a type takes a lock, and each for a lambda.
template <class A>
std::uint8_t label_of(std::string_view actor) noexcept {
    constexpr std::string_view type = type_name<typename seen_as<A>::type>();
    if constexpr (type.find("lambda") != std::string_view::npos) {
        return static_cast<std::uint8_t>(label_table::actors().number_of(actor));
    } else {
        static const auto number = static_cast<std::uint8_t>(label_table::actors().number_of(shown_name<A>()));
        return number;
    }
}

}  // namespace drover
