#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "drover/actor/message_deadline.hpp"
#include "drover/actor/send.hpp"
#include "drover/actor/timer_handle.hpp"
#include "drover/base/block_pool.hpp"

namespace drover::detail {

// As std::optional, for a type whose destructor may throw.
template <class M>
class kept_message {
public:
    explicit kept_message(M&& message) : message_(std::move(message)) {}
    ~kept_message() {}  // clear() comes before
    kept_message(const kept_message&) = delete;
    kept_message& operator=(const kept_message&) = delete;

    const M& operator*() const noexcept { return message_; }
    void clear() {
        if (std::exchange(there_, false)) {
            std::destroy_at(&message_);
        }
    }

private:
    union {
        M message_;
    };
    bool there_ = true;
};

/// A message that waits for its time. Sent once it stands in its envelope already, so that nothing can fail when the
/// time has come; repeated, it is copied each time. It has no deadline: it comes when it was said to.
template <class A, class M, class F, bool Repeated>
class delayed_message final : public delayed_send {
public:
    static boost::intrusive_ptr<delayed_send> make(basic_cell<F>& receiver, M&& message, clock_duration period,
                                                   repetition how) {
        void* const memory = pooled_memory<delayed_message>::allocate();
        try {
            return {new (memory) delayed_message(receiver, std::move(message), period, how), false};
        } catch (...) {
            pooled_memory<delayed_message>::deallocate(memory);
            throw;
        }
    }

private:
    using stored = std::conditional_t<Repeated, kept_message<M>, message_node*>;

    delayed_message(basic_cell<F>& receiver, M&& message, clock_duration period, repetition how)
        : delayed_send(*receiver.core, record, period, how),
          receiver_(&receiver),
          stored_(store(receiver, std::move(message))) {
        F::tracing::keep(trace_);
    }

    static stored store(basic_cell<F>& receiver, M&& message) {
        if constexpr (Repeated) {
            return stored(std::move(message));
        } else {
            return without_deadline<F>(told_message<A, M, F>::create(receiver, std::move(message)));
        }
    }

    // The thread that turns the clock must not wait for room: a full mailbox makes a dead letter of it.
    static bool send(delayed_send& base) noexcept {
        auto& self = static_cast<delayed_message&>(base);
        basic_cell<F>& cell = *self.receiver_;
        lane& mine = lane_to(*cell.core);
        const send_bracket bracket(mine);
        const port<A, F> way(cell, mine);
        if (!way.gate_open() && !cell.core->timed_may_pass(Repeated)) {
            return false;
        }
        F::metrics::on_timer(metrics_part<F>(mine), cell.subject());
        const admitted place = way.admit(1, false);
        reservation reserved(way, place, 1);
        if (!is_accepted(place.result)) {
            if constexpr (!Repeated) {
                drop(self);
            }
            way.refuse(type_name<M>(), place.result);
            return true;
        }
        message_node* const node = self.take();
        if (node != nullptr) {
            reserved.keep();
            static_cast<void>(way.push({node, node, 1}, place));
        }
        return true;
    }

    message_node* take() noexcept {
        if constexpr (Repeated) {
            [[maybe_unused]] const typename F::tracing::acting for_it(trace_);
            try {
                return without_deadline<F>(told_message<A, M, F>::create(*receiver_, *stored_));
            } catch (...) {
                report_thrown();
                return nullptr;
            }
        } else {
            if (stored_ != nullptr) {
                const auto& letter = *static_cast<const envelope_of<F>*>(stored_);
                F::tracing::due(letter.stamp.tracing, receiver_->id, letter.operations->names);
            }
            return std::exchange(stored_, nullptr);
        }
    }

    static void drop(delayed_send& base) noexcept {
        auto& self = static_cast<delayed_message&>(base);
        if constexpr (Repeated) {
            try {
                self.stored_.clear();
            } catch (...) {
                self.report_thrown();
            }
        } else if (message_node* const node = std::exchange(self.stored_, nullptr); node != nullptr) {
            self.receiver_->discard(node);
            basic_cell<F>::release_envelope_of(node);
        }
    }

    void report_thrown() const noexcept {
        receiver_->core->report(failure{receiver_->name(), receiver_->id, type_name<M>(), std::current_exception()});
    }

    static bool forget(delayed_send& base) noexcept {
        return static_cast<delayed_message&>(base).receiver_->forget(base);
    }

    static void free(delayed_send* base) noexcept {
        auto* const self = static_cast<delayed_message*>(base);
        drop(*self);
        std::destroy_at(self);
        pooled_memory<delayed_message>::deallocate(self);
    }

    static constexpr type_operations record{&send, &drop, &forget, &free};

    const boost::intrusive_ptr<basic_cell<F>> receiver_;
    stored stored_;
    [[no_unique_address]] typename F::tracing::stamp trace_{};  // of who set it
};

/// `when(now)` gives the moment; it is asked only while the runtime, and so its clock, is there.
template <class A, bool Repeated, class M, class F, class When>
timer_handle tell_later(basic_cell<F>& cell, M&& message, When when, clock_duration period, repetition how) {
    using message_type = std::decay_t<M>;
    lane& mine = lane_to(*cell.core);
    const send_bracket bracket(mine);
    const port<A, F> way(cell, mine);
    way.check_level(message);
    const auto refused = [&] {
        way.refuse(type_name<message_type>(), delivery::stopped);
        return timer_handle();
    };
    if (!way.gate_open()) {
        return refused();
    }
    boost::intrusive_ptr<delayed_send> fresh =
        delayed_message<A, message_type, F, Repeated>::make(cell, message_type(std::forward<M>(message)), period, how);
    const time_point now = cell.core->timers.now();
    const time_point due = when(now);
    if (!Repeated && due <= now) {
        fresh->send_now();
        return timer_handle();
    }
    fresh->retain(2);  // the listener's and the timer's
    bool listens = false;
    try {
        listens = cell.on_departure(*fresh);
    } catch (...) {
        fresh->release(2);
        throw;
    }
    if (!listens) {
        fresh->release(2);
        return refused();
    }
    const auto stop_listening = [&] {
        if (cell.forget(*fresh)) {
            fresh->release();
        }
    };
    bool started = false;
    try {
        started = fresh->start(due);
    } catch (...) {
        stop_listening();
        throw;
    }
    if (!started) {
        stop_listening();
        return refused();
    }
    return timer_handle(std::move(fresh));
}

// True, or one error of one fixed sentence.
template <class M>
consteval bool check_repeated() {
    static_assert(
        std::is_copy_constructible_v<M>,
        "drover: message not copyable: tell_every sends a copy each time, so its message needs a copy constructor");
    return std::is_copy_constructible_v<M>;
}

template <class A, class M, class F>
timer_handle tell_every(basic_cell<F>& cell, M&& message, clock_duration period, repetition how) {
    if constexpr (check_repeated<std::decay_t<M>>()) {
        if (period.count() <= 0) {
            throw std::invalid_argument(join_text(
                {"drover: tell_every got a period of ", std::to_string(period.count()), " ns; use more than 0"}));
        }
        return tell_later<A, true>(
            cell, std::forward<M>(message), [period](time_point now) { return later_by(now, period); }, period, how);
    } else {
        return timer_handle();
    }
}

}  // namespace drover::detail
