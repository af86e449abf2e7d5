#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>

#include "drover/actor/departure.hpp"
#include "drover/features/features.hpp"
#include "drover/message/stop_reason.hpp"

namespace drover {

template <class F>
struct basic_cell;

template <class F>
struct pending_ask;

/// What the runtime knows of an actor type. One static record for each.
template <class F>
struct cell_operations {
    void (*start)(basic_cell<F>&, basic_context<F>&);  ///< null if the type has no `started`
    void (*stop)(basic_cell<F>&, const stop_reason&);  ///< null if it has no `stopped`
    void (*destroy_state)(basic_cell<F>&);
    void (*free)(basic_cell<F>*) noexcept;
    const std::type_info* type;
    std::string_view name;
    std::size_t outbox;  ///< messages a receiver that the type gathers before it pushes; 0: as the runtime says
};

/// What few actors need: a name, children, asks that are under way, a reason to stop, listeners. Made when first needed.
template <class F>
struct cell_extra {
    /// Decides what a failure does in place of stopping the actor; true if it has decided. Supervision sets it.
    using failure_hook = bool(basic_cell<F>&, basic_context<F>&, const std::exception_ptr&);

    std::string name;
    basic_cell<F>* youngest_child = nullptr;
    pending_ask<F>* asks = nullptr;
    std::optional<stop_reason> reason;
    failure_hook* on_failure = nullptr;
    departure_list departures;
};

enum class cell_phase : std::uint8_t {
    fresh,      ///< `started` has not run yet
    running,    ///< takes messages
    attending,  ///< running, and in `started` or a signal's code at the moment
    batched,    ///< running, and the handler that runs has more than one message
    ending,     ///< has come to the mark of stop_when_drained()
    stopping,   ///< waits for its children to stop; takes signals only
    closed,     ///< its state is gone
};

}  // namespace drover
