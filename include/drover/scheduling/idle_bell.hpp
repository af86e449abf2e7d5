#pragma once

#include <atomic>
#include <cstdint>

#include "drover/base/futex.hpp"

namespace drover {

/// For a thread that waits until nothing is left to do: a word that changes, and wakes it, when that may have become
/// true.
class idle_bell {
public:
    /// To be called before each look; the word is then waited on with what this gives.
    std::uint32_t listen() noexcept {
        listeners_.store(true, std::memory_order_seq_cst);
        return word_.load(std::memory_order_seq_cst);
    }
    const std::atomic<std::uint32_t>& word() const noexcept { return word_; }

    void ring() noexcept {
        word_.fetch_add(1, std::memory_order_seq_cst);
        futex_wake_all(word_);
    }

    /// After a sequentially consistent step that may have left nothing to do; in one order with listen() and the look
    /// behind it.
    void ring_if_heard() noexcept {
        if (listeners_.load(std::memory_order_seq_cst)) {
            ring();
        }
    }

private:
    std::atomic<bool> listeners_{false};
    std::atomic<std::uint32_t> word_{0};
};

}  // namespace drover
