#pragma once

#include <type_traits>
#include <utility>

#include "drover/actor/ref.hpp"

namespace drover {

namespace detail {

template <class M, class F>
struct tell_operations {
    delivery (*tell)(basic_cell<F>&, M&&);
    delivery (*try_tell)(basic_cell<F>&, M&);
};

template <class R, class M, class F>
struct ask_operations : tell_operations<M, F> {
    answer<R, F> (*ask)(basic_cell<F>&, M&&, const clock_duration*);
};

template <class A, class M, class F>
inline constexpr tell_operations<M, F> tell_operations_for{
    [](basic_cell<F>& cell, M&& message) { return tell_cell<A>(cell, std::move(message)); },
    [](basic_cell<F>& cell, M& message) { return try_tell_cell<A>(cell, message); }};

template <class A, class R, class M, class F>
inline constexpr ask_operations<R, M, F> ask_operations_for{
    tell_operations_for<A, M, F>, [](basic_cell<F>& cell, M&& message, const clock_duration* timeout) {
        return ask_cell<A>(cell, std::move(message), timeout);
    }};

}  // namespace detail

/// Whoever takes a message of type `M`, whatever type of actor it is. Two pointers and no allocation; made from any ref
/// whose actor has a handler for `M`. Members as those of `ref`. The cost over a ref is one indirect call.
template <class M, class F = features>
class recipient : public basic_handle<F> {
public:
    recipient() noexcept = default;

    template <class A>
        requires handles<A, M, F>
    recipient(const ref<A, F>& target) noexcept
        : basic_handle<F>(target), operations_(&detail::tell_operations_for<A, M, F>) {}

    /// Answers as ref::tell().
    delivery tell(M message) const {
        return this->cell_ == nullptr ? delivery::no_target : operations_->tell(*this->cell_, std::move(message));
    }

    /// As ref::try_tell(): the message stays with the caller unless this answers `accepted` or `accepted_above_high_water`.
    [[nodiscard]] delivery try_tell(M& message) const {
        return this->cell_ == nullptr ? delivery::no_target : operations_->try_tell(*this->cell_, message);
    }

    // --- for the runtime -----------------------------------------------------------------------------------------------

    auto tell_function() const noexcept { return operations_ != nullptr ? operations_->tell : nullptr; }

private:
    const detail::tell_operations<M, F>* operations_ = nullptr;
};

/// Whoever answers a message of type `M` with an `R`.
template <class R, class M, class F>
class recipient<R(M), F> : public basic_handle<F> {
public:
    recipient() noexcept = default;

    template <class A>
        requires(answers<A, M, F> && std::same_as<reply_type<A, M, F>, R>)
    recipient(const ref<A, F>& target) noexcept
        : basic_handle<F>(target), operations_(&detail::ask_operations_for<A, R, M, F>) {}

    /// Answers as ref::tell().
    delivery tell(M message) const {
        return this->cell_ == nullptr ? delivery::no_target : operations_->tell(*this->cell_, std::move(message));
    }

    /// As ref::try_tell(): the message stays with the caller unless this answers `accepted` or `accepted_above_high_water`.
    [[nodiscard]] delivery try_tell(M& message) const {
        return this->cell_ == nullptr ? delivery::no_target : operations_->try_tell(*this->cell_, message);
    }

    [[nodiscard]] answer<R, F> ask(M message) const { return ask_within(std::move(message), nullptr); }
    [[nodiscard]] answer<R, F> ask(M message, clock_duration timeout) const {
        return ask_within(std::move(message), &timeout);
    }

private:
    answer<R, F> ask_within(M&& message, const clock_duration* timeout) const {
        if (this->cell_ == nullptr) {
            return answer<R, F>(ask_error{ask_error::no_target, nullptr});
        }
        return operations_->ask(*this->cell_, std::move(message), timeout);
    }

    const detail::ask_operations<R, M, F>* operations_ = nullptr;
};

}  // namespace drover
