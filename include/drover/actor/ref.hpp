#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <ranges>
#include <type_traits>
#include <utility>

#include "drover/actor/answer.hpp"
#include "drover/actor/delayed_message.hpp"
#include "drover/actor/handle.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/send.hpp"

namespace drover {

template <class A, class M, class F>
class room_operation;

/// What `ref::tell_when_room` gives.
template <class A, class M, class F>
struct [[nodiscard]] room_wait {
    using operation = room_operation<A, M, F>;

    basic_handle<F> target;
    M message;
};

namespace detail {

// The outcome of an ask as a type: an answer, or what swallows the rest of an ill-formed expression.
template <class A, class M, class F>
struct ask_result {
    using type = refused;
};
template <class A, class M, class F>
    requires answers<A, M, F>
struct ask_result<A, M, F> {
    using type = answer<reply_type<A, M, F>, F>;
};

}  // namespace detail

/// A typed reference to an actor of type `A`, which may be incomplete until something is sent. One pointer; copies are
/// counted; sends through it change no count. It stays valid for ever: once the actor has stopped, sends answer
/// `stopped`.
///
/// Sends are safe from any thread and allocate at most an envelope from the calling thread's pool. They never block,
/// but for a full mailbox whose policy is `block_sender`. A send throws only std::bad_alloc, or what the message's move
/// constructor throws; then nothing was sent. Messages from one sender to one actor arrive in order. A message that the
/// actor has no handler for is refused at compile time.
template <class A, class F = features>
class ref : public basic_handle<F> {
public:
    using actor_type = A;

    ref() noexcept = default;
    explicit ref(boost::intrusive_ptr<basic_cell<F>> cell) noexcept : basic_handle<F>(std::move(cell)) {}

    /// Sends `message`, moved or copied as an argument is. O(1): one atomic exchange. It is on its way if this answers
    /// `accepted`, `accepted_above_high_water` (a mailbox with water marks) or `deferred` (from an actor with an
    /// outbox): is_accepted(). Else the answer is `stopped`, or of a full mailbox, by its policy, `rejected_full` (also
    /// `fail_actor`), `dropped`, or of `block_sender` `timed_out` and on a worker `would_deadlock`; and the message
    /// becomes a dead letter, except through an empty ref, which has no runtime to report to: that answers `no_target`.
    template <class M>
    delivery tell(M&& message) const {
        using message_type = std::decay_t<M>;
        if constexpr (check_tell<A, message_type, F>()) {
            if (this->cell_ == nullptr) [[unlikely]] {
                return delivery::no_target;
            }
            return detail::tell_cell<A>(*this->cell_, std::forward<M>(message));
        } else {
            return delivery::no_target;
        }
    }

    /// As tell(), but the message stays with the caller, unchanged, unless this answers `accepted` or
    /// `accepted_above_high_water`: is_accepted(). Never `deferred`, and never waits: a full mailbox of `block_sender`
    /// answers `rejected_full`.
    template <class M>
    [[nodiscard]] delivery try_tell(M& message) const {
        static_assert(!std::is_const_v<M>,
                      "drover: try_tell moves from its argument when it succeeds; pass a non-const object");
        if constexpr (check_tell<A, M, F>()) {
            if (this->cell_ == nullptr) {
                return delivery::no_target;
            }
            return detail::try_tell_cell<A>(*this->cell_, message);
        } else {
            return delivery::no_target;
        }
    }

    /// To be awaited in a task: sends `message` when there is room for it, whatever the mailbox does when it is full,
    /// and gives what became of it, as tell() does; `accepted` at once if the mailbox has no limit. The actor that
    /// waits is held, so no worker waits. Several who wait race for a place. Throws what tell() throws.
    template <class M>
    [[nodiscard]] auto tell_when_room(M&& message) const {
        using message_type = std::decay_t<M>;
        if constexpr (check_tell<A, message_type, F>()) {
            return room_wait<A, message_type, F>{*this, message_type(std::forward<M>(message))};
        } else {
            return refused{};
        }
    }

