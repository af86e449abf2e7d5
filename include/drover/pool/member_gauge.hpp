#pragma once

#include <atomic>
#include <cmath>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "drover/actor/membership.hpp"
#include "drover/balancing/idle_mask.hpp"
#include "drover/balancing/member_latency.hpp"
#include "drover/balancing/policy.hpp"
#include "drover/base/clock.hpp"
#include "drover/pool/member_gate.hpp"
#include "drover/pool/watched_policy.hpp"
#include "drover/scheduling/timer_service.hpp"

namespace drover {

namespace detail {

struct keeps_no_latency {
    explicit keeps_no_latency(const latency_options&) noexcept {}
};

template <class Policy>
struct no_gate {
    no_gate(queue_of<Policy>*, void (*)(membership&) noexcept, void (*)(membership&) noexcept) noexcept {}
};

/// The ask whose handler runs, if it is one: the messages of a batch are told.
class ask_under_way {
public:
    /// The consumer. How many of the messages that are done are asks, which are counted when they end.
    std::uint64_t settle() noexcept {
        if (record_.load(std::memory_order_relaxed) != nullptr) {
            record_.store(nullptr, std::memory_order_relaxed);
        }
        late_.store(false, std::memory_order_relaxed);
        return std::exchange(asks_, 0);
    }
    void begin(const void* record) noexcept {
        asks_ += 1;
        record_.store(record, std::memory_order_relaxed);
    }
    bool late() const noexcept { return late_.load(std::memory_order_relaxed); }

    /// Any thread. The flag stands for itself: whether the throw or the timeout came first matters to nobody.
    void timed_out(const void* record) noexcept {
        if (record_.load(std::memory_order_relaxed) == record) {
            late_.store(true, std::memory_order_relaxed);
        }
    }

private:
    std::atomic<const void*> record_{nullptr};
    std::atomic<bool> late_{false};
    std::uint64_t asks_ = 0;
};

struct no_ask_under_way {
    static constexpr std::uint64_t settle() noexcept { return 0; }
    static constexpr void timed_out(const void*) noexcept {}
    static constexpr bool late() noexcept { return false; }
};

}  // namespace detail

/// What the mailbox of a member is made from.
template <class Policy>
struct gauge_plan {
    bool counted_by_pick = false;
    latency_options latency{};
    const timer_service* clock = nullptr;  ///< wanted for `latency` and for a queue
    idle_mask* idle = nullptr;             ///< wanted for `idle`, as is the slot
    std::uint32_t slot = no_slot;
    queue_of<Policy>* queue = nullptr;             ///< the pool's, if its members pull
    void (*call)(membership&) noexcept = nullptr;  ///< then: somebody else is to look at it
    void (*fell)(membership&) noexcept = nullptr;  ///< and: it has fallen to its low water mark
};

/// A member with what its own mailbox keeps of it for the pool's policy and its health, and no more than they ask for.
/// But for the load, and what others read of the rest, it is for whoever consumes that mailbox: one thread at a time.
template <class Policy>
struct member_gauge : membership {
    using health_type = health_of<Policy>;
    static constexpr bool times = includes(Policy::needs, signals::latency);
    static constexpr bool announces = includes(Policy::needs, signals::idle);
    static constexpr bool counts_asks = includes(health_type::needs, health_signals::outcomes);
    using latency_type = std::conditional_t<times, member_latency, detail::keeps_no_latency>;

    /// `wakes`: something is to be done about its health at once. Throws std::bad_alloc, and std::invalid_argument for
    /// options that make no sense.
    member_gauge(const operations_type& record, const gauge_plan<Policy>& plan,
                 const typename health_type::options& health_plan, void (*wakes)(membership&) noexcept)
        : membership(record, plan.counted_by_pick),
          latency(plan.latency),
          health(health_plan),
          slot(plan.slot),
          gate(plan.queue, plan.call, plan.fell),
          clock_(plan.clock),
          wakes_(wakes),
          idle_(plan.idle) {}

