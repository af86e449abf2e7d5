#pragma once

#include "drover/features/deadlines.hpp"
#include "drover/message/envelope.hpp"
#include "drover/metrics/hooks.hpp"
#include "drover/tracing/hooks.hpp"

namespace drover {

/// What changes the layout of a message or the code of the message path, chosen once in a program: a type that derives
/// from this one and hides what it wants to change. It is a template parameter of every ref, so that two choices cannot
/// be mixed by accident. The default costs nothing: no field, no instruction.
struct [[gnu::visibility("default")]] features {
    using metrics = no_metrics;
    using tracing = no_tracing;
    using deadlines = no_deadlines;
};

template <class F>
concept feature_bundle = metrics_policy<typename F::metrics> && tracing_policy<typename F::tracing> &&
                         deadline_policy<typename F::deadlines>;

static_assert(feature_bundle<features>);

/// True, or one error of one fixed sentence.
template <class F>
consteval bool check_bundle() {
    static_assert(
        feature_bundle<F>,
        "drover: not a feature bundle: it derives from drover::features and names policies that have every hook");
    return true;
}

template <class F>
class basic_context;

/// What the features of a bundle let travel with each message.
template <class F>
struct stamp_of {
    [[no_unique_address]] typename F::metrics::stamp metrics{};
    [[no_unique_address]] typename F::tracing::stamp tracing{};
    [[no_unique_address]] typename F::deadlines::stamp deadline{};
};

/// Does a message of the bundle carry a deadline?
template <class F>
inline constexpr bool has_deadlines = F::deadlines::carried;

/// True, or one error of one fixed sentence.
template <class F>
consteval bool check_deadlines() {
    static_assert(
        has_deadlines<F>,
        "drover: the messages of this feature bundle carry no deadline; let the bundle say `using deadlines = "
        "drover::message_deadlines;`");
    return has_deadlines<F>;
}

/// The envelope of a feature bundle: every message of an application has this header.
template <class F>
using envelope_of = envelope<basic_context<F>, stamp_of<F>>;

template <class F>
using operations_of = envelope_operations<basic_context<F>>;

static_assert(sizeof(envelope_of<features>) == 16, "a feature that is off takes room in the envelope");

}  // namespace drover
