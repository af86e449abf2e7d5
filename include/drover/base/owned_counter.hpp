#pragma once

#include <atomic>
#include <cstdint>

namespace drover {

/// A number with one writer: no locked instruction. Readers see some recent value, and never a smaller one later.
class owned_counter {
public:
    /// The sum, of which the writer may make use.
    [[gnu::always_inline]] std::uint64_t add(std::uint64_t n) noexcept {
        const std::uint64_t sum = value_.load(std::memory_order_relaxed) + n;
        value_.store(sum, std::memory_order_release);
        return sum;
    }
    std::uint64_t read() const noexcept { return value_.load(std::memory_order_acquire); }

private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace drover
