#pragma once

#include <concepts>
#include <cstddef>
#include <tuple>

#include "drover/health/panic.hpp"
#include "drover/health/part.hpp"

namespace drover {

namespace detail {

template <class T, class... Ts>
inline constexpr std::size_t times_in = (std::size_t{0} + ... + (std::same_as<T, Ts> ? 1U : 0U));

}  // namespace detail

/// The options of a health policy: those of its parts, and of panic. Give those that differ, in any order:
/// `{outlier_detection::options{.consecutive = 3}, panic_options{.below = 30}}`.
template <health_part... Parts>
class health_options {
public:
    constexpr health_options() = default;

    template <class... Given>
        requires(sizeof...(Given) != 0) &&
                ((detail::times_in<Given, panic_options, typename Parts::options...> == 1) && ...)
    constexpr health_options(const Given&... given) : all_() {
        static_assert(((detail::times_in<Given, Given...> == 1) && ...),
                      "drover: the options of a part of health are given once");
        ((std::get<Given>(all_) = given), ...);
    }

    template <class Part>
    constexpr const typename Part::options& of() const noexcept {
        return std::get<typename Part::options>(all_);
    }
    constexpr const panic_options& panic() const noexcept { return std::get<panic_options>(all_); }

private:
    std::tuple<panic_options, typename Parts::options...> all_;
};

/// Throws std::invalid_argument with one sentence if a number is out of its range.
template <class... Parts>
void check(const health_options<Parts...>& chosen) {
    check(chosen.panic());
    (check(chosen.template of<Parts>()), ...);
}

}  // namespace drover
