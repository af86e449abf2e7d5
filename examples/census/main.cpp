// census: counts the C and C++ sources below directories. `census --help` says what counts.
#include "crew.hpp"
#include "interrupt.hpp"
#include "loop.hpp"
#include "options.hpp"
#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace {

constexpr int failed = 2;
constexpr int interrupted = 130;

census::report count(const census::options& wanted, census::interrupts& signals) {
    return {.directories = wanted.directories,
            .found = census::run_crew(wanted, signals),
            .balance = wanted.balance,
            .tell_shares = wanted.shares};
}

/// Both twice and in turn: whoever comes first reads from the disk what all others find in memory.
census::report compare(const census::options& wanted, census::interrupts& signals) {
    census::report result = count(wanted, signals);
    census::comparison best{result.found.seconds, 0, true};
    for (int round = 0; round != 2 && !signals.seen(); ++round) {
        const census::findings loop = census::run_loop(wanted, signals);
        best.loop_seconds = round == 0 ? loop.seconds : std::min(best.loop_seconds, loop.seconds);
        best.same_counts = best.same_counts && loop.same_counts(result.found);
        if (round == 0 && !signals.seen()) {
            census::findings again = census::run_crew(wanted, signals);
            best.actor_seconds = std::min(best.actor_seconds, again.seconds);
            best.same_counts = best.same_counts && again.same_counts(result.found);
        }
    }
    if (signals.seen()) {
        result.found.interrupted = true;
    } else {
        result.compared = best;
    }
    return result;
}

void print(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
        throw std::runtime_error(fmt::format("the report cannot be written: {}", std::strerror(errno)));
    }
}

int run(const std::vector<std::string_view>& arguments) {
    const auto read = census::read_options(arguments, census::balance_names());
    if (const auto* said = std::get_if<census::message>(&read)) {
        if (said->complaint) {
            fmt::print(stderr, "{}", said->text);
            return failed;
        }
        print(said->text);
        return 0;
    }
    const auto& wanted = std::get<census::options>(read);
    census::interrupts signals;
    const census::report result = wanted.compare ? compare(wanted, signals) : count(wanted, signals);
    print(wanted.json ? as_json(result) : as_text(result));
    return result.found.interrupted ? interrupted : 0;
}

}  // namespace

int main(int count, char** values) {
    try {
        return run({values + 1, values + count});
    } catch (const std::system_error& error) {
        fmt::print(stderr, "census: the system refused a thread or a descriptor ({}); try fewer --threads.\n",
                   error.code().message());
    } catch (const std::bad_alloc&) {
        fmt::print(stderr, "census: memory ran out; try fewer --threads or a smaller --top.\n");
    } catch (const std::exception& error) {
        fmt::print(stderr, "census: {}.\n", error.what());
    }
    return failed;
}
