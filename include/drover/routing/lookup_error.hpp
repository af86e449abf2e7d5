#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "drover/base/text.hpp"

namespace drover {

/// Why a look-up gave no ref.
struct lookup_error {
    enum code_type : std::uint8_t {
        unknown_name,    ///< nobody holds the name
        wrong_type,      ///< an actor of another type does
        timed_out,       ///< nobody came to hold it in time
        would_deadlock,  ///< waiting was refused, because a worker may not block
        stopped,         ///< the runtime takes no more names
    };

    code_type code;
    std::string name;
    std::string_view wanted;   ///< the type that was asked for
    std::string_view found{};  ///< the type of the actor that holds the name, for `wrong_type`
};

/// One sentence, with the name, the types where they matter, and what to do. Allocates.
inline std::string to_string(const lookup_error& error) {
    const std::string name = join_text({"drover: the name \"", error.name, "\" "});
    switch (error.code) {
        case lookup_error::unknown_name:
            return join_text({name, "is held by nobody; register a ", error.wanted, " by add(), or wait for it"});
        case lookup_error::wrong_type:
            return join_text(
                {name, "is held by a ", error.found, " and not by a ", error.wanted, "; look it up as its own type"});
        case lookup_error::timed_out:
            return join_text({name, "was held by nobody in the time given; allow more or handle its absence"});
        case lookup_error::would_deadlock:
            return join_text(
                {name, "is held by nobody, and a handler must not block until it is; use registry::notify()"});
        case lookup_error::stopped:
            return join_text({name, "is held by nobody, and its runtime drains or has stopped; do not wait any more"});
    }
    return "drover: unknown look-up error";
}

}  // namespace drover
