#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/base/text.hpp"
#include "drover/message/dead_letter.hpp"
#include "drover/message/stuck_handler.hpp"
#include "drover/runtime/straggler.hpp"

namespace drover {

/// What an exception says of itself; never throws but std::bad_alloc.
inline std::string describe(const std::exception_ptr& exception) {
    if (exception == nullptr) {
        return "no exception";
    }
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

/// The default dead-letter sink: at most one line a second on standard error, with the number that was not shown.
/// Called by one thread at a time.
class dead_letter_printer {
public:
    explicit dead_letter_printer(const clock_source& clock, std::FILE* to = stderr) : clock_(clock), to_(to) {}

    void operator()(const dead_letter& letter) {
        const time_point now = clock_.now();
        if (printed_ && now - last_ < std::chrono::seconds(1)) {
            suppressed_ += 1;
            return;
        }
        printed_ = true;
        last_ = now;
        std::string line = "drover: dead letter (";
        line.append(to_string(letter.reason)).append("): ").append(letter.message).append(" to ").append(letter.actor);
        line.append(" #").append(std::to_string(to_integer(letter.id)));
        if (suppressed_ != 0) {
            line += join_text({", and ", std::to_string(suppressed_), " more since the last line"});
            suppressed_ = 0;
        }
        std::fprintf(to_, "%s\n", line.c_str());
    }

private:
    const clock_source& clock_;
    std::FILE* to_;
    time_point last_{};
    bool printed_ = false;
    std::uint64_t suppressed_ = 0;
};

/// "reader #3 has not stopped in time and waits for a free worker; its parent goes on without it".
inline std::string to_line(const straggler& late) {
    return join_text({late.name, " #", std::to_string(to_integer(late.id)), " has not stopped in time and waits for ",
                      late.waiting_for, "; its parent goes on without it"});
}

/// "runtime prices ends while actors have not stopped:", and a line for each.
inline std::string to_text(std::string_view runtime, const std::vector<straggler>& late) {
    std::string text = join_text({"runtime ", runtime, " ends while actors have not stopped:"});
    for (const straggler& each : late) {
        text += join_text({"\n  ", each.name, " (", std::to_string(each.count), "), waiting for ", each.waiting_for});
    }
    return text;
}

/// The default sink of stragglers: a line on standard error.
inline void print_straggler(const straggler& late) {
    std::fprintf(stderr, "drover: %s\n", to_line(late).c_str());
}

/// "worker #3 failed in job: it broke".
inline std::string to_line(const failure& what) {
    return join_text({what.actor, " #", std::to_string(to_integer(what.id)), " failed in ", what.message, ": ",
                      describe(what.exception)});
}

/// "worker #3 has been in its handler of job for 1200 ms".
inline std::string to_line(const stuck_handler& what) {
    const bool code = what.message == "its own code";
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(what.duration).count();
    return join_text({what.actor, " #", std::to_string(to_integer(what.id)),
                      what.returned ? " has come back from " : " has been in ", code ? "" : "its handler of ",
                      what.message, what.returned ? " after " : " for ", std::to_string(time), " ms"});
}

/// The default sink of the watchdog: a line on standard error.
inline void print_stuck_handler(const stuck_handler& what) {
    std::fprintf(stderr, "drover: %s\n", to_line(what).c_str());
}

/// The default failure sink: a line on standard error.
inline void print_failure(const failure& what) {
    std::fprintf(stderr, "drover: %s\n", to_line(what).c_str());
}

}  // namespace drover
