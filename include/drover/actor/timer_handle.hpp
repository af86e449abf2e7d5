#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/departure.hpp"
#include "drover/base/clock.hpp"
#include "drover/scheduling/core_record.hpp"
#include "drover/scheduling/this_thread.hpp"

namespace drover {

/// When a repeated send comes again.
enum class repetition : std::uint8_t {
    fixed_rate,   ///< a period after it was due: what was missed is made up for, at once
    fixed_delay,  ///< a period after it was sent: nothing is made up for
};

/// A send that waits for its time: what does not depend on the types. Counted: each handle, the timer while it is armed
/// or fires, the listener for the receiver's end while it listens.
///
/// `cancelled_` and the timer service's lock decide between cancel() and a repeated send that is just being sent:
/// whoever cancels sets the flag and then looks for an armed timer; whoever sends arms the timer and then looks at the
/// flag. Both pass the lock in between, which orders the flag too. One of them finds the timer, takes it out, and ends
/// the send.
class delayed_send : protected timer, public departure {
public:
    struct type_operations {
        bool (*send)(delayed_send&) noexcept;  ///< false: the runtime takes no more
        void (*drop)(delayed_send&) noexcept;  ///< destroys the message that is not sent any more
        bool (*forget)(delayed_send&) noexcept;
        void (*free)(delayed_send*) noexcept;
    };

    delayed_send(core_record& owner, const type_operations& record, clock_duration period, repetition how) noexcept
        : timer(&on_fire), departure(&on_departed), core_(owner), operations_(record), period_(period), how_(how) {}
    delayed_send(const delayed_send&) = delete;
    delayed_send& operator=(const delayed_send&) = delete;

    void retain(std::uint32_t count = 1) noexcept { references_.fetch_add(count, std::memory_order_relaxed); }
    void release(std::uint32_t count = 1) noexcept {
        if (references_.fetch_sub(count, std::memory_order_acq_rel) == count) {
            operations_.free(this);
        }
    }

    /// Once, when the receiver's end is listened to, with a count for the timer. False if the runtime is gone: the
    /// count is then given up, as when it throws std::system_error, because the timer thread cannot be started.
    bool start(time_point when) {
        if (period_.count() == 0) {
            lane_to(core_).timed_begun.add(1);
        }
        bool armed_now = false;
        try {
            armed_now = core_.timers.arm(*this, when);
        } catch (...) {
            withdraw(1);
            throw;
        }
        if (!armed_now) {
            withdraw(1);
        } else if (!still_wanted()) {  // the receiver has stopped just now
            end();
        }
        return armed_now;
    }

    /// Instead of start(): the time has come already.
    void send_now() noexcept { operations_.send(*this); }

    bool cancel() noexcept {
        cancelled_.store(true, std::memory_order_relaxed);
        if (!core_.timers.cancel(*this)) {
            return false;
        }
        end();
        return true;
    }

    bool pending() const noexcept { return !ended_.load(std::memory_order_acquire); }

protected:
    ~delayed_send() = default;

private:
    // The timer's end, in whichever thread took it out of the wheel.
    void end() noexcept {
        ended_.store(true, std::memory_order_release);
        operations_.drop(*this);
        withdraw(operations_.forget(*this) ? 2 : 1);
    }

    void withdraw(std::uint32_t count) noexcept {
        if (period_.count() == 0) {
            lane& mine = lane_to(core_);
            const send_bracket bracket(mine);
            mine.timed_ended.add(1);
            core_.ring();
        }
        release(count);
    }

    // False if it was cancelled while nobody could find its timer, and is the caller's to end.
    bool still_wanted() noexcept { return !cancelled_.load(std::memory_order_relaxed) || !core_.timers.cancel(*this); }

    bool arm_again() noexcept {
        const time_point due{clock_duration(static_cast<clock_duration::rep>(deadline))};
        const time_point from = how_ == repetition::fixed_rate ? due : core_.timers.now();
        try {
            if (!core_.timers.arm(*this, later_by(from, period_))) {
                return false;
            }
        } catch (...) {  // the thread that would be started is this one
            return false;
        }
        return still_wanted();
    }

    static void on_fire(timer* t) noexcept {
        auto& self = static_cast<delayed_send&>(*t);
        self.retain();  // once it is armed again somebody else may end it
        const bool goes_on = self.operations_.send(self) && self.period_.count() != 0;
        if (!goes_on || !self.arm_again()) {
            self.end();
        }
        self.release();
    }

    // In the thread that stops the receiver.
    static void on_departed(departure* listener) noexcept {
        auto& self = static_cast<delayed_send&>(*listener);
        self.cancel();
        self.release();
    }

    core_record& core_;  // kept by the receiver, on whom the derived type has a count
    const type_operations& operations_;
    const clock_duration period_;
    const repetition how_;
    std::atomic<bool> cancelled_{false};
    std::atomic<bool> ended_{false};
    std::atomic<std::uint32_t> references_{1};
};

inline void intrusive_ptr_add_ref(delayed_send* send) noexcept {
    send->retain();
}
inline void intrusive_ptr_release(delayed_send* send) noexcept {
    send->release();
}

/// A send that was put off by `tell_after`, `tell_at` or `tell_every`. A copy is one atomic increment. To drop it
/// changes nothing: the message is sent all the same; scoped_timer cancels. Members are safe from any thread, also
/// after the actor and its runtime are gone.
class timer_handle {
public:
    timer_handle() noexcept = default;
    explicit timer_handle(boost::intrusive_ptr<delayed_send> send) noexcept : send_(std::move(send)) {}

    /// True if by this call the message is not sent any more, and is destroyed. False if it was sent before, is being
    /// sent, was cancelled before, or vanished with its receiver. What a repeated send is just sending is the last. A
    /// short lock; O(1).
    bool cancel() const noexcept { return send_ != nullptr && send_->cancel(); }

    /// Will it be sent, as far as is known at this moment?
    bool pending() const noexcept { return send_ != nullptr && send_->pending(); }

private:
    boost::intrusive_ptr<delayed_send> send_;
};

/// Cancels when it is destroyed or assigned to. Move-only.
class scoped_timer {
public:
    scoped_timer() noexcept = default;
    scoped_timer(timer_handle held) noexcept : handle_(std::move(held)) {}
    scoped_timer(scoped_timer&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    scoped_timer& operator=(scoped_timer&& other) noexcept {
        if (this != &other) {
            handle_.cancel();
            handle_ = std::exchange(other.handle_, {});
        }
        return *this;
    }
    ~scoped_timer() { handle_.cancel(); }

    bool cancel() const noexcept { return handle_.cancel(); }
    bool pending() const noexcept { return handle_.pending(); }

    /// Gives it up: it is not cancelled at the end.
    timer_handle release() noexcept { return std::exchange(handle_, {}); }

private:
    timer_handle handle_;
};

}  // namespace drover
