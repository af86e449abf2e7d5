#pragma once

#include <concepts>
#include <cstdint>

#include "drover/tracing/trace_scope.hpp"

namespace drover {

/// Decides whether a trace that begins here is recorded. Asked once for each, in the thread that sends its first
/// message; whatever follows from that message has the decision in its context, and tests it before any other work.
/// `sample()` is noexcept, quick, and safe to call from any thread.
template <class S>
concept trace_sampler = requires {
    { S::sample() } noexcept -> std::same_as<bool>;
};

/// Records every trace.
struct sample_all {
    static constexpr bool sample() noexcept { return true; }
};

/// Records what others have begun and sampled, and begins nothing: for a service behind a gate that decides.
struct sample_parents {
    static constexpr bool sample() noexcept { return false; }
};

/// Records one trace in `N` on average. How many are left out between two is drawn anew each time, from 0 to 2(N - 1),
/// so that no rhythm of the program's meets it.
template <std::uint32_t N>
struct sample_one_in {
    static_assert(N >= 1 && N <= 1'000'000'000, "drover: sample_one_in takes 1 to 1 000 000 000");

    static bool sample() noexcept {
        std::uint32_t& next = detail::this_trace_thread.next_sampled;
        if (next > 1) [[likely]] {
            next -= 1;
            return false;
        }
        const bool drawn = next == 1;  // else the thread has none yet
        next = 1 + random_source(detail::random_trace_bits()).below(2 * N - 1);
        return drawn || sample();
    }
};

static_assert(trace_sampler<sample_all>);
static_assert(trace_sampler<sample_parents>);
static_assert(trace_sampler<sample_one_in<100>>);

}  // namespace drover