    /// Sends every element of `range` by one atomic exchange: nothing of another sender comes between them. The
    /// elements of an rvalue container are moved, others are copied. O(n). If a copy throws, nothing was sent. Answers
    /// for all as tell(), but never `deferred`; more than a mailbox can ever hold are refused. An empty range is
    /// `accepted`.
    template <std::ranges::input_range Range>
    delivery tell_batch(Range&& range) const {
        using message_type = std::ranges::range_value_t<Range>;
        if constexpr (check_tell<A, message_type, F>()) {
            if (this->cell_ == nullptr) {
                return delivery::no_target;
            }
            std::size_t sent = 0;
            return detail::tell_batch_to_cell<A, message_type>(*this->cell_, std::forward<Range>(range), sent);
        } else {
            return delivery::no_target;
        }
    }

    /// Sends `message` and gives the reply to come. The reply's type is what the handler returns.
    template <class M>
    [[nodiscard]] auto ask(M&& message) const -> typename detail::ask_result<A, std::decay_t<M>, F>::type {
        return ask_within(std::forward<M>(message), nullptr);
    }

    /// As above; after `timeout` on the runtime's clock the answer is `ask_error::timeout`, and a reply that comes
    /// later is counted and dropped. Throws std::system_error if the timer thread cannot be started.
    template <class M>
    [[nodiscard]] auto ask(M&& message, clock_duration timeout) const ->
        typename detail::ask_result<A, std::decay_t<M>, F>::type {
        return ask_within(std::forward<M>(message), &timeout);
    }

    /// Sends `message` when `after` has passed on the runtime's clock; at once if it is not positive. Until then it can
    /// be cancelled, by any thread, through what this returns; it vanishes with the actor, and when its runtime drains
    /// or stops. It counts as offered when it is sent. Sent by the thread that turns the clock, which does not wait for
    /// room: what a full mailbox does not take is a dead letter. An empty handle if it was sent at once or refused (a
    /// dead letter, as by tell()). Never blocks; O(1), two short locks. Throws std::bad_alloc, std::system_error if the
    /// timer thread cannot be started, and what the message's move constructor throws.
    template <class M>
    timer_handle tell_after(clock_duration after, M&& message) const {
        return delayed([after](time_point now) { return later_by(now, after); }, std::forward<M>(message));
    }

    /// As above, at a moment of the runtime's clock, of which runtime::now() and context::now() tell.
    template <class M>
    timer_handle tell_at(time_point when, M&& message) const {
        return delayed([when](time_point) { return when; }, std::forward<M>(message));
    }

    /// Sends a copy of `message` after each `period`, until it is cancelled or vanishes as above. Throws also
    /// std::invalid_argument if the period is not positive. If a copy throws, the failure sink hears of it and that one
    /// is left out.
    template <class M>
    timer_handle tell_every(clock_duration period, M&& message, repetition how = repetition::fixed_rate) const {
        if constexpr (check_tell<A, std::decay_t<M>, F>()) {
            if (this->cell_ != nullptr) {
                return detail::tell_every<A>(*this->cell_, std::forward<M>(message), period, how);
            }
        }
        return timer_handle();
    }

private:
    template <class When, class M>
    timer_handle delayed(When when, M&& message) const {
        if constexpr (check_tell<A, std::decay_t<M>, F>()) {
            if (this->cell_ != nullptr) {
                return detail::tell_later<A, false>(*this->cell_, std::forward<M>(message), when,
                                                    clock_duration::zero(), repetition::fixed_delay);
            }
        }
        return timer_handle();
    }

    template <class M>
    auto ask_within(M&& message, const clock_duration* timeout) const ->
        typename detail::ask_result<A, std::decay_t<M>, F>::type {
        using message_type = std::decay_t<M>;
        if constexpr (check_ask<A, message_type, F>()) {
            if (this->cell_ == nullptr) {
                return answer<reply_type<A, message_type, F>, F>(ask_error{ask_error::no_target, nullptr});
            }
            message_type copy(std::forward<M>(message));
            return detail::ask_cell<A>(*this->cell_, std::move(copy), timeout);
        } else {
            return refused{};
        }
    }
};

}  // namespace drover

template <class A, class F>
struct std::hash<drover::ref<A, F>> : std::hash<drover::basic_handle<F>> {};
