#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "drover/base/clock.hpp"

namespace drover {

/// What a full mailbox does with one message more. Whatever is not handled becomes a dead letter.
enum class overflow : std::uint8_t {
    reject_newest,
    drop_newest,
    drop_oldest,
    block_sender,
    fail_actor,
};

constexpr std::string_view to_string(overflow value) noexcept {
    switch (value) {
        case overflow::reject_newest: return "reject_newest";
        case overflow::drop_newest: return "drop_newest";
        case overflow::drop_oldest: return "drop_oldest";
        case overflow::block_sender: return "block_sender";
        case overflow::fail_actor: return "fail_actor";
    }
    return "unknown";
}

/// The message is refused: `tell` answers `rejected_full`. The default.
struct reject_newest {
    static constexpr overflow kind = overflow::reject_newest;
    static constexpr clock_duration patience{};
};

/// The message is dropped: `tell` answers `dropped`. For streams where a gap is no error.
struct drop_newest {
    static constexpr overflow kind = overflow::drop_newest;
    static constexpr clock_duration patience{};
};

/// The message that has waited longest makes room. `tell` answers `accepted`. Takes a short lock in place of the list's
/// lock-free pop.
struct drop_oldest {
    static constexpr overflow kind = overflow::drop_oldest;
    static constexpr clock_duration patience{};
};

/// The sender waits for room, for at most so many milliseconds on the runtime's clock: then `tell` answers `timed_out`,
/// or `stopped` if the actor or the runtime ended meanwhile. A worker may not wait: there it answers `would_deadlock`
/// at once. Waiting senders are not served in turn.
template <std::int64_t Milliseconds = 1000>
struct block_sender {
    static_assert(Milliseconds > 0, "drover: block_sender waits for a positive number of milliseconds");
    static constexpr overflow kind = overflow::block_sender;
    static constexpr clock_duration patience = std::chrono::milliseconds(Milliseconds);
};

/// The message is refused as by reject_newest, and the actor fails with drover::mailbox_overflow.
struct fail_actor {
    static constexpr overflow kind = overflow::fail_actor;
    static constexpr clock_duration patience{};
};

template <class T>
concept overflow_policy = requires {
    { T::kind } -> std::convertible_to<overflow>;
    { T::patience } -> std::convertible_to<clock_duration>;
};

static_assert(overflow_policy<reject_newest> && overflow_policy<drop_newest> && overflow_policy<drop_oldest> &&
              overflow_policy<block_sender<>> && overflow_policy<fail_actor>);

}  // namespace drover
