#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "drover/balancing/member_latency.hpp"
#include "drover/balancing/member_load.hpp"

namespace drover {

/// Where a member stands in the list that a policy's table was built from.
using member_index = std::uint32_t;

/// What a pick answers when nobody takes messages.
inline constexpr member_index no_member = 0xffff'ffff;

/// A member without a slot.
inline constexpr std::uint32_t no_slot = 0xffff'ffff;

/// A policy's table is built from this many members at most: indices and products of shares then fit everywhere.
inline constexpr std::size_t most_members = 65'536;

/// What a policy may know of one member of a pool.
struct member_info {
    std::uint64_t id = 0;  ///< the same for as long as the member lives, and its own: keys are hashed against it
    /// Its share compared with the others' weights, in any unit. 0: it takes no new messages. None: it is not known,
    /// and the mean of those that are known and not 0 stands for it.
    std::optional<double> weight{};
    member_load* load = nullptr;  ///< wanted by policies that need `depth`; outlives every table built from this
    /// Wanted by policies that need `latency`; outlives every table built from this.
    member_latency* latency = nullptr;
    /// Wanted by policies that need `idle`: a small number of the member's, unique among the pool's present members,
    /// and given to another only when no pick uses a table with this one in it.
    std::uint32_t slot = no_slot;
    std::string_view name{};  ///< for sentences only
};

/// A message's key, for policies that need one. Any 64 bits: policies mix them, so a number or an address will do.
struct pick_key {
    std::uint64_t bits = 0;
};

}  // namespace drover
