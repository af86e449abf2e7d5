#pragma once

#include <version>

#if defined(__cpp_lib_expected) && __cpp_lib_expected >= 202211L
#include <expected>
#else
#include <tl/expected.hpp>
#endif

namespace drover {

// The two are used only through `explicit operator bool`, `value()` and `error()`, which they share.
#if defined(__cpp_lib_expected) && __cpp_lib_expected >= 202211L
template <class T, class E>
using expected = std::expected<T, E>;
template <class E>
using unexpected = std::unexpected<E>;
#else
template <class T, class E>
using expected = tl::expected<T, E>;
template <class E>
using unexpected = tl::unexpected<E>;
#endif

}  // namespace drover
