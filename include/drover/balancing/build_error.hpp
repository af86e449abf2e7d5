#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "drover/balancing/member.hpp"
#include "drover/base/text.hpp"

namespace drover {

/// Why no table was built: what was wrong with which member.
struct build_error {
    enum code_type : std::uint8_t {
        bad_weight,        ///< not a number, infinite or negative
        same_id,           ///< an earlier member has this id
        no_load,           ///< the policy needs `depth` and the member has no `member_load`
        no_latency,        ///< the policy needs `latency` and the member has no `member_latency`
        missing_slot,      ///< the policy needs `idle` and the member has no slot
        slot_beyond,       ///< the member's slot is not below the number of slots
        same_slot,         ///< an earlier member has this slot
        too_many_members,  ///< more than the policy has room for
    };

    code_type code;
    member_index index = no_member;  ///< the member's; `no_member` if it is about all
    std::uint64_t id = 0;
    std::string name{};
    double weight = 0;  ///< for `bad_weight`
    std::uint32_t slot = no_slot;
    std::size_t most = 0;  ///< for `too_many_members` and `slot_beyond`
    std::size_t given = 0;
};

namespace detail {

inline build_error about_member(build_error::code_type code, const member_info& member, std::size_t index) {
    return build_error{.code = code,
                       .index = static_cast<member_index>(index),
                       .id = member.id,
                       .name = std::string(member.name),
                       .weight = member.weight.value_or(0),
                       .slot = member.slot};
}

inline std::string number_text(double number) {
    if (std::isnan(number)) return "not a number";
    if (std::isinf(number)) return number < 0 ? "minus infinity" : "infinite";
    char text[32];
    std::snprintf(text, sizeof text, "%g", number);
    return text;
}

}  // namespace detail

/// One sentence, with the member, the value and what to do. Allocates.
inline std::string to_string(const build_error& error) {
    const std::string quoted = error.name.empty() ? std::string() : join_text({" \"", error.name, "\""});
    const std::string member =
        join_text({"member ", std::to_string(error.index), quoted, " (id ", std::to_string(error.id), ")"});
    switch (error.code) {
        case build_error::bad_weight:
            return join_text({"drover: the weight of ", member, " is ", detail::number_text(error.weight),
                              "; give it a finite one above 0, or 0 if it shall take no new messages"});
        case build_error::same_id:
            return join_text({"drover: ", member, " has the id of a member before it; give each an id of its own"});
        case build_error::no_load:
            return join_text(
                {"drover: ", member, " has no load, and the policy compares loads; give it a member_load"});
        case build_error::no_latency:
            return join_text(
                {"drover: ", member, " has no latency, and the policy compares latencies; give it a member_latency"});
        case build_error::missing_slot:
            return join_text({"drover: ", member, " has no slot, and the policy looks for idle members; give it one"});
        case build_error::slot_beyond:
            return join_text({"drover: the slot of ", member, " is ", std::to_string(error.slot), ", and the pool has ",
                              std::to_string(error.most), "; give it a lower one, or the policy more most_slots"});
        case build_error::same_slot:
            return join_text({"drover: ", member, " has slot ", std::to_string(error.slot),
                              ", as a member before it has; give each a slot of its own"});
        case build_error::too_many_members:
            return join_text({"drover: a pool of ", std::to_string(error.given),
                              " members is too large for its policy; ", "have ", std::to_string(error.most),
                              " at most"});
    }
    return "drover: unknown error in building a table";
}

}  // namespace drover
