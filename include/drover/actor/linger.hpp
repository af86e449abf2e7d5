#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "drover/actor/cell.hpp"
#include "drover/base/clock.hpp"
#include "drover/mailbox/admission.hpp"
#include "drover/scheduling/core_record.hpp"
#include "drover/scheduling/timer_service.hpp"

namespace drover {

/// An actor that waits for more messages before it runs: held, so that messages do not schedule it, until there are
/// enough, its time is over, a signal comes, or the runtime begins to end. Modelled in tests/model/linger.pml.
template <class F>
class linger_state : timer, gate_listener {
public:
    explicit linger_state(clock_duration patience) noexcept
        : timer(&on_fire), gate_listener{&on_gate}, patience_(patience) {}

    /// Once, before anybody else knows the actor.
    void attach(basic_cell<F>& self) noexcept { cell_ = &self; }

    enum class outcome : std::uint8_t {
        ready,       ///< run: there is enough, or its time is over
        look_again,  ///< there is a signal to attend to first
        held,        ///< the actor is no longer this consumer's
    };

    /// The consumer's, before it takes a message.
    outcome hold(admission& room) noexcept {
        stop_listening();
        const std::size_t waiting = room.level();
        if (waiting == 0 || waiting >= room.limits().wake_at || !is_running(cell_->phase) ||
            cell_->pill_sent.load(std::memory_order_acquire)) {
            due_.reset();
            return outcome::ready;
        }
        const time_point now = cell_->core->timers.now();
        if (due_.has_value() && now >= *due_) {
            due_.reset();
            return outcome::ready;
        }
        if (!due_.has_value()) {
            due_ = later_by(now, patience_);
        }
        if (!arm(*due_ - now) || !cell_->core->add_listener(*this)) {
            due_.reset();
            return outcome::ready;
        }
        listening_ = true;
        if (!cell_->system.try_hold()) {
            return outcome::look_again;
        }
        // Held from here on. Whoever ends the wait may have come between our look and the mark, without finding it: all
        // of them change the lane after what we look at again here, and who changes the lane second sees the first.
        if (room.level() < room.limits().wake_at && !cell_->pill_sent.load(std::memory_order_seq_cst) &&
            armed_.load(std::memory_order_seq_cst) && cell_->core->gate_open()) {
            return outcome::held;
        }
        return cell_->system.post(nullptr) == system_lane::post_result::removed_held ? outcome::look_again
                                                                                     : outcome::held;
    }

    /// The consumer's, at the latest when the actor stops.
    void stop_listening() noexcept {
        if (listening_) {
            listening_ = false;
            cell_->core->remove_listener(*this);
        }
    }

private:
    // An older timer that is still armed fires earlier: then we come here again.
    bool arm(clock_duration after) noexcept {
        if (armed_.load(std::memory_order_acquire)) {
            return true;
        }
        armed_.store(true, std::memory_order_relaxed);
        cell_->retain();
        try {
            if (cell_->core->timers.arm_after(*this, after)) {
                return true;
            }
        } catch (...) {  // no thread for the timers: then nobody lingers
        }
        armed_.store(false, std::memory_order_relaxed);
        cell_->references.fetch_sub(1, std::memory_order_relaxed);  // never the last: this actor runs
        return false;
    }

    static void on_fire(timer* t) noexcept {
        auto& self = static_cast<linger_state&>(*t);
        basic_cell<F>& cell = *self.cell_;
        self.armed_.store(false, std::memory_order_release);
        cell.unhold();
        cell.release();
    }

    static void on_gate(gate_listener* l) noexcept { static_cast<linger_state*>(l)->cell_->unhold(); }

    basic_cell<F>* cell_ = nullptr;
    const clock_duration patience_;
    std::optional<time_point> due_;
    std::atomic<bool> armed_{false};
    bool listening_ = false;
};

}  // namespace drover
