#pragma once

#include "drover/base/ids.hpp"

namespace drover {

/// The default tracing policy: a message carries nothing and nothing is recorded. `stamp` is what travels in the envelope,
/// filled by `sent` in the sender's thread and read by `received` just before the handler.
struct no_tracing {
    struct stamp {};

    static constexpr void sent(stamp&, actor_id /*receiver*/) noexcept {}
    static constexpr void received(const stamp&, actor_id /*receiver*/) noexcept {}
};

template <class T>
concept tracing_policy = requires(typename T::stamp& stamp, actor_id id) {
    T::sent(stamp, id);
    T::received(stamp, id);
};

static_assert(tracing_policy<no_tracing>);

}  // namespace drover
