#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <sched.h>

#include "drover/base/clock.hpp"
#include "drover/base/text.hpp"
#include "drover/message/dead_letter.hpp"
#include "drover/message/stuck_handler.hpp"
#include "drover/runtime/straggler.hpp"

namespace drover {

/// What the end of a runtime does when a handler has not returned by `stop_deadline`.
enum class stuck_policy : std::uint8_t {
    abort,  ///< says which actors, and aborts the process
    leak,   ///< says which actors, and leaves the threads and their memory behind
};

/// What a drain does with messages that wait for their time, by `tell_after` or `tell_at`.
enum class timed_sends : std::uint8_t {
    vanish,  ///< they are not sent any more
    finish,  ///< they are sent when their time comes, and waited for
};

/// What a runtime does when an actor without a parent escalates its failure. That actor stops in any case.
enum class at_root : std::uint8_t {
    stop_actor,  ///< no more than that
    stop_all,    ///< the gate closes for good and every actor is asked to stop, as by runtime::stop()
};

/// Whose handlers the watchdog looks at.
enum class stuck_scope : std::uint8_t {
    workers,      ///< those that keep a worker from others
    all_threads,  ///< also those of actors with own threads, which may block
};

/// The choices of one runtime. All have defaults; use designated initialisers: `drover::runtime rt({.threads = 2});`
struct runtime_options {
    std::size_t threads = 0;    ///< workers, 1 … 1024; 0: what affinity and control groups allow
    std::size_t quantum = 128;  ///< messages an actor handles before others get their turn, 1 … 1 000 000
    clock_duration quantum_time =
        std::chrono::microseconds(500);  ///< and for how long, looked at every 16 messages; > 0
    /// Messages a receiver that actors without an own choice gather in a run before they push them, 2 … 65536; 0: none.
    std::size_t outbox = 0;
    std::string name = "drover";  ///< threads are called name/0, name/1, …; the system shows 15 characters
    std::vector<int> affinity{};  ///< processors the workers are pinned to, in turn; empty: none
    /// Hears of every message that was not handled. Called in whichever thread finds out, one call at a time; it may
    /// send, but dead letters of its own sends are only counted. Should not block. Default: a line a second on standard
    /// error.
    std::function<void(const dead_letter&)> on_dead_letter{};
    /// Hears of every exception that left an actor's code, once. As above. Default: a line on standard error.
    std::function<void(const failure&)> on_failure{};
    /// Hears of every child that has not stopped within its spawn_options::stop_within, as its parent goes on without
    /// it; `count` is 0 unless a handler of it runs. As above. Default: a line on standard error.
    std::function<void(const straggler&)> on_straggler{};
    at_root on_escalation = at_root::stop_actor;
    /// Decides instead, in the thread of the worker that stops the actor, under the lock of the sinks; it must not
    /// throw.
    std::function<at_root(const failure&)> decide_escalation{};
    clock_source* clock = nullptr;                            ///< outlives the runtime; null: the steady clock
    clock_duration stop_deadline = std::chrono::seconds(10);  ///< how long the destructor waits for handlers; >= 0
    stuck_policy on_stuck = stuck_policy::abort;
    /// How long an actor's code may run before the watchdog tells, 1 ms or more; 0: there is none, and it costs
    /// nothing. It looks four times in this, on the runtime's clock, also while nothing is to do; so it tells at most
    /// half of this late.
    clock_duration stuck_after = clock_duration::zero();
    stuck_scope stuck_in = stuck_scope::workers;
    /// Hears once of each handler that runs beyond the limit, and once more when it has come back. Called by the thread
    /// that turns the clock, one call at a time, beside the other sinks; timers wait for it, so it must not block, nor
    /// end the runtime. Default: a line on standard error.
    std::function<void(const stuck_handler&)> on_stuck_handler{};
};

/// Throws std::invalid_argument with one sentence if an option is out of its range.
inline void check(const runtime_options& options) {
    const auto refuse = [](std::string_view name, const std::string& value, std::string_view remedy) {
        throw std::invalid_argument(join_text({"drover: runtime_options::", name, value, remedy}));
    };
    if (options.threads > 1024) {
        refuse("threads is ", std::to_string(options.threads),
               "; use 1 to 1024, or 0 for as many as this process may use");
    }
    if (options.quantum == 0 || options.quantum > 1'000'000) {
        refuse("quantum is ", std::to_string(options.quantum), "; use 1 to 1000000 messages");
    }
    if (options.outbox == 1 || options.outbox > 65536) {
        refuse("outbox is ", std::to_string(options.outbox), "; use 2 to 65536 messages, or 0 for no outbox");
    }
    if (options.quantum_time.count() <= 0) {
        refuse("quantum_time is ", std::to_string(options.quantum_time.count()), " ns; use more than 0");
    }
    if (options.stop_deadline.count() < 0) {
        refuse("stop_deadline is ", std::to_string(options.stop_deadline.count()), " ns; use 0 or more");
    }
    if (options.stuck_after.count() != 0 && options.stuck_after < std::chrono::milliseconds(1)) {
        refuse("stuck_after is ", std::to_string(options.stuck_after.count()),
               " ns; use 1 ms or more, or 0 for no watchdog");
    }
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    ::sched_getaffinity(0, sizeof allowed, &allowed);
    for (const int each : options.affinity) {
        if (each < 0 || each >= CPU_SETSIZE || !CPU_ISSET(static_cast<std::size_t>(each), &allowed)) {
            refuse("affinity names processor ", std::to_string(each),
                   ", which this process may not use; name processors of its affinity mask (taskset -p shows it)");
        }
    }
}

}  // namespace drover
