#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <type_traits>

#include "drover/balancing/build_error.hpp"
#include "drover/balancing/idle_mask.hpp"
#include "drover/balancing/member.hpp"
#include "drover/base/clock.hpp"
#include "drover/base/expected.hpp"

namespace drover {

/// What a policy wants to be measured or to be told. What no policy of a pool needs is not kept.
enum class signals : std::uint8_t {
    none = 0,
    depth = 1,    ///< the members' `member_load`s
    latency = 2,  ///< the members' `member_latency`s: how long messages took
    key = 4,      ///< the message's `pick_key`
    idle = 8,     ///< the members' slots, and who of them is idle (idle_mask.hpp)
};

constexpr signals operator|(signals one, signals other) noexcept {
    return static_cast<signals>(static_cast<unsigned>(one) | static_cast<unsigned>(other));
}

/// Whether all of `wanted` are in `all`.
constexpr bool includes(signals all, signals wanted) noexcept {
    return (static_cast<unsigned>(all) & static_cast<unsigned>(wanted)) == static_cast<unsigned>(wanted);
}

/// Options of a policy that has none.
struct no_options {};

/// Who of a pool's members gets a message. A policy needs no actors: it knows members by their `member_info`.
///
/// - `options`: what its user may choose.
/// - `state(options, seed)`: lives with the pool and goes on when members change (tickets); shared by all threads.
///   Throws std::invalid_argument, with a sentence, for options that make no sense.
/// - `local(seed)`: a thread's own. Everything random comes from the two seeds, so a simulation repeats.
/// - `table`: immutable; a new one is built when members or weights change, and the old one is freed when no pick reads
///   it.
/// - `build(members, state)`: a table, or what is wrong. One thread at a time, beside picks. Allocates, and throws
///   nothing but std::bad_alloc. No members, or all of weight 0, is no error.
/// - `pick(table, state, local, key)`: an index into those members, never one of weight 0 (but that `sticky` leaves it
///   the keys it has); `no_member` if there is no other. Any number of threads at once, each with its own local. Does
///   not block, allocate or throw.
/// - `needs`: a policy that does not name `key` ignores it. One that names `latency` says by `latency(options)` how it
///   is averaged (measures_latency); one that names `idle` has a `state::idle` and a `local::claimed` (claims_idle).
template <class P>
concept balancing_policy = std::default_initializable<typename P::options> && std::movable<typename P::table> &&
                           std::constructible_from<typename P::state, const typename P::options&, std::uint64_t> &&
                           std::is_nothrow_constructible_v<typename P::local, std::uint64_t> &&
                           requires(const typename P::table& table, typename P::state& state, typename P::local& local,
                                    std::span<const member_info> members, pick_key key) {
                               { P::build(members, state) } -> std::same_as<expected<typename P::table, build_error>>;
                               { P::pick(table, state, local, key) } noexcept -> std::same_as<member_index>;
                               { P::needs } -> std::convertible_to<signals>;
                           };

/// Whether a pick has counted its message on the member's load already, as it must where it promises a cap. Whoever
/// sends by such a policy does not count again.
template <class P>
inline constexpr bool counts_picks = requires { requires P::counts_picks; };

/// A policy that compares latencies: each member's `member_latency` is made with what `latency` answers.
template <class P>
concept measures_latency = includes(P::needs, signals::latency) && requires(const typename P::options& options) {
    { P::latency(options) } -> std::same_as<latency_options>;
};

/// A policy that picks idle members: they announce themselves in the state's `idle`. After a pick its local's `claimed`
/// is the slot of which it took the mark, or `no_slot`; who sends by it restores the mark if the message is refused.
template <class P>
concept claims_idle =
    includes(P::needs, signals::idle) && requires(typename P::state& state, typename P::local& local) {
        { state.idle } -> std::same_as<idle_mask&>;
        { local.claimed } -> std::same_as<std::uint32_t&>;
    };

/// A policy whose state must be told the time, by `state.advance(now)`: now and then, by one thread at a time, beside
/// picks and builds.
template <class P>
concept keeps_time = requires(typename P::state& state, time_point now) {
    { state.advance(now) } noexcept;
};

/// Whether a policy binds keys to members by itself, as `sticky` does.
template <class P>
inline constexpr bool binds_keys = requires { requires P::binds_keys; };

/// A policy that has been given a projection for its keys (pool/keyed_by.hpp), which only the outermost one may have.
template <class P>
concept has_projection = requires { P::projection; };

/// State, or a thread's part, of a policy that keeps none.
struct keeps_nothing {
    constexpr explicit keeps_nothing(std::uint64_t) noexcept {}
    constexpr keeps_nothing(const no_options&, std::uint64_t) noexcept {}
};

}  // namespace drover
