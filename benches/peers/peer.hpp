// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "../support/outcome.hpp"

/// What the programs that run.py compares have in common: the command line, and one line of JSON as the result.
namespace benches::peer {

struct entry {
    std::string_view name;
    outcome (*run)(std::uint64_t messages, std::size_t threads);
};

inline int usage(std::string_view side, std::span<entry const> workloads) {
    std::cerr << "usage: " << side << "_peer --workload NAME --messages N [--threads N]\nNAME is one of:";
    for (auto const& known : workloads) std::cerr << ' ' << known.name;
    std::cerr << '\n';
    return 2;
}

/// A whole number of at least 1, or nothing.
inline std::optional<std::uint64_t> positive(char const* text) {
    char* end = nullptr;
    auto const number = std::strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || number == 0) return std::nullopt;
    return number;
}

/// Exit status 0: the answer was right and as many workers as asked for were up. 1: not so, and stderr says what. 2:
/// usage.
inline int run_one(std::string_view side, std::span<entry const> workloads, int argc, char** argv) {
    std::string_view name;
    std::uint64_t messages = 0;
    std::uint64_t threads = 2;
    for (int i = 1; i < argc; i += 2) {
        std::string_view const option = argv[i];
        if (i + 1 == argc) return usage(side, workloads);
        auto const number = positive(argv[i + 1]);
        if (option == "--workload")
            name = argv[i + 1];
        else if (option == "--messages" && number)
            messages = *number;
        else if (option == "--threads" && number)
            threads = *number;
        else
            return usage(side, workloads);
    }
    if (messages == 0) return usage(side, workloads);
    for (auto const& known : workloads) {
        if (known.name != name) continue;
        try {
            outcome result = known.run(messages, threads);
            if (result.wrong.empty()) result.wrong = expect_equal("the number of workers", result.workers, threads);
            if (!result.wrong.empty()) {
                std::cerr << side << ' ' << name << ": " << result.wrong << '\n';
                return 1;
            }
#ifdef __OPTIMIZE__
            constexpr auto optimised = "true";
#else
            constexpr auto optimised = "false";
#endif
            std::cout << R"({"side": ")" << side << R"(", "workload": ")" << name << R"(", "messages": )"
                      << result.messages << R"(, "ns_per_message": )" << result.ns_per_message() << R"(, "workers": )"
                      << result.workers << R"(, "answer": )" << result.answer << R"(, "optimised": )" << optimised
                      << "}\n";
            return 0;
        } catch (std::exception const& error) {
            std::cerr << side << ' ' << name << ": " << error.what() << '\n';
            return 1;
        }
    }
    return usage(side, workloads);
}

}  // namespace benches::peer
