#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "drover/actor/resumption.hpp"
#include "drover/actor/task.hpp"

namespace drover {

template <class... Awaitables>
struct all_of;
template <class... Awaitables>
struct any_of;

namespace detail {

// What one of several gives: nothing is a value here.
template <class Operation>
using given_by = std::conditional_t<std::is_void_v<decltype(std::declval<Operation&>().take())>, std::monostate,
                                    std::remove_cvref_t<decltype(std::declval<Operation&>().take())>>;

template <class Operation>
given_by<Operation> take_from(Operation& operation) {
    if constexpr (std::is_void_v<decltype(operation.take())>) {
        operation.take();
        return {};
    } else {
        return operation.take();
    }
}

// Several operations, each with an arm that is called when its own is there. `Group` decides what that means.
template <class Group, class... Operations>
class operations_side_by_side {
public:
    operations_side_by_side(const operations_side_by_side&) = delete;
    operations_side_by_side& operator=(const operations_side_by_side&) = delete;

protected:
    static constexpr std::size_t count = sizeof...(Operations);

    struct arm : resumption {
        Group* group = nullptr;
    };

    template <class... From>
    explicit operations_side_by_side(std::tuple<From...>&& from)
        : operations_(std::apply([](From&... each) { return std::tuple<From&&...>(std::move(each)...); }, from)) {
        for (arm& each : arms_) {
            each.next = &on_arm;
            each.group = static_cast<Group*>(this);
        }
    }
    ~operations_side_by_side() = default;

    std::size_t place_of(const arm& one) const noexcept { return static_cast<std::size_t>(&one - arms_.data()); }

    static std::coroutine_handle<> on_arm(resumption* one) noexcept {
        arm& self = static_cast<arm&>(*one);
        return self.group->arrived(self.group->place_of(self));
    }

    std::tuple<Operations...> operations_;
    std::array<arm, count> arms_{};
    resumption* then_ = nullptr;
};

template <class... Operations>
class all_operation : operations_side_by_side<all_operation<Operations...>, Operations...> {
    using base = operations_side_by_side<all_operation, Operations...>;
    friend base;

public:
    template <class... Awaitables>
    explicit all_operation(all_of<Awaitables...>&& from) : base(std::move(from.parts)) {}

    bool start(resumption& then) {
        this->then_ = &then;
        start_each(std::index_sequence_for<Operations...>());
        return missing_ != 0;
    }

    std::tuple<given_by<Operations>...> take() {
        return std::apply([](Operations&... each) { return std::tuple<given_by<Operations>...>{take_from(each)...}; },
                          this->operations_);
    }

private:
    template <std::size_t... Places>
    void start_each(std::index_sequence<Places...>) {
        ((missing_ += std::get<Places>(this->operations_).start(this->arms_[Places]) ? 1U : 0U), ...);
    }

    std::coroutine_handle<> arrived(std::size_t) noexcept {
        missing_ -= 1;
        return missing_ == 0 ? this->then_->next(this->then_) : std::noop_coroutine();
    }

    std::size_t missing_ = 0;
};

template <class... Operations>
class any_operation : operations_side_by_side<any_operation<Operations...>, Operations...> {
    using base = operations_side_by_side<any_operation, Operations...>;
    friend base;

public:
    template <class... Awaitables>
    explicit any_operation(any_of<Awaitables...>&& from) : base(std::move(from.parts)) {}

    bool start(resumption& then) {
        this->then_ = &then;
        start_each(std::index_sequence_for<Operations...>());
        return first_ == none;
    }

    std::variant<given_by<Operations>...> take() { return take_first(std::index_sequence_for<Operations...>()); }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    using given = std::variant<given_by<Operations>...>;

    template <std::size_t Place>
    void start_one() {
        if (first_ == none && !std::get<Place>(this->operations_).start(this->arms_[Place])) {
            first_ = Place;
        }
    }
    template <std::size_t... Places>
    void start_each(std::index_sequence<Places...>) {
        (start_one<Places>(), ...);
    }

    template <std::size_t Place>
    static given take_at(any_operation& self) {
        return given(std::in_place_index<Place>, take_from(std::get<Place>(self.operations_)));
    }
    template <std::size_t... Places>
    given take_first(std::index_sequence<Places...>) {
        static constexpr std::array<given (*)(any_operation&), sizeof...(Places)> each{&take_at<Places>...};
        return each[first_](*this);
    }

    std::coroutine_handle<> arrived(std::size_t place) noexcept {
        if (first_ != none) {
            return std::noop_coroutine();
        }
        first_ = place;
        return this->then_->next(this->then_);
    }

    std::size_t first_ = none;
};

// True, or one error of one fixed sentence.
template <class... Awaitables>
consteval bool check_group() {
    static_assert(sizeof...(Awaitables) != 0, "drover: nothing to wait for: when_all and when_any take at least one");
    static_assert((awaitable_in_task<Awaitables> && ...),
                  "drover: not awaitable in a task: when_all and when_any take asks, sleep_for, tell_when_room, other "
                  "drover::tasks, and each other");
    return sizeof...(Awaitables) != 0 && (awaitable_in_task<Awaitables> && ...);
}

}  // namespace detail

template <class... Awaitables>
struct [[nodiscard]] all_of {
    using operation = detail::all_operation<typename Awaitables::operation...>;

    std::tuple<Awaitables...> parts;
};

template <class... Awaitables>
struct [[nodiscard]] any_of {
    using operation = detail::any_operation<typename Awaitables::operation...>;

    std::tuple<Awaitables...> parts;
};

/// `auto [a, b] = co_await when_all(x.ask(1), y.ask(2))` inside a task: begins to wait for all of them, which run side
/// by side, and goes on when each is there. Gives a tuple; std::monostate for what gives nothing. If some have failed,
/// the first of them in the order of the arguments is thrown, and the rest is dropped; ask for `as_result()` to have
/// all. A task among them runs until it waits itself, in the order of the arguments. Allocates nothing beside what each
/// of them does.
template <class... Awaitables>
auto when_all(Awaitables... each) {
    if constexpr (detail::check_group<Awaitables...>()) {
        return all_of<Awaitables...>{std::tuple<Awaitables...>(std::move(each)...)};
    } else {
        return refused{};
    }
}

/// `auto first = co_await when_any(x.ask(1), sleep_for(1s))` inside a task: goes on when one of them is there, and
/// gives a std::variant whose index() says which; throws if that one has failed. The others are let go at the end of
/// the expression: the frame of a task is destroyed where it stands, the reply to an ask is dropped, a sleep ends. One
/// that is there at once keeps those after it from being begun.
template <class... Awaitables>
auto when_any(Awaitables... each) {
    if constexpr (detail::check_group<Awaitables...>()) {
        return any_of<Awaitables...>{std::tuple<Awaitables...>(std::move(each)...)};
    } else {
        return refused{};
    }
}

}  // namespace drover
