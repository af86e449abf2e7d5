#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "drover/base/clock.hpp"

namespace drover {

/// `using batches = drover::of<M>;` in an actor: messages of type `M` that wait one after the other come together, as a
/// `std::span<M>`, to a handler over that. Asks never do; they want a handler of their own. Several types may stand
/// there; a batch holds one of them.
template <class... Messages>
struct of {
    template <class M>
    static constexpr bool holds = (std::is_same_v<M, Messages> || ...);
};

/// How many messages one call of a batch handler gets, and until when. `most` is the largest batch; an actor with a
/// `patience` waits that long for `enough` messages before it runs.
template <class P>
concept batching_policy = requires {
    { P::most } -> std::convertible_to<std::size_t>;
    { P::enough } -> std::convertible_to<std::size_t>;
    { P::patience } -> std::convertible_to<clock_duration>;
};

/// Spans of one message: for measuring what batches gain.
struct one_at_a_time {
    static constexpr std::size_t most = 1;
    static constexpr std::size_t enough = 1;
    static constexpr clock_duration patience{};
};

/// What waits, but `N` messages at most; never waits for more. The default, with 128.
template <std::size_t N>
struct up_to {
    static_assert(N >= 1 && N <= 65536, "drover: a batch holds 1 to 65536 messages");
    static constexpr std::size_t most = N;
    static constexpr std::size_t enough = 1;
    static constexpr clock_duration patience{};
};

/// Lets messages of all types wait in the mailbox until there are `N`, or the first has waited for so many microseconds
/// on the runtime's clock; then hands over what waits, `N` at a time, and what comes meanwhile. A stop, or the end of
/// the runtime, ends the wait. Each send pays the reservation of a bounded mailbox, because it must know how many wait.
template <std::size_t N, std::int64_t Microseconds>
struct linger {
    static_assert(N >= 2 && N <= 65536, "drover: a lingering actor waits for 2 to 65536 messages");
    static_assert(Microseconds > 0, "drover: a lingering actor waits for a positive number of microseconds");
    static constexpr std::size_t most = N;
    static constexpr std::size_t enough = N;
    static constexpr clock_duration patience = std::chrono::microseconds(Microseconds);
};

static_assert(batching_policy<one_at_a_time> && batching_policy<up_to<8>> && batching_policy<linger<8, 100>>);

/// `using outbox = drover::outbox<N>;` in an actor: what its handlers tell in one run goes out in chains, one push for
/// each receiver, when `N` messages for it have come together or the run is over. 0: no outbox, whatever the runtime's
/// option.
template <std::size_t N>
struct outbox {
    static_assert(N != 1 && N <= 65536, "drover: an outbox gathers 2 to 65536 messages a receiver, or 0 for none");
    static constexpr std::size_t size = N;
};

}  // namespace drover
