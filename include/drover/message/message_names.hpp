#pragma once

#include <string_view>

namespace drover {

/// Whose handler a message is for, and what it is: names of types, for people. Both texts and the object itself have
/// static storage, so that its address may be kept.
struct message_names {
    std::string_view actor;
    std::string_view message;
};

}  // namespace drover
