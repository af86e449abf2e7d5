#pragma once

#include <cstdint>
#include <type_traits>

#include "drover/actor/membership.hpp"
#include "drover/balancing/idle_mask.hpp"
#include "drover/balancing/member_latency.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/base/clock.hpp"
#include "drover/pool/watched_policy.hpp"
#include "drover/scheduling/timer_service.hpp"

namespace drover {

namespace detail {

struct keeps_no_latency {
    explicit keeps_no_latency(const latency_options&) noexcept {}
};

}  // namespace detail

/// What the mailbox of a member is made from.
struct gauge_plan {
    bool counted_by_pick = false;
    latency_options latency{};
    const timer_service* clock = nullptr;  ///< wanted for `latency`
    idle_mask* idle = nullptr;             ///< wanted for `idle`, as is the slot
    std::uint32_t slot = no_slot;
};

/// A member with what its own mailbox keeps of it for the pool's policy and its health, and no more than they ask for. But
/// for the load, and what others read of the rest, it is for whoever consumes that mailbox: one thread at a time.
template <class Policy>
struct member_gauge : membership {
    using health_type = health_of<Policy>;
    static constexpr bool times = includes(Policy::needs, signals::latency);
    static constexpr bool announces = includes(Policy::needs, signals::idle);
    using latency_type = std::conditional_t<times, member_latency, detail::keeps_no_latency>;

    /// `wakes`: something is to be done about its health at once. Throws std::bad_alloc, and std::invalid_argument for
    /// options that make no sense.
    member_gauge(const operations_type& record, const gauge_plan& plan,
                 const typename health_type::options& health_plan, void (*wakes)(membership&) noexcept)
        : membership(record, plan.counted_by_pick),
          latency(plan.latency),
          health(health_plan),
          slot(plan.slot),
          clock_(plan.clock),
          wakes_(wakes),
          idle_(plan.idle) {}

    [[no_unique_address]] latency_type latency;
    [[no_unique_address]] typename health_type::record health;
    const std::uint32_t slot;

    /// What was taken out has been dealt with; now more is wanted.
    void settle() noexcept {
        if constexpr (times) {
            now_ = clock_->now();
        }
        if (taken_ != 0) {
            bool wake = health.left();
            if (!failed_) {
                record(false);
                for (std::uint64_t each = 0; each != taken_; ++each) {
                    wake = health.succeeded() || wake;
                }
            }
            failed_ = false;
            if (wake) {
                wakes_(*this);
            }
            load.finished(taken_);
            taken_ = 0;
        }
    }

    /// `count` messages have been taken out, just after settle() or in one batch with others.
    void begin(std::uint64_t count) noexcept {
        if constexpr (announces) {
            // A load if it is not marked. Who sent past the mask has left the mark, and others may have restored it since.
            idle_->withdraw(slot);
        }
        if constexpr (times) {
            began_ = now_;
        }
        if (taken_ == 0) {
            health.entered();
        }
        taken_ += count;
    }

    /// A handler threw, or the constructor of a new state: what follows, a restart and its delay, is not the message's time.
    void fail() noexcept {
        if (health.failed()) {
            wakes_(*this);
        }
        if (taken_ != 0 && !failed_) {
            if constexpr (times) {
                now_ = clock_->now();
            }
            record(true);
            failed_ = true;
        }
    }

    /// Before the mailbox is marked idle, and if that did not succeed. In between it may be another's.
    void announce() noexcept {
        if constexpr (announces) {
            idle_->announce(slot);
        }
    }
    void withdraw() noexcept {
        if constexpr (announces) {
            idle_->withdraw(slot);
        }
    }

    /// A pick that has claimed it could not use it. Any thread.
    void restore() noexcept {
        if constexpr (announces) {
            idle_->restore(slot);
        }
    }

protected:
    ~member_gauge() = default;

private:
    void record(bool failed) noexcept {
        if constexpr (times) {
            latency.record((now_ - began_) / static_cast<clock_duration::rep>(taken_), now_, failed);
        } else {
            static_cast<void>(failed);
        }
    }

    const timer_service* const clock_;
    void (*const wakes_)(membership&) noexcept;
    idle_mask* const idle_;
    std::uint64_t taken_ = 0;
    time_point now_{};
    time_point began_{};
    bool failed_ = false;
};

}  // namespace drover
