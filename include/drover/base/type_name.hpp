#pragma once

#include <string_view>

namespace drover {

namespace detail {

template <class T>
consteval std::string_view signature_of() noexcept {
    return __PRETTY_FUNCTION__;
}

}  // namespace detail

/// The name of `T` as the compiler writes it, for messages to people. Two types may share a name (lambdas of two files
/// do under some compilers), so it is never an identity. Computed at compile time; the text has static storage.
template <class T>
constexpr std::string_view type_name() noexcept {
    // The text around the name is the same for every type, so it is measured on one whose name is known.
    constexpr std::string_view probe = detail::signature_of<double>();
    constexpr std::size_t before = probe.find("double");
    constexpr std::size_t after = probe.size() - before - 6;
    constexpr std::string_view whole = detail::signature_of<T>();
    return whole.substr(before, whole.size() - before - after);
}

static_assert(type_name<int>() == "int");

}  // namespace drover
