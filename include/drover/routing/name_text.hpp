#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "drover/base/text.hpp"

namespace drover {

inline constexpr std::size_t longest_name = 255;  ///< bytes

namespace detail {

// The length of the UTF-8 sequence that `text` begins with; 0 if it is none. As in table 3-7 of the Unicode Standard.
inline std::size_t utf8_length(std::string_view text) noexcept {
    const auto byte = [&](std::size_t at) {
        return at < text.size() ? static_cast<unsigned>(static_cast<unsigned char>(text[at])) : 0U;
    };
    const auto follows = [&](std::size_t at, unsigned least = 0x80, unsigned most = 0xbf) {
        return byte(at) >= least && byte(at) <= most;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return follows(1) ? 2 : 0;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return follows(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) && follows(2) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        return follows(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace detail

/// Nothing if `name` can be an address; else one sentence that says why not. O(length).
inline std::optional<std::string> fault_in_name(std::string_view name) {
    const auto quoted = [&] { return join_text({"drover: the address \"", name, "\" "}); };
    if (name.empty()) {
        return "drover: the address is empty; use segments joined by slashes, such as orders/eu/12";
    }
    if (name.size() > longest_name) {
        return join_text({"drover: an address has ", std::to_string(name.size()), " bytes; use at most ",
                          std::to_string(longest_name)});
    }
    bool segment_begins = true;
    for (std::size_t at = 0; at != name.size();) {
        const std::size_t length = detail::utf8_length(name.substr(at));
        const auto here = static_cast<unsigned char>(name[at]);
        const auto place = [&] { return std::to_string(at); };
        if (length == 0) {
            return join_text({"drover: an address of ", std::to_string(name.size()), " bytes is no UTF-8 from byte ",
                              place(), " on; encode names in UTF-8"});
        }
        // U+0080 to U+009F are control characters, too.
        if (here < 0x20 || here == 0x7f || (here == 0xc2 && static_cast<unsigned char>(name[at + 1]) < 0xa0)) {
            return join_text({"drover: an address of ", std::to_string(name.size()),
                              " bytes has a control character at byte ", place(), "; use characters that can be seen"});
        }
        if (here == '/' && (segment_begins || at + 1 == name.size())) {
            return join_text({quoted(), "has an empty segment at byte ", place(),
                              "; put text before, between and after its slashes"});
        }
        if (here == '#' && at == 0) {
            return join_text({quoted(), "begins with #, which is reserved for actors without a name; leave it out"});
        }
        segment_begins = here == '/';
        at += length;
    }
    return std::nullopt;
}

}  // namespace drover
