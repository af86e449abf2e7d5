#include "names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace census {
namespace {

constexpr std::array<std::string_view, 11> endings{".c",   ".h",   ".cc",  ".cpp", ".cxx", ".hh",
                                                   ".hpp", ".hxx", ".ipp", ".inl", ".tcc"};

unsigned value(char byte) {
    return static_cast<unsigned char>(byte);
}

/// How many bytes the character at the front takes, or 0 if it is not well-formed (table 3-7 of the Unicode standard).
std::size_t character_size(std::string_view text) {
    const unsigned first = value(text[0]);
    if (first < 0x80) {
        return 1;
    }
    const std::size_t size = first >= 0xc2 && first <= 0xdf   ? 2
                             : first >= 0xe0 && first <= 0xef ? 3
                             : first >= 0xf0 && first <= 0xf4 ? 4
                                                              : 0;
    if (size == 0 || text.size() < size) {
        return 0;
    }
    const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (value(text[1]) < low || value(text[1]) > high) {
        return 0;
    }
    for (const char byte : text.substr(2, size - 2)) {
        if (value(byte) < 0x80 || value(byte) > 0xbf) {
            return 0;
        }
    }
    return size;
}

/// Calls `whole(character)` and `broken(byte)` for what it meets.
template <class Whole, class Broken>
void for_each_character(std::string_view text, Whole whole, Broken broken) {
    while (!text.empty()) {
        const std::size_t size = character_size(text);
        if (size == 0) {
            broken(text.front());
        } else {
            whole(text.substr(0, size));
        }
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
}

}  // namespace

bool is_source_name(std::string_view name) {
    return std::any_of(endings.begin(), endings.end(),
                       [name](std::string_view ending) { return name.ends_with(ending); });
}

bool is_utf8(std::string_view name) {
    bool good = true;
    for_each_character(name, [](std::string_view) {}, [&good](char) { good = false; });
    return good;
}

std::string json_text(std::string_view text) {
    std::string result;
    const auto whole = [&result](std::string_view character) {
        const char first = character.front();
        if (first == '"' || first == '\\') {
            result += '\\';
            result += first;
        } else if (value(first) < 0x20 || first == 0x7f) {
            result += fmt::format("\\u{:04x}", value(first));
        } else {
            result += character;
        }
    };
    for_each_character(text, whole, [&result](char) { result += "\\ufffd"; });
    return result;
}

std::string plain_text(std::string_view text) {
    std::string result;
    const auto escape = [&result](char byte) { result += fmt::format("\\x{:02x}", value(byte)); };
    const auto whole = [&](std::string_view character) {
        const bool control = value(character[0]) < 0x20 || character[0] == 0x7f ||
                             (value(character[0]) == 0xc2 && value(character[1]) < 0xa0);
        if (control) {
            std::for_each(character.begin(), character.end(), escape);
        } else {
            result += character;
        }
    };
    for_each_character(text, whole, escape);
    return result;
}

}  // namespace census
