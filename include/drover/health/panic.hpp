#pragma once

#include <cstddef>
#include <cstdint>

#include "drover/health/check_option.hpp"

namespace drover {

/// What a pool does in panic.
enum class panic_answer : std::uint8_t {
    use_all,  ///< all members may be picked but those that drain, and those that are stuck if others are not: a bad
              ///< answer is better than none
    refuse,   ///< nobody is, so senders hear of it at once
};

/// When too few members are healthy for their health to be believed (Envoy's panic threshold). It begins below one
/// share of healthy members, and ends at another, so that a single member does not turn it on and off.
struct panic_options {
    std::uint32_t below = 50;    ///< percent; 0: there is no panic
    std::uint32_t ends_at = 60;  ///< percent; below … 100
    panic_answer then = panic_answer::use_all;
};

/// Throws std::invalid_argument with one sentence if a number is out of its range.
inline void check(const panic_options& chosen) {
    detail::check_range("panic_options::below", std::uint64_t{chosen.below}, 0, 100);
    detail::check_range("panic_options::ends_at", std::uint64_t{chosen.ends_at}, chosen.below, 100);
}

/// Whether there is panic. Not thread-safe.
class panic_watch {
public:
    explicit constexpr panic_watch(const panic_options& chosen) noexcept : options_(chosen) {}

    /// A pool without members has none.
    constexpr bool look(std::size_t healthy, std::size_t members) noexcept {
        panic_ = healthy * 100 < members * (panic_ ? options_.ends_at : options_.below);
        return panic_;
    }

    constexpr panic_answer then() const noexcept { return options_.then; }

private:
    panic_options options_;
    bool panic_ = false;
};

}  // namespace drover
