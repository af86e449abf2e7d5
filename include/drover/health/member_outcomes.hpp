#pragma once

#include <atomic>
#include <cstdint>

#include "drover/base/cache_line.hpp"

namespace drover {

/// How a member's messages ended, as of some moment just past.
struct outcome_counts {
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint32_t run = 0;  ///< failures since the last success
};

/// What one member of a pool does with its messages, as counters on a cache line of their own. A success costs its
/// consumer a plain store; a failure, which others may count as well, two atomic adds. The consumer is whoever handles
/// the member's messages: one thread at a time. No operation blocks or allocates.
class alignas(cache_line) member_outcomes {
public:
    /// The consumer. Not for a message whose asker has given up: that one is counted as timed out.
    void succeeded() noexcept {
        succeeded_.store(succeeded_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        if (run_.load(std::memory_order_relaxed) != 0) run_.store(0, std::memory_order_relaxed);
    }

    /// An ask was answered by another thread than the consumer. Any thread.
    void answered() noexcept {
        answered_.fetch_add(1, std::memory_order_relaxed);
        if (run_.load(std::memory_order_relaxed) != 0) run_.store(0, std::memory_order_relaxed);
    }

    /// A handler threw whose message is counted as timed out: the restart that follows is no failure of its own,
    /// either. The consumer.
    void failed_late() noexcept { thrown_at_ = succeeded_.load(std::memory_order_relaxed) + 1; }

    /// A handler threw. The consumer. Whether failures in a row have just become as many as `threshold`.
    bool failed(std::uint32_t threshold) noexcept {
        failed_late();
        return count(threshold);
    }

    /// An ask got no answer in time. Any thread. Returns as failed() does.
    bool timed_out(std::uint32_t threshold) noexcept { return count(threshold); }

    /// The member begins anew. The consumer. Returns as failed() does. What a throw has set off is counted with it:
    /// that is a restart before the next success.
    bool restarted(std::uint32_t threshold) noexcept { return restart_counts() && count(threshold); }

    /// Whether a restart now is a failure of its own. The consumer, once for each restart.
    bool restart_counts() noexcept {
        const bool known = thrown_at_ == succeeded_.load(std::memory_order_relaxed) + 1;
        thrown_at_ = 0;
        return !known;
    }

    /// Before and after a handler. The consumer. left() says whether the handler has been called stuck meanwhile.
    void entered() noexcept { step(); }
    bool left() noexcept {
        const std::uint64_t turn = turn_.load(std::memory_order_relaxed);
        step();
        return noticed_.load(std::memory_order_relaxed) == turn;
    }

    // --- for who watches, in any thread ------------------------------------------------------------------------------

    outcome_counts read() const noexcept {
        return {succeeded_.load(std::memory_order_relaxed) + answered_.load(std::memory_order_relaxed),
                failed_.load(std::memory_order_relaxed), run_.load(std::memory_order_relaxed)};
    }

    /// The failures in a row begin at 0 again. One counted at the same moment may be forgotten or not.
    void forget_run() noexcept { run_.store(0, std::memory_order_relaxed); }

    /// Odd while a handler runs, and another number for each. Who sees the same odd one again knows that it is still
    /// that handler: so nobody reads a clock for a message.
    std::uint64_t turn() const noexcept { return turn_.load(std::memory_order_relaxed); }
    static constexpr bool in_handler(std::uint64_t turn) noexcept { return turn % 2 != 0; }

    /// The handler of this turn is taken for stuck. If it ends at this very moment, left() may have missed it.
    void notice(std::uint64_t turn) noexcept { noticed_.store(turn, std::memory_order_relaxed); }

private:
    // The counters stand for themselves: nothing else is read because of them, so all is relaxed.
    bool count(std::uint32_t threshold) noexcept {
        failed_.fetch_add(1, std::memory_order_relaxed);
        return run_.fetch_add(1, std::memory_order_relaxed) + 1 == threshold;
    }

    void step() noexcept { turn_.store(turn_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

    std::atomic<std::uint64_t> succeeded_{0};
    std::atomic<std::uint64_t> answered_{0};  // by others
    std::atomic<std::uint64_t> failed_{0};
    std::atomic<std::uint64_t> turn_{0};
    std::atomic<std::uint64_t> noticed_{0};  // 0 is no handler's turn
    std::uint64_t thrown_at_ = 0;            // the consumer's: 1 more than the successes before the last throw
    std::atomic<std::uint32_t> run_{0};
};

static_assert(sizeof(member_outcomes) == cache_line && alignof(member_outcomes) == cache_line);

}  // namespace drover
