#pragma once

#include <atomic>
#include <cstdint>

namespace drover {

/// A number with one writer: no locked instruction. Readers see some recent value, and never a smaller one later.
class owned_counter {
public:
    void add(std::uint64_t n) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_release);
    }
    std::uint64_t read() const noexcept { return value_.load(std::memory_order_acquire); }

private:
    std::atomic<std::uint64_t> value_{0};
};

}  // namespace drover
