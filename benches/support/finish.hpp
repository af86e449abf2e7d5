// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <stdexcept>

namespace benches {

/// Longest wait for an answer. A workload that lost a message ends with an error and not as a program that hangs.
inline constexpr std::chrono::seconds answer_deadline{120};

/// Blocks until the answer is there. Throws std::runtime_error after `answer_deadline`.
inline std::uint64_t await_answer(std::future<std::uint64_t> answer) {
    if (answer.wait_for(answer_deadline) != std::future_status::ready)
        throw std::runtime_error("no answer arrived within 120 seconds: a message or a wake-up was lost.");
    return answer.get();
}

/// Many actors add what they have done; whoever reaches the goal exactly opens the gate for the waiting main thread.
/// `add` may be called from any thread, does not block, and is one atomic addition until the goal is reached.
class tally {
public:
    explicit tally(std::uint64_t goal) : goal_(goal) {}

    void add(std::uint64_t amount) {
        // The addition that completes the sum is unique, so the promise is set once; a later excess shows in total().
        if (sum_.fetch_add(amount, std::memory_order_acq_rel) + amount == goal_) reached_.set_value(goal_);
    }

    /// Call once. Throws std::runtime_error after `answer_deadline`.
    void wait() { await_answer(reached_.get_future()); }

    [[nodiscard]] std::uint64_t total() const { return sum_.load(std::memory_order_acquire); }

private:
    std::uint64_t goal_;
    std::atomic<std::uint64_t> sum_{0};
    std::promise<std::uint64_t> reached_;
};

}  // namespace benches
