#pragma once

#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

namespace drover {

enum class stop_kind : std::uint8_t {
    stopped,          ///< it stopped itself, or somebody called stop() on its ref
    drained,          ///< stop_when_drained(): everything sent before has been handled
    parent_stopped,   ///< the actor that spawned it stops
    runtime_stopped,  ///< its runtime ends
    failed,           ///< an exception left one of its handlers
    not_restartable,  ///< the same; it was to be restarted, but nobody knows what to build it from
};

constexpr std::string_view to_string(stop_kind value) noexcept {
    switch (value) {
        case stop_kind::stopped: return "stopped";
        case stop_kind::drained: return "drained";
        case stop_kind::parent_stopped: return "parent_stopped";
        case stop_kind::runtime_stopped: return "runtime_stopped";
        case stop_kind::failed: return "failed";
        case stop_kind::not_restartable: return "not_restartable";
    }
    return "unknown";
}

/// Why an actor stops; given to its `stopped(stop_reason)` if it has one.
class stop_reason {
public:
    explicit stop_reason(stop_kind kind) noexcept : kind_(kind) {}
    explicit stop_reason(std::exception_ptr exception) noexcept
        : kind_(stop_kind::failed), exception_(std::move(exception)) {}

    stop_reason(stop_kind kind, std::exception_ptr exception) noexcept
        : kind_(kind), exception_(std::move(exception)) {}

    stop_kind kind() const noexcept { return kind_; }
    /// The exception of a failure; null for every other kind.
    const std::exception_ptr& exception() const noexcept { return exception_; }

private:
    stop_kind kind_;
    std::exception_ptr exception_;
};

}  // namespace drover
