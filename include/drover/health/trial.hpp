#pragma once

#include <atomic>
#include <cstdint>

#include "drover/base/cache_line.hpp"
#include "drover/base/clock.hpp"

namespace drover {

/// What a sender gets that wants to send to a member on trial.
struct trial_claim {
    bool granted = false;  ///< it may send
    std::uint32_t ticket =
        0;  ///< as the one who tries, who shows this to give it back; even. 0: no claim is needed any more

    explicit operator bool() const noexcept { return granted; }
};

/// Whether a member may be sent a message, as a circuit breaker sees it. In the half-open state one sender gets through
/// and all others do not, until that message's outcome is known or has been overdue for the timeout: a trial message
/// that is lost wedges nothing. One word, changed by compare-exchange; no operation blocks or allocates.
class alignas(cache_line) trial {
public:
    enum class phase : std::uint8_t { closed, open, offered, taken, passed, failed };

    explicit trial(clock_duration timeout) noexcept : timeout_(timeout) {}

    /// Any sender: may it send a message now? Only asked for members whose standing says `by_trial`. If the circuit has
    /// been closed since then anybody may, and holds nothing.
    trial_claim claim(time_point now) noexcept {
        const word_type mine = taken_at(now);
        word_type seen = word_.load(std::memory_order_acquire);  // pairs with the stores of who watches
        do {
            switch (phase_of(seen)) {
                case phase::closed: return {.granted = true};
                case phase::offered: break;
                case phase::taken:
                    if (now < later_by(time_of(seen), timeout_)) return {};
                    break;
                case phase::open:
                case phase::passed:
                case phase::failed: return {};
            }
        } while (!word_.compare_exchange_weak(seen, mine, std::memory_order_acq_rel, std::memory_order_acquire));
        return {.granted = true, .ticket = ticket_of(mine)};
    }

    /// The sender that got this ticket could not send after all. If its claim was overdue, and another has claimed
    /// since, that one keeps it.
    void give_back(std::uint32_t ticket) noexcept {
        word_type seen = word_.load(std::memory_order_relaxed);
        if (phase_of(seen) == phase::taken && ticket_of(seen) == ticket) {
            word_.compare_exchange_strong(seen, word(phase::offered), std::memory_order_release,
                                          std::memory_order_relaxed);
        }
    }

    /// A message of the member succeeded or failed. Any thread. Whether that was the result of a trial. It is taken to
    /// be the trial message's own: what was sent before the circuit opened has mostly been handled by then, and if not
    /// it tells of the same member.
    bool succeeded() noexcept { return end(phase::passed); }
    bool failed() noexcept { return end(phase::failed); }

    // --- for who watches: one thread at a time -----------------------------------------------------------------------

    phase now() const noexcept { return phase_of(word_.load(std::memory_order_acquire)); }  // pairs with end()
    void close() noexcept { word_.store(word(phase::closed), std::memory_order_release); }
    void open() noexcept { word_.store(word(phase::open), std::memory_order_release); }
    void offer() noexcept { word_.store(word(phase::offered), std::memory_order_release); }

private:
    // The phase in the low three bits; in `taken` the others hold when, which is thereby exact to 8 ns.
    using word_type = std::uint64_t;
    static constexpr word_type phase_bits = 7;

    static constexpr word_type word(phase one) noexcept { return static_cast<word_type>(one); }
    static constexpr phase phase_of(word_type one) noexcept { return static_cast<phase>(one & phase_bits); }
    static constexpr word_type taken_at(time_point now) noexcept {
        return (static_cast<word_type>(now.time_since_epoch().count()) & ~phase_bits) | word(phase::taken);
    }
    // The time's lower bits: 8 s until they come again, and then they would have to be the very same. Never 0, and
    // even: a pick has another mark in its word.
    static constexpr std::uint32_t ticket_of(word_type one) noexcept {
        return (static_cast<std::uint32_t>(one >> 2) & ~1U) | 0x8000'0000U;
    }
    static constexpr time_point time_of(word_type one) noexcept {
        return time_point(clock_duration(static_cast<clock_duration::rep>(one & ~phase_bits)));
    }

    bool end(phase result) noexcept {
        word_type seen = word_.load(std::memory_order_relaxed);
        return phase_of(seen) == phase::taken &&
               word_.compare_exchange_strong(seen, word(result), std::memory_order_acq_rel, std::memory_order_relaxed);
    }

    std::atomic<word_type> word_{word(phase::closed)};
    const clock_duration timeout_;
};

}  // namespace drover
