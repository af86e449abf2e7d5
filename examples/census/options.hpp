// What was asked for on the command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace census {

struct options {
    std::vector<std::string> directories;  // none inside another
    std::size_t top = 10;
    std::size_t threads = 0;              // 0: as many as the process may use
    std::string balance = "two_choices";  // how the parsers share the files
    bool shares = false;                  // tell what each of them did
    bool json = false;
    bool compare = false;
    std::optional<std::uint16_t> metrics{};  // the port to serve them on
    std::string trace;                       // the file to write it to; empty: none
};

/// The whole of what is to be said instead of a run.
struct message {
    std::string text;
    bool complaint = false;
};

/// Reads the arguments behind the program's name; `balances` are the names that --balance takes. A complaint is one
/// sentence.
[[nodiscard]] std::variant<options, message> read_options(const std::vector<std::string_view>& arguments,
                                                          const std::vector<std::string_view>& balances);

}  // namespace census
