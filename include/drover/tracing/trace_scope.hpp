#pragma once

#include <sys/random.h>

#include <chrono>
#include <cstdint>
#include <memory>

#include "drover/base/random.hpp"
#include "drover/tracing/trace_context.hpp"

namespace drover {

class flight_ring;

namespace detail {

/// What tracing knows of the calling thread. Plain data of default visibility, as thread_state.
struct trace_thread {
    const trace_context* current = nullptr;  ///< null: nothing that is sent here has a cause
    flight_ring* ring = nullptr;
    std::uint64_t last_id = 0;
    std::uint32_t next_sampled =
        0;  ///< the first, the second, ... trace that begins here from now on; 0: not drawn yet
};

[[gnu::visibility("default")]] inline constinit thread_local trace_thread this_trace_thread{};

/// Seeded from the system once a thread, so that two threads, or two programs, do not give out the same ids.
[[gnu::noinline]] inline std::uint64_t random_trace_bits() noexcept {
    static thread_local random_source source = [] {
        std::uint64_t seed = 0;
        if (::getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed) {  // soon after the machine has started
            seed = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
                   reinterpret_cast<std::uintptr_t>(&this_trace_thread);
        }
        return random_source(seed);
    }();
    return source.next();
}

/// From a random place on in steps that are coprime to 2^64: no id comes twice in a thread.
inline span_id next_span() noexcept {
    trace_thread& thread = this_trace_thread;
    if (thread.last_id == 0) [[unlikely]] {
        thread.last_id = random_trace_bits();
    }
    thread.last_id += 0x9e37'79b9'7f4a'7c15U;
    return span_id{thread.last_id | static_cast<std::uint64_t>(thread.last_id == 0)};
}

inline trace_id next_trace() noexcept {
    return {random_trace_bits(), random_trace_bits() | 1U};
}

/// The context of all that a sampler has left out here: known by its address, so that nothing else need be looked at.
[[gnu::visibility("default")]] inline constexpr trace_context left_out_context{
    {}, span_id::none, trace_context::left_out_flag};

/// While it stands, what the thread sends is caused by `context`, or by nothing if that is empty.
class acting_for {
public:
    explicit acting_for(const trace_context& context) noexcept : before_(this_trace_thread.current) {
        if (context.flags == trace_context::left_out_flag) [[likely]] {
            this_trace_thread.current = &left_out_context;
        } else if (context.empty()) {
            this_trace_thread.current = nullptr;
        } else {
            this_trace_thread.current = std::construct_at(&context_, context);
        }
    }
    ~acting_for() { this_trace_thread.current = before_; }
    acting_for(const acting_for&) = delete;
    acting_for& operator=(const acting_for&) = delete;

private:
    const trace_context* const before_;
    union {
        trace_context context_;  // not even cleared unless it is wanted
    };
};

inline trace_context made_foreign(trace_context context) noexcept {
    if (!context.empty()) {
        context.flags |= trace_context::foreign_flag;
    }
    return context;
}

}  // namespace detail

/// The trace in which the calling thread works: in a handler that of its message, within a trace_scope that one's.
/// Empty outside, and without ids in what a sampler has left out. Any thread.
inline trace_context current_trace() noexcept {
    const trace_context* const now = detail::this_trace_thread.current;
    if (now == nullptr) {
        return {};
    }
    trace_context kept = *now;
    kept.flags &= trace_context::sampled_flag | trace_context::left_out_flag;
    return kept;
}

/// The edge of a program: while it stands, what this thread sends belongs to a trace that began elsewhere, and is
/// recorded if that is sampled. An empty context is as none. Scopes nest; each ends in the thread that made it.
///
///     const drover::trace_scope scope(*drover::parse_traceparent(header));
///     desk.tell(order);
class [[nodiscard]] trace_scope {
public:
    explicit trace_scope(const trace_context& from) noexcept : acting_(detail::made_foreign(from)) {}

private:
    const detail::acting_for acting_;
};

}  // namespace drover
