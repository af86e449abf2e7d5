#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/base/ids.hpp"
#include "drover/base/text.hpp"
#include "drover/mailbox/admission.hpp"

namespace drover {

struct dump_options {
    std::size_t deepest = 10;  ///< mailboxes that are shown one by one
    std::size_t slowest = 10;  ///< types of actors whose handlers are shown; only latency_metrics knows of them
    std::size_t most_counted =
        100'000;  ///< of one mailbox without a limit; beyond, its depth is "so many or more"; > 0
};

/// Throws std::invalid_argument for a value out of range.
inline void check(const dump_options& chosen) {
    if (chosen.most_counted == 0 || chosen.most_counted > mailbox_limits::no_limit) {
        throw std::invalid_argument(
            join_text({"drover: dump_options::most_counted is ", std::to_string(chosen.most_counted), "; use 1 to ",
                       std::to_string(mailbox_limits::no_limit)}));
    }
}

/// How many messages wait. A mailbox with a limit knows it, with the places of sends that are just being made; one
/// without is counted, up to the first message whose sender is between the two steps of its push.
struct mailbox_depth {
    std::size_t messages = 0;
    bool or_more = false;  ///< dump_options::most_counted was reached
};

/// What a thread of the runtime does.
enum class thread_activity : std::uint8_t {
    runs,      ///< an actor's code
    searches,  ///< it has nothing to run and looks for something, or has just been woken to
    sleeps,    ///< it is parked until there is something to run
};

constexpr std::string_view to_string(thread_activity value) noexcept {
    switch (value) {
        case thread_activity::runs: return "runs";
        case thread_activity::searches: return "searches";
        case thread_activity::sleeps: return "sleeps";
    }
    return "unknown";
}

/// What a runtime does at one moment. Names of types are of static storage.
struct runtime_dump {
    struct type_row {
        std::string_view type{};
        std::size_t actors = 0;
        mailbox_depth waiting{};  ///< of all of them together
    };

    struct mailbox_row {
        std::string name{};
        actor_id id = actor_id::none;
        std::string_view type{};
        mailbox_depth waiting{};
        std::string waits_for{};  ///< why it is not handled yet, as a straggler's
    };

    struct thread_row {
        std::size_t index = 0;  ///< of the worker; own threads have numbers above those
        bool own_thread = false;
        thread_activity does = thread_activity::sleeps;
        std::string actor{};  ///< whose code it runs, or whose own thread it is; else empty
        actor_id id = actor_id::none;
        std::string_view type{};
        std::string_view code{};  ///< the type of the message whose handler it is in, "started", or "its own code"
        bool handler = false;     ///< `code` is a message
        /// How long it has been in that at least, on the runtime's clock: since the last dump or the watchdog saw it
        /// there. Zero if this dump is the first that did.
        clock_duration at_least{};
        std::size_t ready = 0;  ///< actors that wait in its own queue
    };

    /// How long the handlers of one type take, as latency_metrics has it: since the runtime began, of the calls that it
    /// times.
    struct latency_row {
        std::string type{};
        std::uint64_t timed = 0;  ///< calls
        clock_duration p50{};     ///< each as histogram::percentile gives it: max() if it is above what is measured
        clock_duration p99{};
        clock_duration longest{};
    };

    std::string runtime{};
    time_point taken{};     ///< on the runtime's clock
    clock_duration held{};  ///< real time for which a worker may have had to wait at the edge of the runtime
    std::size_t actors = 0;
    mailbox_depth waiting{};             ///< in all mailboxes together
    std::vector<type_row> types{};       ///< those with the most messages first, then those with the most actors
    std::vector<mailbox_row> deepest{};  ///< the deepest first; only those in which something waits
    std::vector<thread_row> threads{};   ///< workers in their order, then own threads; none in a simulation
    std::vector<latency_row>
        slowest{};  ///< the one with the highest 99th percentile first; none without latency_metrics
};

}  // namespace drover
