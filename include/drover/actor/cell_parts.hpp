#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>

#include "drover/actor/departure.hpp"
#include "drover/actor/suspended_task.hpp"
#include "drover/features/features.hpp"
#include "drover/message/node.hpp"
#include "drover/message/stop_reason.hpp"

namespace drover {

template <class F>
struct basic_cell;

template <class F>
struct pending_ask;

struct own_worker;

template <class F>
class watch_table;

template <class F>
class receive_timer;

template <class F>
class actor_guard;

template <class F>
class stop_limit;

/// How a handler changes the behaviour of its actor, whose type it does not know; see actor/behaviours.hpp.
template <class F>
struct behaviour_operations {
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    std::size_t (*find)(const std::type_info&) noexcept;        ///< the place of a behaviour, or `none`
    void (*propose)(basic_cell<F>&, std::size_t, void* state);  ///< takes over `state`, for the next change
    void (*change)(basic_cell<F>&, basic_context<F>&);          ///< puts what was proposed in force
    void (*withdraw)(basic_cell<F>&);                           ///< forgets what was proposed
};

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
    const behaviour_operations<F>* behaviours = nullptr;  ///< null unless it has several
};

/// What few actors need: a name, children, asks that are under way, a reason to stop, listeners, supervision, messages
/// out of a stash. Made when first needed.
template <class F>
struct cell_extra {
    cell_extra() noexcept = default;
    cell_extra(const cell_extra&) = delete;
    cell_extra& operator=(const cell_extra&) = delete;
    ~cell_extra() {
        if (guard != nullptr) {
            free_guard(guard);
        }
    }

    std::string name;
    basic_cell<F>* youngest_child = nullptr;
    pending_ask<F>* asks = nullptr;
    std::optional<stop_reason> reason;
    std::exception_ptr escalated;     ///< what a child that has just stopped hands up
    actor_guard<F>* guard = nullptr;  ///< of a supervised actor; set before anybody else knows the cell, and owned
    void (*free_guard)(actor_guard<F>*) noexcept = nullptr;
    std::shared_ptr<stop_limit<F>>
        limit;  ///< of its parent's patience, if its spawn set one; shared as `watches`, and set
                ///< before anybody else knows the cell
    departure_list departures;
    std::shared_ptr<watch_table<F>>
        watches;  ///< whose end this actor waits for; shared only so that the type may be incomplete
    suspended_task<F> task;
    basic_cell<F>* room_of = nullptr;  ///< in whose mailbox a coroutine of this actor waits for room; for people
    lasting_context<F> coroutine_context;

    std::shared_ptr<receive_timer<F>> silence;  ///< the same; what it hears if no message comes
    message_node* first_replayed = nullptr;     ///< what the stash gave back; handled before anything in the mailbox
    message_node* last_replayed = nullptr;

    void give_back(message_node* first, message_node* last) noexcept {
        if (last_replayed != nullptr) {
            last_replayed->next.store(first, std::memory_order_relaxed);
        } else {
            first_replayed = first;
        }
        last_replayed = last;
    }

    void give_back_first(message_node& node) noexcept {
        node.next.store(first_replayed, std::memory_order_relaxed);
        first_replayed = &node;
        last_replayed = last_replayed != nullptr ? last_replayed : &node;
    }

    message_node* take_replayed() noexcept {
        message_node* const node = first_replayed;
        if (node != nullptr) {
            first_replayed = node->next.load(std::memory_order_relaxed);
            last_replayed = first_replayed != nullptr ? last_replayed : nullptr;
        }
        return node;
    }
};

/// Of an actor that has a thread of its own.
template <class F>
struct own_thread_extra final : cell_extra<F> {
    own_worker* thread =
        nullptr;  ///< set before anybody else knows the cell; gone a little after the actor has stopped
};

/// `own_threaded`: it is an own_thread_extra.
template <class F>
void delete_extra(cell_extra<F>* gone, bool own_threaded) noexcept {
    if (own_threaded) {
        delete static_cast<own_thread_extra<F>*>(gone);
    } else {
        delete gone;
    }
}

enum class cell_phase : std::uint8_t {
    fresh,       ///< `started` has not run yet
    running,     ///< takes messages
    timed,       ///< running, and the time of each message is noted
    replaying,   ///< running, and messages out of a stash come first
    unhandled,   ///< running, and its present behaviour has just refused a message
    starting,    ///< running, and in `started` at the moment
    attending,   ///< running, and in a signal's code at the moment
    suspended,   ///< running, but for messages: its handler is a coroutine that waits for something
    batched,     ///< running, and the handler that runs has more than one message
    ending,      ///< has come to the mark of stop_when_drained()
    restarting,  ///< waits for its children to stop, or for the moment of its new state; takes signals only
    stopping,    ///< waits for its children to stop; takes signals only
    closed,      ///< its state is gone
};

/// Takes messages out of its mailbox.
constexpr bool is_running(cell_phase phase) noexcept {
    return phase == cell_phase::running || phase == cell_phase::timed;
}

}  // namespace drover
