#include "options.hpp"

#include "names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace census {
namespace {

constexpr fmt::string_view help =
    R"(Usage: census [option…] [directory…]

Reads every C and C++ header and source below the directories (default: /usr/include) and reports files, lines, bytes,
the share of comments, the most frequent identifiers, the most included headers and the largest files.

  --json        print one JSON object and nothing else
  --top N       length of the lists, 0 to 1000000 (default: 10)
  --threads N   worker threads, 1 to 256 (default: as many as the process may use)
  --balance P   how the parsers share the files (default: two_choices), and print what each of them did; P is one of
{}
  --metrics N   serve metrics for Prometheus on port N of this machine, 1 to 65535, as long as the census runs
  --trace FILE  write who sent what to whom, and when it was handled, of the last part of the run: as a Chrome trace
  --compare     also time the obvious single-threaded loop over the same parser, and print both
  --help        print this
  --            what follows is a directory, even with a dash in front

Counted are regular files ending in .c .h .cc .cpp .cxx .hh .hpp .hxx .ipp .inl .tcc; other names are passed over.
Lines are newline characters, as `wc -l` counts them. Identifiers are what
`LC_ALL=C grep -ohawE '[A-Za-z_][A-Za-z0-9_]*'` prints, in comments and literals too. Comment share is the bytes in
comments, marks included, over all bytes; `//` in a string is no comment.

Skipped, counted by reason, and part of no other figure:
  link          a symbolic link of any name below a directory (a directory argument may be one)
  special       a FIFO, socket or device with the name of a source
  binary        a file with a NUL in its first 8 KiB
  unreadable    a file or directory that cannot be opened or read
  vanished      gone before or while it was read
  changed       its size or modification time changed while it was read
  name          a source or directory whose name is not UTF-8; such a directory is not entered

A directory inside another one that is given too is read once. A file is no argument: give its directory.
Progress is drawn on standard error when that is a terminal. An interrupt prints what was counted so far; a second one
ends at once. Exit status: 0, 2 for a mistake in the arguments or a failure, 130 after an interrupt.
)";

class usage_error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::size_t number(std::string_view option, std::string_view text, std::size_t least, std::size_t most) {
    std::size_t result = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (error != std::errc{} || end != text.data() + text.size() || result < least || result > most) {
        throw usage_error(
            fmt::format("{} takes a whole number from {} to {}, but got '{}'", option, least, most, plain_text(text)));
    }
    return result;
}

std::string policy(std::string_view name, const std::vector<std::string_view>& balances) {
    if (std::find(balances.begin(), balances.end(), name) == balances.end()) {
        throw usage_error(fmt::format("there is no policy '{}' for --balance; there are {}", plain_text(name),
                                      fmt::join(balances, ", ")));
    }
    return std::string(name);
}

/// Lines of the help below an option, four names each.
std::string indented(const std::vector<std::string_view>& names) {
    std::string lines;
    for (std::size_t at = 0; at != names.size(); ++at) {
        lines += at == 0 ? "                " : at % 4 == 0 ? ",\n                " : ", ";
        lines += names[at];
    }
    return lines;
}

std::filesystem::path resolved(const std::string& directory) {
    std::error_code error;
    const std::filesystem::path result = std::filesystem::canonical(directory, error);
    const std::string name = plain_text(directory);
    if (error == std::errc::no_such_file_or_directory || directory.empty()) {
        throw usage_error(fmt::format("there is no directory '{}'; check the name", name));
    }
    if (!error && !std::filesystem::is_directory(result, error) && !error) {
        throw usage_error(fmt::format("'{}' is not a directory; give the directory that holds it", name));
    }
    if (!error) {
        std::filesystem::directory_iterator(result, error);  // opens it
    }
    if (error) {
        throw usage_error(fmt::format("directory '{}' cannot be read: {}; check its permissions", name,
                                      std::strerror(error.value())));
    }
    return result;
}

/// Whether walking `outer` comes to `inner`: it lies below, and no directory on the way is skipped for its name.
bool reaches(const std::filesystem::path& outer, const std::filesystem::path& inner) {
    const auto [left, right] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
    return left == outer.end() &&
           std::all_of(right, inner.end(), [](const std::filesystem::path& part) { return is_utf8(part.native()); });
}

std::vector<std::string> without_overlap(std::vector<std::string> directories) {
    std::vector<std::filesystem::path> places;
    for (const std::string& directory : directories) {
        places.push_back(resolved(directory));
    }
    std::vector<std::string> result;
    for (std::size_t one = 0; one != places.size(); ++one) {
        bool covered = false;
        for (std::size_t other = 0; other != places.size(); ++other) {
            const bool twins = places[one] == places[other];  // the first of them stays
            covered = covered || (twins ? other < one : reaches(places[other], places[one]));
        }
        if (!covered) {
            result.push_back(std::move(directories[one]));
        }
    }
    return result;
}

}  // namespace

std::variant<options, message> read_options(const std::vector<std::string_view>& arguments,
                                            const std::vector<std::string_view>& balances) {
    options result;
    bool only_directories = false;
    try {
        for (std::size_t at = 0; at != arguments.size(); ++at) {
            const std::string_view argument = arguments[at];
            const std::string_view name = argument.substr(0, argument.find('='));
            const auto value = [&]() -> std::string_view {
                if (name.size() != argument.size()) {
                    return argument.substr(name.size() + 1);
                }
                if (at + 1 == arguments.size()) {
                    throw usage_error(name == "--balance"
                                          ? fmt::format("--balance takes a name: {}", fmt::join(balances, ", "))
                                      : name == "--trace"
                                          ? std::string("--trace takes the name of a file, as in '--trace census.json'")
                                          : fmt::format("{} takes a number, as in '{} 5'", name, name));
                }
                return arguments[++at];
            };
            if (only_directories || argument.size() < 2 || argument.front() != '-') {
                result.directories.emplace_back(argument);
            } else if (argument == "--") {
                only_directories = true;
            } else if (argument == "--help" || argument == "-h") {
                return message{fmt::format(help, indented(balances))};
            } else if (argument == "--json") {
                result.json = true;
            } else if (argument == "--compare") {
                result.compare = true;
            } else if (name == "--balance") {
                result.balance = policy(value(), balances);
                result.shares = true;
            } else if (name == "--top") {
                result.top = number(name, value(), 0, 1'000'000);
            } else if (name == "--metrics") {
                result.metrics = static_cast<std::uint16_t>(number(name, value(), 1, 65'535));
            } else if (name == "--trace") {
                result.trace = value();
                if (result.trace.empty()) {
                    throw usage_error("--trace takes the name of a file, but got ''");
                }
            } else if (name == "--threads") {
                result.threads = number(name, value(), 1, 256);
            } else {
                throw usage_error(
                    fmt::format("there is no option '{}'; census --help lists them", plain_text(argument)));
            }
        }
        if (result.directories.empty()) {
            result.directories.emplace_back("/usr/include");
        }
        result.directories = without_overlap(std::move(result.directories));
    } catch (const usage_error& error) {
        return message{fmt::format("census: {}.\n", error.what()), true};
    }
    return result;
}

}  // namespace census
