#pragma once

#include <concepts>

#include "drover/base/ids.hpp"
#include "drover/message/message_names.hpp"

namespace drover {

/// The default tracing policy: a message carries nothing and nothing is recorded. Own policies derive from it and hide
/// what they want; what they do not hide costs nothing. All is called on the message path: noexcept and quick. Names
/// have static storage.
///
/// `stamp` is what travels with each message, and what is kept by whoever goes on later: a reply that is waited for, a
/// coroutine, a repeated message. The three classes stand on the stack, around what their name says.
struct no_tracing {
    struct stamp {};

    /// Fills the stamp of a message that is being sent, in the sender's thread.
    static constexpr void sent(auto& /*stamp*/, actor_id /*receiver*/, const message_names&) noexcept {}
    /// The time of a message that was told for later has come: it goes into the mailbox.
    static constexpr void due(const auto& /*stamp*/, actor_id /*receiver*/, const message_names&) noexcept {}
    /// A message is taken along into the batch that is about to be handled.
    static constexpr void joined(const auto& /*stamp*/, actor_id /*receiver*/, const message_names&) noexcept {}
    /// Fills the stamp of a reply, in the thread that answers.
    static constexpr void replied(auto& /*stamp*/, const message_names&) noexcept {}
    /// Fills a stamp with what runs here, to be kept for what goes on with it later.
    static constexpr void keep(auto& /*stamp*/) noexcept {}

    /// Around a handler.
    struct handling {
        constexpr handling(const auto& /*stamp*/, actor_id, const message_names&) noexcept {}
    };
    /// Around what goes on later: `kept` is the stamp that was kept when it began to wait, `cause` the reply's stamp,
    /// or an empty one of what waited for time or room.
    struct resuming {
        constexpr resuming(const auto& /*kept*/, const auto& /*cause*/, actor_id, const message_names&) noexcept {}
    };
    /// Around what is sent for the sake of what ran when the stamp was kept.
    struct acting {
        explicit constexpr acting(const auto& /*kept*/) noexcept {}
    };
};

/// Checks all that the runtime uses, so that an own policy that lacks something is refused at the features bundle.
template <class T>
concept tracing_policy = requires(typename T::stamp& stamp, const typename T::stamp& kept, actor_id id,
                                  const message_names& names) {
    T::sent(stamp, id, names);
    T::due(kept, id, names);
    T::joined(kept, id, names);
    T::replied(stamp, names);
    T::keep(stamp);
    requires std::constructible_from<typename T::handling, const typename T::stamp&, actor_id, const message_names&>;
    requires std::constructible_from<typename T::resuming, const typename T::stamp&, const typename T::stamp&, actor_id,
                                     const message_names&>;
    requires std::constructible_from<typename T::acting, const typename T::stamp&>;
};

static_assert(tracing_policy<no_tracing>);

}  // namespace drover
