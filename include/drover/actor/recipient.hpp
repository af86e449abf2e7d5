#pragma once

#include <type_traits>
#include <utility>

#include "drover/actor/ref.hpp"

namespace drover {

namespace detail {

// When a message that is put off is due: a moment, or so long from the present one.
struct due_moment {
    time_point at{};
    clock_duration after{};
    bool from_now = false;

    time_point operator()(time_point now) const noexcept { return from_now ? later_by(now, after) : at; }
};

template <class M, class F>
struct tell_operations {
    delivery (*tell)(basic_cell<F>&, M&&);
    delivery (*try_tell)(basic_cell<F>&, M&);
    timer_handle (*tell_later)(basic_cell<F>&, M&&, due_moment);
    timer_handle (*tell_every)(basic_cell<F>&, M&&, clock_duration, repetition);  ///< null if `M` cannot be copied
};

template <class R, class M, class F>
struct ask_operations : tell_operations<M, F> {
    answer<R, F> (*ask)(basic_cell<F>&, M&&, const clock_duration*);
};

template <class A, class M, class F>
inline constexpr tell_operations<M, F> tell_operations_for{
    [](basic_cell<F>& cell, M&& message) { return tell_cell<A>(cell, std::move(message)); },
    [](basic_cell<F>& cell, M& message) { return try_tell_cell<A>(cell, message); },
    [](basic_cell<F>& cell, M&& message, due_moment when) {
        return tell_later<A, false>(cell, std::move(message), when, clock_duration::zero(), repetition::fixed_delay);
    },
    []() -> timer_handle (*)(basic_cell<F>&, M&&, clock_duration, repetition) {
        if constexpr (std::is_copy_constructible_v<M>) {
            return [](basic_cell<F>& cell, M&& message, clock_duration period, repetition how) {
                return tell_every<A>(cell, std::move(message), period, how);
            };
        } else {
            return nullptr;
        }
    }()};

template <class A, class R, class M, class F>
inline constexpr ask_operations<R, M, F> ask_operations_for{
    tell_operations_for<A, M, F>, [](basic_cell<F>& cell, M&& message, const clock_duration* timeout) {
        return ask_cell<A>(cell, std::move(message), timeout);
    }};

// What every recipient can do.
template <class M, class F, class Operations>
class basic_recipient : public basic_handle<F> {
public:
    /// Answers as ref::tell().
    delivery tell(M message) const {
        return this->cell_ == nullptr ? delivery::no_target : operations_->tell(*this->cell_, std::move(message));
    }

    /// As ref::try_tell(): the message stays with the caller unless this answers `accepted` or
    /// `accepted_above_high_water`.
    [[nodiscard]] delivery try_tell(M& message) const {
        return this->cell_ == nullptr ? delivery::no_target : operations_->try_tell(*this->cell_, message);
    }

    /// As ref::tell_after().
    timer_handle tell_after(clock_duration after, M message) const {
        return later({.after = after, .from_now = true}, std::move(message));
    }

    /// As ref::tell_at().
    timer_handle tell_at(time_point when, M message) const { return later({.at = when}, std::move(message)); }

    /// As ref::tell_every().
    timer_handle tell_every(clock_duration period, M message, repetition how = repetition::fixed_rate) const {
        if constexpr (check_repeated<M>()) {
            if (this->cell_ != nullptr) {
                return operations_->tell_every(*this->cell_, std::move(message), period, how);
            }
        }
        return timer_handle();
    }

protected:
    basic_recipient() noexcept = default;
    basic_recipient(const basic_handle<F>& target, const Operations& operations) noexcept
        : basic_handle<F>(target), operations_(&operations) {}
    basic_recipient(const basic_recipient&) = default;
    basic_recipient(basic_recipient&&) = default;
    basic_recipient& operator=(const basic_recipient&) = default;
    basic_recipient& operator=(basic_recipient&&) = default;
    ~basic_recipient() = default;

    const Operations* operations_ = nullptr;

private:
    timer_handle later(due_moment when, M&& message) const {
        return this->cell_ == nullptr ? timer_handle()
                                      : operations_->tell_later(*this->cell_, std::move(message), when);
    }
};

}  // namespace detail

/// Whoever takes a message of type `M`, whatever type of actor it is. Two pointers and no allocation; made from any ref
/// whose actor has a handler for `M`. Members as those of `ref`, also the sends that wait for their time. The cost over
/// a ref is one indirect call.
template <class M, class F = features>
class recipient : public detail::basic_recipient<M, F, detail::tell_operations<M, F>> {
    using base = detail::basic_recipient<M, F, detail::tell_operations<M, F>>;

public:
    recipient() noexcept = default;

    template <class A>
        requires handles<A, M, F>
    recipient(const ref<A, F>& target) noexcept : base(target, detail::tell_operations_for<A, M, F>) {}

    // --- for the runtime -----------------------------------------------------------------------------------------------

    auto tell_function() const noexcept { return this->operations_ != nullptr ? this->operations_->tell : nullptr; }
};

/// Whoever answers a message of type `M` with an `R`.
template <class R, class M, class F>
class recipient<R(M), F> : public detail::basic_recipient<M, F, detail::ask_operations<R, M, F>> {
    using base = detail::basic_recipient<M, F, detail::ask_operations<R, M, F>>;

public:
    recipient() noexcept = default;

    template <class A>
        requires(answers<A, M, F> && std::same_as<reply_type<A, M, F>, R>)
    recipient(const ref<A, F>& target) noexcept : base(target, detail::ask_operations_for<A, R, M, F>) {}

    [[nodiscard]] answer<R, F> ask(M message) const { return ask_within(std::move(message), nullptr); }
    [[nodiscard]] answer<R, F> ask(M message, clock_duration timeout) const {
        return ask_within(std::move(message), &timeout);
    }

private:
    answer<R, F> ask_within(M&& message, const clock_duration* timeout) const {
        if (this->cell_ == nullptr) {
            return answer<R, F>(ask_error{ask_error::no_target, nullptr});
        }
        return this->operations_->ask(*this->cell_, std::move(message), timeout);
    }
};

}  // namespace drover
