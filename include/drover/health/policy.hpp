#pragma once

#include <concepts>
#include <cstdint>

#include "drover/base/clock.hpp"
#include "drover/health/monitor.hpp"
#include "drover/health/record.hpp"
#include "drover/health/signals.hpp"
#include "drover/health/standing.hpp"

namespace drover {

/// How a pool knows which of its members are well. A policy needs no actors: it is told what happens, and when.
///
/// - `options`, and `check(options)`, which throws std::invalid_argument with one sentence.
/// - `needs`: what is to be measured. The pool need not call what only serves other signals.
/// - `record(options)`: stands beside one member; health_record says what is called on it, and by whom. Empty for
///   `none`.
/// - `monitor(options, seed)`: belongs to who changes the pool; health_monitor says what it is told. Everything random
///   comes from the seed, and all time from the calls, so a simulation repeats.
template <class H>
concept health_policy = std::default_initializable<typename H::options> &&
                        std::constructible_from<typename H::record, const typename H::options&> &&
                        std::constructible_from<typename H::monitor, const typename H::options&, std::uint64_t> &&
                        requires(const typename H::options& options) {
                            { H::needs } -> std::convertible_to<health_signals>;
                            check(options);
                        } &&
                        requires(typename H::record& record, time_point now) {
                            { record.succeeded() } noexcept -> std::same_as<bool>;
                            { record.failed() } noexcept -> std::same_as<bool>;
                            { record.timed_out() } noexcept -> std::same_as<bool>;
                            { record.answered() } noexcept -> std::same_as<bool>;
                            { record.failed_late() } noexcept;
                            { record.restarted() } noexcept -> std::same_as<bool>;
                            { record.entered() } noexcept;
                            { record.left() } noexcept -> std::same_as<bool>;
                            { record.claim(now) } noexcept -> std::same_as<trial_claim>;
                            { record.give_back(std::uint32_t{}) } noexcept;
                            { record.signals() } noexcept -> std::same_as<member_signals>;
                        } &&
                        requires(typename H::monitor& monitor, const typename H::monitor& settled, std::uint64_t id,
                                 const member_signals& signals, time_point now, bool healthy) {
                            monitor.joined(id, signals, now, joining::later);
                            { monitor.left(id) } noexcept;
                            { monitor.draining(id, now) } noexcept;
                            { monitor.restarted(id, now) } noexcept;
                            { monitor.held(id) } noexcept;
                            { monitor.probe_result(id, healthy, now) } noexcept;
                            { monitor.reported(id, healthy, now) } noexcept;
                            { monitor.sweep(now) } noexcept -> std::same_as<const health_findings&>;
                            { settled.standing_of(id) } noexcept -> std::same_as<const standing*>;
                        };

}  // namespace drover
