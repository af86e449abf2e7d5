#pragma once

#include <type_traits>
#include <utility>

#include "drover/base/clock.hpp"
#include "drover/message/delivery.hpp"
#include "drover/routing/router.hpp"

namespace drover {

/// A route by content: `naming(message)` says by which name, an address or any text, a message goes to an actor of type
/// `A`. Borrows the router, and is as little thread-safe as that. Sends throw what `naming` throws, and behave
/// otherwise as the router's; a text that `naming` gives may belong to the message.
template <class A, class Router, class Naming>
class content_route {
public:
    content_route(Router& by, Naming naming) : router_(by), naming_(std::move(naming)) {}

    template <class M>
    delivery tell(M&& message) {
        const auto& name = naming_(std::as_const(message));
        return router_.template tell<A>(name, std::forward<M>(message));
    }

    template <class M>
    [[nodiscard]] delivery try_tell(M& message) {
        const auto& name = naming_(std::as_const(message));
        return router_.template try_tell<A>(name, message);
    }

    template <class M>
    [[nodiscard]] auto ask(M&& message) {
        const auto& name = naming_(std::as_const(message));
        return router_.template ask<A>(name, std::forward<M>(message));
    }
    template <class M>
    [[nodiscard]] auto ask(M&& message, clock_duration timeout) {
        const auto& name = naming_(std::as_const(message));
        return router_.template ask<A>(name, std::forward<M>(message), timeout);
    }

private:
    Router& router_;
    Naming naming_;
};

/// `route<worker>(router, [](const job& j) { return j.region; })`.
template <class A, class Router, class Naming>
content_route<A, Router, std::decay_t<Naming>> route(Router& by, Naming&& naming) {
    return {by, std::forward<Naming>(naming)};
}

}  // namespace drover