    [[no_unique_address]] latency_type latency;
    [[no_unique_address]] typename health_type::record health;
    const std::uint32_t slot;
    [[no_unique_address]] std::conditional_t<pulls<Policy>, member_gate<queue_of<Policy>>, detail::no_gate<Policy>>
        gate;

    /// What a message takes by the member's average, if that is kept and there was one. Any thread.
    std::optional<clock_duration> mean_latency() const noexcept {
        if constexpr (times) {
            const double average = latency.average();
            return average > 0 ? std::optional(clock_duration(std::llround(average))) : std::nullopt;
        } else {
            return std::nullopt;
        }
    }

    /// What was taken out has been dealt with; now more is wanted.
    void settle() noexcept {
        if constexpr (times) {
            now_ = clock_->now();
        }
        if (taken_ != 0) {
            bool wake = health.left();
            if (!failed_) {
                record(false);
                for (std::uint64_t each = asked_.settle(); each != taken_; ++each) {
                    wake = health.succeeded() || wake;
                }
            } else {
                asked_.settle();
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
            // A load if it is not marked. Who sent past the mask has left the mark, and others may have restored it
            // since.
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

    /// One that was just begun is not to be handled: it is done, and is no success, no failure, and nobody's time.
    void leave_out() noexcept {
        taken_ -= 1;
        load.finished(1);
        if (taken_ == 0) {  // else it was one of a batch, and those are told
            asked_.settle();
            if (health.left()) {
                wakes_(*this);
            }
        }
    }

    /// The message that was just begun is an ask whose outcome is known when it is answered or times out, and counted
    /// then; `charge` sees to that, and says whether neither has happened yet.
    template <class Charge>
    void begin_ask(const void* record, Charge charge) noexcept {
        if constexpr (counts_asks) {
            asked_.begin(record);
            if (!charge()) {
                asked_.timed_out(record);
            }
        }
    }

    /// Any thread; `by_itself`: the consumer.
    void ask_ended(const void* record, ask_outcome how, bool by_itself) noexcept {
        bool wake = false;
        switch (how) {
            case ask_outcome::answered: wake = by_itself ? health.succeeded() : health.answered(); break;
            case ask_outcome::timed_out: asked_.timed_out(record); [[fallthrough]];
            case ask_outcome::failed: wake = health.timed_out(); break;
            case ask_outcome::unknown: break;
        }
        if (wake) {
            wakes_(*this);
        }
    }

    /// A handler threw, or the constructor of a new state: what follows, a restart and its delay, is not the message's
    /// time.
    void fail() noexcept {
        if (asked_.late()) {
            health.failed_late();
        } else if (health.failed()) {
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

    /// Has nobody taken the mark? Any thread.
    bool announced() const noexcept { return idle_->marked(slot); }

    /// The next message of the pool's queue, if this member may have it and it is `wanted`; null otherwise.
    template <class Owner, class Wanted>
    message_node* pull(const Owner& owner, Wanted wanted) noexcept {
        withdraw();  // before the look: who has taken the mark has put its message there
        switch (gate.now()) {
            case gate_position::shut:
            case gate_position::tried: return nullptr;
            case gate_position::on_trial: return pull_on_trial(owner, wanted);
            default: return gate.queue().pop(pulling<Owner>{owner, *this}, wanted);
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
    template <class Owner>
    struct pulling {
        const Owner& owner;
        member_gauge& self;

        std::size_t level(const message_node* node) const noexcept { return owner.level(node); }
        void fell_to_low_water() const noexcept { self.gate.fell_to_low_water(self); }
    };

    template <class Owner, class Wanted>
    message_node* pull_on_trial(const Owner& owner, Wanted wanted) noexcept {
        if (gate.queue().quiet()) {
            return nullptr;
        }
        const trial_claim mine = health.claim(clock_->now());
        if (!mine) {
            gate.refused();
            return nullptr;
        }
        message_node* const next = gate.queue().pop(pulling<Owner>{owner, *this}, wanted);
        if (next == nullptr) {
            health.give_back(mine.ticket);
        }
        return next;
    }

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
    [[no_unique_address]] std::conditional_t<counts_asks, detail::ask_under_way, detail::no_ask_under_way> asked_;
};

}  // namespace drover
