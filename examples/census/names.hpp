// Questions about file names, and names as text.
#pragma once

#include <string>
#include <string_view>

namespace census {

/// Whether a file of this name is a C or C++ header or source.
[[nodiscard]] bool is_source_name(std::string_view name);

/// Whether it is well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view name);

/// The text between the quotes of a JSON string. Bytes that are not UTF-8 become U+FFFD, one for each.
[[nodiscard]] std::string json_text(std::string_view text);

/// For a terminal: what would move the cursor or is not UTF-8 is written as \xNN, so a file name cannot play tricks.
[[nodiscard]] std::string plain_text(std::string_view text);

}  // namespace census
