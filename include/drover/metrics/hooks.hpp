#pragma once

#include <cstddef>
#include <cstdint>

#include "drover/base/ids.hpp"

namespace drover {

/// The points at which the runtime calls a metrics policy. A policy is a type with these static functions, each `noexcept`
/// and quick: they run on the message path. Own policies derive from this one and hide the functions they want; what they
/// do not hide costs nothing. Hooks take plain numbers; workers count from 0.
struct no_metrics {
    static constexpr void on_spawn(actor_id) noexcept {}
    static constexpr void on_start(actor_id) noexcept {}
    static constexpr void on_stop(actor_id) noexcept {}
    static constexpr void on_failure(actor_id) noexcept {}
    static constexpr void on_enqueue(std::size_t /*messages*/) noexcept {}
    static constexpr void on_handled() noexcept {}
    static constexpr void on_dead_letter(std::size_t /*reason*/) noexcept {}
    static constexpr void on_ask_sent() noexcept {}
    static constexpr void on_ask_answered() noexcept {}
    static constexpr void on_ask_timed_out() noexcept {}
    static constexpr void on_steal(std::size_t /*thief*/, std::size_t /*taken*/) noexcept {}
    static constexpr void on_park(std::size_t /*worker*/) noexcept {}
    static constexpr void on_wake(std::size_t /*worker*/) noexcept {}
};

/// Checks the calls the runtime makes, so that an own policy that lacks one is refused at the features bundle and not deep
/// inside the runtime.
template <class M>
concept metrics_policy = requires(actor_id id, std::size_t n) {
    M::on_spawn(id);
    M::on_start(id);
    M::on_stop(id);
    M::on_failure(id);
    M::on_enqueue(n);
    M::on_handled();
    M::on_dead_letter(n);
    M::on_ask_sent();
    M::on_ask_answered();
    M::on_ask_timed_out();
    M::on_steal(n, n);
    M::on_park(n);
    M::on_wake(n);
};

static_assert(metrics_policy<no_metrics>);

}  // namespace drover
