#pragma once

#include <boost/nowide/utf/utf.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The pieces that the lines of an exposition are made of: for those who write one by other means. Any thread.
namespace drover::exposition {

inline void append_number(std::string& text, std::uint64_t value) {
    std::array<char, 24> digits{};
    text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

/// The fewest digits that tell the number from all others, in the form that Go's strconv gives it: with an exponent
/// below 0.0001 and from a million on. OpenMetrics calls that form canonical.
inline void append_number(std::string& text, double value) {
    if (std::isnan(value)) {
        text += "NaN";
        return;
    }
    if (std::isinf(value)) {
        text += value > 0 ? "+Inf" : "-Inf";
        return;
    }
    std::array<char, 32> digits{};
    char* const begin = digits.data();
    char* const limit = begin + digits.size();
    const double size = std::fabs(value);
    const bool plain = size == 0 || (size >= 1e-4 && size < 1e6);
    const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
    text.append(begin, std::to_chars(begin, limit, value, format).ptr);
}

/// Seconds since 1970, to the millisecond.
inline void append_time(std::string& text, std::chrono::system_clock::time_point at) {
    const auto since = std::chrono::floor<std::chrono::milliseconds>(at).time_since_epoch().count();
    const auto size = since < 0 ? -static_cast<std::uint64_t>(since) : static_cast<std::uint64_t>(since);
    text += since < 0 ? "-" : "";
    append_number(text, size / 1000);
    const std::string fraction = std::to_string(1000 + size % 1000);
    text += '.';
    text += std::string_view(fraction).substr(1);
}

/// Calls `take` with each character in turn, as the bytes that it has. Each byte that belongs to no UTF-8 character
/// becomes U+FFFD, since a scraper would refuse the whole page for it. Answers how many characters there are.
template <class Take>
std::size_t each_character(std::string_view text, Take take) {
    namespace utf = boost::nowide::utf;
    constexpr std::string_view replacement = "\xEF\xBF\xBD";
    std::size_t count = 0;
    for (const char* at = text.data(); at != text.data() + text.size(); ++count) {
        const char* after = at;
        const utf::code_point found = utf::utf_traits<char>::decode(after, text.data() + text.size());
        const bool good = found != utf::illegal && found != utf::incomplete;
        take(good ? std::string_view(at, static_cast<std::size_t>(after - at)) : replacement);
        at = good ? after : at + 1;
    }
    return count;
}

/// The text with U+FFFD for each byte that belongs to no UTF-8 character.
inline void append_valid(std::string& text, std::string_view raw) {
    if (std::none_of(raw.begin(), raw.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
        text += raw;  // ASCII, as most are
        return;
    }
    each_character(raw, [&](std::string_view character) { text += character; });
}

enum class quotes : std::uint8_t { escaped, plain };

/// The text with a backslash before each backslash, `\n` for each end of a line, and quotes escaped or not.
inline void append_escaped(std::string& text, std::string_view raw, quotes how) {
    // Most texts are ASCII throughout, and have nothing to escape.
    const auto plain = [how](char c) {
        return static_cast<unsigned char>(c) < 0x80 && c != '\n' && c != '\\' && (c != '"' || how == quotes::plain);
    };
    const auto end_of_plain = std::find_if_not(raw.begin(), raw.end(), plain) - raw.begin();
    text += raw.substr(0, static_cast<std::size_t>(end_of_plain));
    each_character(raw.substr(static_cast<std::size_t>(end_of_plain)), [&](std::string_view character) {
        const char first = character.front();
        if (first == '\n') {
            text += "\\n";
            return;
        }
        if (first == '\\' || (first == '"' && how == quotes::escaped)) {
            text += '\\';
        }
        text += character;
    });
}

inline std::size_t characters_in(std::string_view text) {
    return each_character(text, [](std::string_view) {});
}

}  // namespace drover::exposition
