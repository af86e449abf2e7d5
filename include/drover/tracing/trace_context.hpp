#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "drover/base/expected.hpp"
#include "drover/base/text.hpp"

namespace drover {

/// 128 bits that all of one trace have in common, in whatever programs it is recorded. 0 is none.
struct trace_id {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend constexpr bool operator==(const trace_id&, const trace_id&) noexcept = default;
};

/// Names one piece of work of a trace: a message and its handling. 0 is none.
enum class span_id : std::uint64_t { none = 0 };

constexpr std::uint64_t to_integer(span_id id) noexcept {
    return static_cast<std::uint64_t>(id);
}

/// Where in which trace something happens: what travels with a message, and what `traceparent` carries between programs
/// (W3C Trace Context, level 1).
struct trace_context {
    static constexpr std::uint8_t sampled_flag = 0x01;
    static constexpr std::uint8_t left_out_flag = 0x80;  ///< drover's own: a sampler has decided against this one
    static constexpr std::uint8_t foreign_flag = 0x40;   ///< drover's own: `span` is not of what is recorded here

    trace_id trace{};
    span_id span = span_id::none;
    std::uint8_t flags = 0;

    /// Has it ids, so that it can be told to others?
    constexpr bool valid() const noexcept { return trace != trace_id{} && span != span_id::none; }
    /// Is it recorded?
    constexpr bool sampled() const noexcept { return (flags & sampled_flag) != 0; }
    /// Is there no trace at all, and no decision against one?
    constexpr bool empty() const noexcept { return span == span_id::none && flags == 0; }

    friend constexpr bool operator==(const trace_context&, const trace_context&) noexcept = default;
};

namespace detail {

// Lower case hexadecimal digits alone.
constexpr bool read_hexadecimal(std::string_view digits, std::uint64_t& value) noexcept {
    value = 0;
    for (const char each : digits) {
        const bool decimal = each >= '0' && each <= '9';
        if (!decimal && (each < 'a' || each > 'f')) {
            return false;
        }
        value = value << 4U | static_cast<std::uint64_t>(decimal ? each - '0' : each - 'a' + 10);
    }
    return true;
}

inline void append_hexadecimal(std::string& text, std::uint64_t value, std::size_t digits) {
    for (std::size_t each = digits; each-- != 0;) {
        text += "0123456789abcdef"[value >> (4 * each) & 0xfU];
    }
}

inline std::string refused_traceparent(std::string_view header, std::string_view why) {
    constexpr std::size_t most_shown = 80;
    std::string shown(header.substr(0, most_shown));
    std::replace_if(shown.begin(), shown.end(), [](char each) { return each < ' ' || each > '~'; }, '?');
    return join_text({"drover: '", shown, header.size() > most_shown ? "…" : "", "' is no traceparent: ", why,
                      "; begin a trace of its own instead"});
}

}  // namespace detail

/// The context that another program's `traceparent` header carries, or a sentence that says what is wrong with it. By
/// the rules of W3C: lower case; no id of zeros; version ff is none; version 00 has 55 characters, and a later one is
/// read as far as 00 goes, if nothing or a '-' follows there. Of the flags the sampled one is kept. Any thread;
/// allocates for an error alone.
inline expected<trace_context, std::string> parse_traceparent(std::string_view header) {
    constexpr std::size_t length = 55;  // 2 digits, 32, 16 and 2, with three '-' between
    const auto refuse = [&](std::string_view why) {
        return unexpected<std::string>(detail::refused_traceparent(header, why));
    };
    if (header.size() < length) {
        return refuse(join_text({"it has ", std::to_string(header.size()), " characters of at least 55"}));
    }
    std::uint64_t edition = 0;
    std::uint64_t flags = 0;
    trace_id trace;
    std::uint64_t span = 0;
    if (header[2] != '-' || header[35] != '-' || header[52] != '-') {
        return refuse("its four parts, of 2, 32, 16 and 2 characters, are not parted by '-'");
    }
    if (!detail::read_hexadecimal(header.substr(0, 2), edition) ||
        !detail::read_hexadecimal(header.substr(3, 16), trace.high) ||
        !detail::read_hexadecimal(header.substr(19, 16), trace.low) ||
        !detail::read_hexadecimal(header.substr(36, 16), span) ||
        !detail::read_hexadecimal(header.substr(53, 2), flags)) {
        return refuse("its parts have other characters than 0 to 9 and a to f");
    }
    if (edition == 0xff) {
        return refuse("there is no version ff");
    }
    if (header.size() > length && (edition == 0 || header[length] != '-')) {
        return refuse(edition == 0 ? "version 00 has 55 characters and no more"
                                   : "what a later version has more does not begin with '-'");
    }
    if (trace == trace_id{} || span == 0) {
        return refuse(span == 0 ? "its parent id is 0" : "its trace id is 0");
    }
    return trace_context{trace, span_id{span}, static_cast<std::uint8_t>(flags & trace_context::sampled_flag)};
}

/// The header for another program that goes on with this trace. Throws std::invalid_argument if it is not valid().
inline std::string to_traceparent(const trace_context& from) {
    if (!from.valid()) {
        throw std::invalid_argument(
            "drover: to_traceparent got a context without ids; ask it whether it is valid(), and send no header if "
            "not");
    }
    std::string text;
    text.reserve(55);
    text += "00-";
    detail::append_hexadecimal(text, from.trace.high, 16);
    detail::append_hexadecimal(text, from.trace.low, 16);
    text += '-';
    detail::append_hexadecimal(text, to_integer(from.span), 16);
    text += from.sampled() ? "-01" : "-00";
    return text;
}

}  // namespace drover
