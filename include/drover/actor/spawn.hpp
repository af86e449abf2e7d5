#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "drover/actor/actor_cell.hpp"
#include "drover/actor/actor_label.hpp"
#include "drover/actor/boxed_mailbox.hpp"
#include "drover/actor/choices.hpp"
#include "drover/actor/guard.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/linger.hpp"
#include "drover/actor/own_thread.hpp"
#include "drover/actor/ref.hpp"
#include "drover/actor/stop_limit.hpp"
#include "drover/actor/task_run.hpp"
#include "drover/base/text.hpp"
#include "drover/base/type_name.hpp"
#include "drover/features/metrics_part.hpp"

namespace drover {

/// What may be said of one actor when it is spawned.
struct spawn_options {
    std::string name{};        ///< for people: dead letters, failures, stragglers; empty: the actor's type
    std::size_t capacity = 0;  ///< of a mailbox whose type says `given_at_spawn`, 1 or more; 0 for all others
    /// With `own_thread` all of the actor's code but its constructor runs in one thread, which begins with spawn and
    /// ends when the actor has stopped, so that it may block in a file, a socket or a device. It is a worker as all are
    /// in what it may ask of drover: an answer's get(), and waiting for room, are `would_deadlock` there too. It has no
    /// outbox.
    drover::placement placement = drover::placement::workers;
    /// Of a child: how long its parent waits for it to stop, on the runtime's clock, before it goes on without it; > 0.
    /// By default it waits without end. Nobody waits for the stop of an actor without a parent but the runtime's
    /// `stop_deadline`.
    clock_duration stop_within = clock_duration::max();
};

/// As spawn_options, and the mailbox of this one actor, whose type must not name one:
/// `rt.spawn<A>(drover::spawn_in<drover::bounded_mailbox<64>>{{.name = "quotes"}}, …)`.
template <mailbox_policy Mailbox>
struct spawn_in {
    spawn_options options{};
};

template <class T>
inline constexpr bool is_spawn_options = false;
template <>
inline constexpr bool is_spawn_options<spawn_options> = true;
template <class Mailbox>
inline constexpr bool is_spawn_options<spawn_in<Mailbox>> = true;

namespace detail {

template <class A, class... Arguments>
void construct_state(A* at, Arguments&&... arguments) {
    if constexpr (std::is_constructible_v<A, Arguments...>) {
        ::new (static_cast<void*>(at)) A(std::forward<Arguments>(arguments)...);
    } else {
        ::new (static_cast<void*>(at)) A{std::forward<Arguments>(arguments)...};
    }
}

// Throws std::invalid_argument if the options and the mailbox's type do not agree on its capacity.
template <class A, class Mailbox>
mailbox_limits limits_at_spawn(const spawn_options& options) {
    mailbox_limits limits = Mailbox::default_limits();
    if constexpr (Mailbox::limited) {
        if (limits.capacity == given_at_spawn) {
            if (options.capacity == 0 || options.capacity > mailbox_limits::no_limit) {
                throw std::invalid_argument(
                    join_text({"drover: the mailbox of ", type_name<A>(), " wants spawn_options::capacity, which is ",
                               std::to_string(options.capacity), "; use 1 or more"}));
            }
            limits.capacity = options.capacity;
            limits.high_water = Mailbox::marks::high_of(options.capacity);
            limits.low_water = Mailbox::marks::low_of(options.capacity);
            return limits;
        }
    }
    if (options.capacity != 0) {
        throw std::invalid_argument(
            join_text({"drover: spawn_options::capacity is ", std::to_string(options.capacity), ", but the mailbox of ",
                       type_name<A>(), " does not take one; use bounded_mailbox<given_at_spawn>"}));
    }
    return limits;
}

// Null if the cell's own list is all there is.
template <class A, class F, class Mailbox>
std::unique_ptr<boxed_mailbox<F, Mailbox>> make_mailbox(const spawn_options& options) {
    mailbox_limits limits = limits_at_spawn<A, Mailbox>(options);
    if constexpr (std::is_same_v<Mailbox, unbounded_mailbox>) {
        return nullptr;
    } else {
        if constexpr (batching_of<A>::patience.count() > 0) {
            limits.wake_at = std::min(batching_of<A>::enough, limits.capacity);
        }
        auto own = std::make_unique<boxed_mailbox<F, Mailbox>>(limits);
        if constexpr (batching_of<A>::patience.count() > 0) {
            own->linger = std::make_unique<linger_state<F>>(batching_of<A>::patience);
        }
        return own;
    }
}

template <class A, class F>
void choose_outbox(basic_cell<F>& fresh) noexcept {
    if constexpr (chooses_outbox<A>) {
        fresh.outboxed = A::outbox::size != 0;
    } else {
        fresh.outboxed = fresh.core->outbox != 0;
    }
}

template <class A, class F>
thread_for_actor<F> start_thread(actor_core<F>& core, const spawn_options& options) {
    if (options.placement == placement::workers) {
        return {};
    }
    return thread_for_actor<F>(
        core.start_own_thread(options.name.empty() ? type_name<A>() : std::string_view(options.name)));
}

// A mailbox that a spawn names for an actor whose type names none. True, or one error of one fixed sentence.
template <class A, class Mailbox>
consteval bool check_spawn_in() noexcept {
    static_assert(
        !requires { typename A::mailbox; },
        "drover: two mailboxes: the actor's type names one, so the spawn must not name another");
    static_assert(Mailbox::limited || batching_of<A>::patience.count() == 0,
                  "drover: an actor that lingers needs a mailbox that counts: a bounded one, or none of its own");
    return true;
}

// Does the actor's type say how it is supervised (supervision/supervision.hpp)?
template <class A>
concept supervised_by_type = requires { A::supervision.on_failure; };

// What supervises the actor if its type says how; else null.
template <class A, class F, class... Arguments>
guard_pointer<F> own_guard([[maybe_unused]] const Arguments&... arguments) {
    if constexpr (supervised_by_type<A>) {
        return A::supervision.template guard<A, F>(arguments...);
    } else {
        return nullptr;
    }
}

}  // namespace detail

/// Makes an actor of type `A`: `build` constructs it here, in the caller's thread; `started` runs on a worker. `parent`
/// is the actor that runs here, or null. An actor with a `started` may be given its first children by
/// `build.populate(cell)`, which throws nothing: it does not run before that. `guard` may have a membership. Throws
/// std::bad_alloc, what `build` throws, and std::system_error if it was to have a thread and none could be started;
/// then nothing has happened.
template <class A, class F, class Mailbox, class Build>
ref<A, F> spawn_built(actor_core<F>& core, basic_cell<F>* parent, spawn_options options, guard_pointer<F> guard,
                      Build build) {
    using cell_type = actor_cell<A, F>;
    lane& mine = lane_to(core);
    if (options.stop_within.count() <= 0) {
        throw std::invalid_argument(join_text({"drover: spawn_options::stop_within is ",
                                               std::to_string(options.stop_within.count()), " ns; use more than 0"}));
    }
    const bool limited = parent != nullptr && options.stop_within != clock_duration::max();
    detail::thread_for_actor<F> thread = detail::start_thread<A>(core, options);
    own_thread_extra<F>* const threaded = thread ? new own_thread_extra<F> : nullptr;
    cell_extra<F>* named = threaded;
    if (named == nullptr && (!options.name.empty() || guard != nullptr || limited)) {
        named = new cell_extra<F>;
    }
    const auto free_extra = [own = threaded != nullptr](cell_extra<F>* gone) { delete_extra(gone, own); };
    std::unique_ptr<cell_extra<F>, decltype(free_extra)> extra(named, free_extra);
    if (named != nullptr) {
        named->name = std::move(options.name);
    }
    if (parent != nullptr) {
        parent->more();
    }
    auto own = detail::make_mailbox<A, F, Mailbox>(options);
    if constexpr (requires { own->extra.join(*guard->member); }) {
        own->extra.join(*guard->member);
    }
    void* const memory = pooled_memory<cell_type>::allocate();
    cell_type* fresh = nullptr;
    try {
        fresh = new (memory) cell_type(core, own.get(), threaded == nullptr);
        if (guard != nullptr && parent != nullptr && restarts_together(*parent)) {
            guard->seat = std::make_unique<group_seat<F>>(*fresh);
        }
        if (limited) {
            extra->limit = std::make_shared<stop_limit<F>>(*fresh, options.stop_within);
        }
        build(std::addressof(fresh->state));
    } catch (...) {
        std::destroy_at(fresh);
        pooled_memory<cell_type>::deallocate(memory);
        core.release();
        throw;
    }
    if (guard != nullptr) {
        extra->free_guard = guard->operations->destroy;
        extra->guard = guard.release();
    }
    if (threaded == nullptr) {
        detail::choose_outbox<A>(*fresh);
    } else {
        thread.pass_to(*fresh, *threaded);
    }
    fresh->extra.store(extra.release(), std::memory_order_release);
    if constexpr (batching_of<A>::patience.count() > 0) {
        own->linger->attach(*fresh);
    }
    static_cast<void>(own.release());  // the cell has it
    if constexpr (requires { build.populate(*fresh); }) {
        build.populate(*fresh);
    }
    if constexpr (F::metrics::labelled) {
        fresh->label = label_of<A>(fresh->name());
    }
    F::metrics::on_spawn(metrics_part<F>(mine), fresh->subject());
    ref<A, F> result(boost::intrusive_ptr<basic_cell<F>>(fresh, false));
    if (parent != nullptr && !mine.worker) {
        fresh->adopt_into(*parent);
    } else if (parent != nullptr) {
        const inside_scope scope(static_cast<worker&>(mine).inside);
        fresh->adopt_into(*parent);
    } else if (!core.add_root(*fresh)) {
        fresh->request_stop(stop_kind::runtime_stopped);
    }
    if constexpr (has_started<A, F>) {
        fresh->schedule(mine);
    }
    return result;
}

/// As above, from `arguments` (with braces if it is an aggregate).
template <class A, class F, class Mailbox, class... Arguments>
ref<A, F> spawn_with(actor_core<F>& core, basic_cell<F>* parent, spawn_options options, Arguments&&... arguments) {
    return spawn_built<A, F, Mailbox>(
        core, parent, std::move(options), detail::own_guard<A, F>(arguments...),
        [&](A* at) { detail::construct_state<A>(at, std::forward<Arguments>(arguments)...); });
}

template <class A, class F, class... Arguments>
ref<A, F> spawn_actor(actor_core<F>& core, basic_cell<F>* parent, spawn_options options, Arguments&&... arguments) {
    return spawn_with<A, F, mailbox_of<A>>(core, parent, std::move(options), std::forward<Arguments>(arguments)...);
}

template <class A, class F, class Mailbox, class... Arguments>
ref<A, F> spawn_actor(actor_core<F>& core, basic_cell<F>* parent, spawn_in<Mailbox> options, Arguments&&... arguments) {
    static_assert(detail::check_spawn_in<A, Mailbox>());
    return spawn_with<A, F, Mailbox>(core, parent, std::move(options.options), std::forward<Arguments>(arguments)...);
}

template <class A, class F, class... Arguments>
ref<A, F> spawn_actor(actor_core<F>& core, basic_cell<F>* parent, Arguments&&... arguments) {
    return spawn_actor<A, F>(core, parent, spawn_options{}, std::forward<Arguments>(arguments)...);
}

template <class A, class F>
inline constexpr behaviour_operations<F> behaviour_record{
    [](const std::type_info& wanted) noexcept { return A::find(wanted); },
    [](basic_cell<F>& cell, std::size_t place, void* state) { actor_cell<A, F>::state_of(cell).propose(place, state); },
    [](basic_cell<F>& cell, basic_context<F>& turn) { actor_cell<A, F>::state_of(cell).change(turn); },
    [](basic_cell<F>& cell) { actor_cell<A, F>::state_of(cell).withdraw(); }};

template <class A, class F>
inline constexpr cell_operations<F> actor_cell<A, F>::record{
    []() -> void (*)(basic_cell<F>&, basic_context<F>&) {
        if constexpr (has_started<A, F>) {
            return [](basic_cell<F>& cell, basic_context<F>& turn) {
                if constexpr (is_task<decltype(state_of(cell).started(turn))>) {
                    detail::begin_started<A>(state_of(cell), turn);
                } else {
                    state_of(cell).started(turn);
                }
            };
        } else {
            return nullptr;
        }
    }(),
    []() -> void (*)(basic_cell<F>&, const stop_reason&) {
        if constexpr (has_stopped<A>) {
            return [](basic_cell<F>& cell, const stop_reason& reason) { state_of(cell).stopped(reason); };
        } else {
            return nullptr;
        }
    }(),
    &destroy_state,
    &free,
    &typeid(typename seen_as<A>::type),
    type_name<typename seen_as<A>::type>(),
    []() -> std::size_t {
        if constexpr (chooses_outbox<A>) {
            return A::outbox::size;
        } else {
            return 0;
        }
    }(),
    []() -> const behaviour_operations<F>* {
        if constexpr (has_behaviours<A>) {
            return &behaviour_record<A, F>;
        } else {
            return nullptr;
        }
    }()};

}  // namespace drover
