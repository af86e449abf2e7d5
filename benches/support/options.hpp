// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <regex>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

/// The command line of the programs that Google Benchmark does not read it for.
namespace benches {

/// A word that stands alone sets a flag. After any other comes a value, and the function, which takes it, gives what is
/// wrong with it in a sentence without a full stop, or nothing.
struct option {
    using taking = std::function<std::string(std::string_view value)>;

    std::string_view name;
    std::variant<bool*, taking> what;
};

/// A whole number from `least` to `most`, or nothing.
inline std::optional<std::uint64_t> whole(std::string_view text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
        return std::nullopt;
    return number;
}

inline option::taking text_into(std::string& place) {
    return [&place](std::string_view value) {
        place = value;
        return std::string();
    };
}

/// `noun`: what it is, "number of rounds".
inline option::taking whole_into(std::uint64_t& place, std::string_view noun, std::uint64_t least, std::uint64_t most) {
    return [&place, noun, least, most](std::string_view value) {
        auto const number = whole(value, least, most);
        if (!number) return fmt::format("'{}' is no {}; give a whole number from {} to {}", value, noun, least, most);
        place = *number;
        return std::string();
    };
}

/// ECMAScript's, of which a match anywhere counts.
inline option::taking expression_into(std::regex& place) {
    return [&place](std::string_view value) {
        try {
            place = std::regex(value.begin(), value.end(), std::regex::ECMAScript | std::regex::optimize);
        } catch (std::regex_error const& error) {
            return fmt::format("the filter '{}' is no regular expression: {}", value, error.what());
        }
        return std::string();
    };
}

/// Sets what is asked for. The status with which the program has to end now, if it does: the usage was asked for, or
/// stderr says what was wrong.
inline std::optional<int> read_options(std::string_view program, std::string_view usage, std::span<option const> known,
                                       int count, char** arguments) {
    auto const wrong = [program](std::string const& sentence) {
        fmt::print(stderr, "{}: {}\n", program, sentence);
        return 2;
    };
    for (int at = 1; at < count; ++at) {
        std::string_view const name = arguments[at];
        if (name == "--help" || name == "-h") {
            fmt::print("{}", usage);
            return 0;
        }
        auto const found = std::ranges::find(known, name, &option::name);
        if (found == known.end())
            return wrong(fmt::format("there is no option '{}'; --help lists those there are", name));
        if (auto* const flag = std::get_if<bool*>(&found->what)) {
            **flag = true;
            continue;
        }
        if (at + 1 == count) return wrong(fmt::format("{} wants a value after it; see --help", name));
        std::string const sentence = std::get<option::taking>(found->what)(arguments[++at]);
        if (!sentence.empty()) return wrong(sentence);
    }
    return std::nullopt;
}

}  // namespace benches
