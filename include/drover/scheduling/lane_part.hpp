#pragma once

#include <memory>
#include <type_traits>

#include "drover/base/clock.hpp"

namespace drover {

/// How a lane gets what a metrics policy keeps for each thread, whose type lanes do not know.
struct lane_part_functions {
    void* (*make)(const clock_source& clock);  ///< throws std::bad_alloc
    void (*absorb)(void* part, const void* gone) noexcept;
    void (*free)(void* part) noexcept;
};

/// The part itself; null if the policy keeps nothing.
class lane_part {
public:
    lane_part() noexcept = default;
    lane_part(const lane_part&) = delete;
    lane_part& operator=(const lane_part&) = delete;
    ~lane_part() {
        if (functions_ != nullptr) {
            functions_->free(held_);
        }
    }

    /// Once, before anybody else knows the lane. Null functions: nothing is kept. Throws std::bad_alloc.
    void make(const lane_part_functions* functions, const clock_source& clock) {
        if (functions != nullptr) {
            held_ = functions->make(clock);
            functions_ = functions;
        }
    }

    void absorb(const lane_part& gone) noexcept {
        if (functions_ != nullptr && gone.functions_ != nullptr) {
            functions_->absorb(held_, gone.held_);
        }
    }

    /// As a policy that has made it knows it. Empty ones are one object, which nothing is read from or written to.
    template <class Part>
    Part& as() const noexcept {
        if constexpr (std::is_empty_v<Part>) {
            static constinit Part nothing;
            return nothing;
        } else {
            return *static_cast<Part*>(held_);
        }
    }

private:
    void* held_ = nullptr;
    const lane_part_functions* functions_ = nullptr;
};

template <class Part>
inline constexpr lane_part_functions functions_of_full_part{
    [](const clock_source& clock) -> void* {
        if constexpr (std::is_constructible_v<Part, const clock_source&>) {
            return new Part(clock);
        } else {
            return new Part();
        }
    },
    [](void* part, const void* gone) noexcept { static_cast<Part*>(part)->absorb(*static_cast<const Part*>(gone)); },
    [](void* part) noexcept { delete static_cast<Part*>(part); }};

/// Those for a policy's part, or null if it is empty. A part may be made from the runtime's clock, which it must not
/// ask before a hook is called.
template <class Part>
constexpr const lane_part_functions* functions_of_part() noexcept {
    if constexpr (std::is_empty_v<Part>) {
        return nullptr;
    } else {
        return &functions_of_full_part<Part>;
    }
}

}  // namespace drover
