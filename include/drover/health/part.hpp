#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "drover/base/clock.hpp"
#include "drover/health/record.hpp"
#include "drover/health/signals.hpp"
#include "drover/health/standing.hpp"

namespace drover {

/// What a part's watcher is told, and says, if it has nothing to add. Members are known by their index; one that joins
/// may stand before others, which then move up by one, as they move down by one behind a member that leaves.
struct health_watcher {
    void left(std::size_t) noexcept {}
    void restarted(std::size_t, time_point) noexcept {}
    void held(std::size_t) noexcept {}
    void reported(std::size_t, bool, time_point) noexcept {}
    void probed(std::size_t, bool, time_point) noexcept {}
    void recovered(std::size_t, time_point) noexcept {}  ///< it joins late, is restarted, or is healthy again
    void look(time_point) noexcept {}
    health_verdict verdict(std::size_t) const noexcept { return {}; }
    double factor(std::size_t) const noexcept { return 1; }
    bool wants_probe(std::size_t, time_point) noexcept { return false; }  ///< asked once; yes means that it is sent
    time_point next_due() const noexcept { return time_point::max(); }
};

namespace detail {

template <class W>
concept watches_health = requires(W& watcher, const W& settled, std::size_t index, time_point now, bool healthy,
                                  const member_signals& signals) {
    watcher.joined(index, signals, now);  // may throw std::bad_alloc, and then has changed nothing
    { watcher.left(index) } noexcept;
    { watcher.restarted(index, now) } noexcept;
    { watcher.held(index) } noexcept;
    { watcher.reported(index, healthy, now) } noexcept;
    { watcher.probed(index, healthy, now) } noexcept;
    { watcher.recovered(index, now) } noexcept;
    { watcher.look(now) } noexcept;
    { settled.verdict(index) } noexcept -> std::same_as<health_verdict>;
    { settled.factor(index) } noexcept -> std::same_as<double>;
    { watcher.wants_probe(index, now) } noexcept -> std::same_as<bool>;
    { settled.next_due() } noexcept -> std::same_as<time_point>;
};

}  // namespace detail

/// One way to see who is not well; `health` makes a policy of several.
///
/// - `options`, and `check(options)`, which throws std::invalid_argument with one sentence.
/// - `needs`: the signals that its watcher reads.
/// - `plan(options, record_plan&)`: leaves in the plan what records must know.
/// - `watcher(options, seed)`: judges all members of one pool. Its functions are those of health_watcher, and
///   `joined(index, signals, now)`; one thread at a time calls them. `look` judges, and only what it found does
///   `verdict` say. Time is what it is told; everything random comes from the seed.
template <class P>
concept health_part =
    std::default_initializable<typename P::options> && std::copyable<typename P::options> &&
    std::constructible_from<typename P::watcher, const typename P::options&, std::uint64_t> &&
    detail::watches_health<typename P::watcher> && requires(const typename P::options& options, record_plan& plan) {
        { P::needs } -> std::convertible_to<health_signals>;
        check(options);
        P::plan(options, plan);
    };

}  // namespace drover
