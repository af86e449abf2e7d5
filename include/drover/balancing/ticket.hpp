#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "drover/base/cache_line.hpp"
#include "drover/base/random.hpp"

namespace drover {

struct ticket_options {
    /// Where the turns begin. None: anywhere, so that many pools do not all begin with their first member.
    std::optional<std::uint64_t> first{};
};

/// Numbers in a row for all threads together: whose turn it is. It goes on when the members change.
class alignas(cache_line) ticket_counter {
public:
    ticket_counter(const ticket_options& options, std::uint64_t seed) noexcept
        : next_(options.first.value_or(random_source(seed).next() >> 32U)) {}

    /// One locked add. Relaxed: nothing but the number is read by it.
    std::uint64_t draw() noexcept { return next_.fetch_add(1, std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> next_;
};

}  // namespace drover
