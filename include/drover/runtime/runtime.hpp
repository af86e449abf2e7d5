#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "drover/actor/context.hpp"
#include "drover/actor/spawn.hpp"
#include "drover/base/contracts.hpp"
#include "drover/base/text.hpp"
#include "drover/features/metrics_part.hpp"
#include "drover/runtime/accounting.hpp"
#include "drover/runtime/drain.hpp"
#include "drover/runtime/dump.hpp"
#include "drover/runtime/dump_latencies.hpp"
#include "drover/runtime/dump_search.hpp"
#include "drover/runtime/engine.hpp"
#include "drover/runtime/options.hpp"
#include "drover/runtime/sinks.hpp"
#include "drover/runtime/tree.hpp"
#include "drover/scheduling/time_limit.hpp"
#include "drover/scheduling/work_stealing.hpp"

namespace drover {

/// Workers and the actors that run on them. Members are safe from any thread unless they say otherwise; refs stay valid
/// after the runtime's end. `Scheduler` decides which threads run the actors; it is in no other type, so that the same
/// refs and actors serve every runtime of one bundle.
template <class F, class Scheduler>
class runtime_with {
    static_assert(check_bundle<F>());

public:
    using bundle = F;
    using metrics = typename F::metrics;

    runtime_with() : runtime_with(runtime_options{}) {}

    /// Starts the workers. Throws std::invalid_argument for an option out of range, std::system_error if a thread
    /// cannot be started. `settings` are the scheduler's own.
    template <class... Settings>
    explicit runtime_with(runtime_options options, Settings&&... settings)
        : engine_(std::make_unique<engine>(std::move(options), std::forward<Settings>(settings)...)) {}

    runtime_with(const runtime_with&) = delete;
    runtime_with& operator=(const runtime_with&) = delete;

    /// stop(), then ends the workers. If a handler has not returned by `stop_deadline` it says which and does what
    /// `on_stuck` says. Not from a worker of this runtime.
    ~runtime_with() {
        if (on_own_worker()) {
            fail_contract("a runtime was destroyed by one of its own handlers; let the thread that made it end it");
        }
        const drain_result outcome = stop_within(engine_->options.stop_deadline);
        if (!outcome) {
            std::fprintf(stderr, "drover: %s\n", to_text(engine_->options.name, outcome.stragglers).c_str());
            if (engine_->options.on_stuck == stuck_policy::abort) {
                std::abort();
            }
            engine_->watch.end();
            engine_->core->end(own_lane());
            engine_->registry->wake();
            engine_->workers.abandon();
            static_cast<void>(engine_.release());
            return;
        }
        engine_->core->timers.shut_down();
        engine_->core->end(own_lane());
        engine_->workers.join();
        // Actors have stopped and given up their names. What still counts references to them goes before the core
        // record's owner.
        engine_->registry->end();
        engine_->core->free_retired();
    }

    /// The time on this runtime's clock.
    time_point now() const noexcept { return engine_->core->timers.now(); }

    /// What this thread sends while the result stands is to be dealt with within `after` from now: see deadline_scope.
    template <class Bundle = F>
    deadline_scope within(clock_duration after) const noexcept {
        static_assert(check_deadlines<Bundle>());
        return deadline_scope(engine_->core->timers, after);
    }

    std::size_t thread_count() const noexcept { return engine_->workers.size(); }

    /// Makes an actor of type `A`, constructed here from `arguments` (with braces if it is an aggregate); `started`
    /// runs on a worker. Throws std::bad_alloc, what the constructor throws, and std::runtime_error once drain() or
    /// stop() has begun. O(1); a short lock.
    template <class A, class... Arguments>
    ref<A, F> spawn(Arguments&&... arguments) {
        return spawn_root<A>(std::forward<Arguments>(arguments)...);
    }

    /// A callable is an actor.
    template <class Callable>
        requires(!is_spawn_options<std::remove_cvref_t<Callable>>)
    ref<std::decay_t<Callable>, F> spawn(Callable&& callable) {
        return spawn_root<std::decay_t<Callable>>(std::forward<Callable>(callable));
    }
    template <class Options, class Callable>
        requires is_spawn_options<Options>
    ref<std::decay_t<Callable>, F> spawn(Options named, Callable&& callable) {
        return spawn_root<std::decay_t<Callable>>(std::move(named), std::forward<Callable>(callable));
    }

    /// Refuses sends and spawns from outside from now on, for good, and waits until everything that was accepted has
    /// been handled, what the handlers send and spawn included, and no ask of an actor is under way; at most for
    /// `patience`. The actors are still there afterwards. What waits for its time is not sent any more, or waited for,
    /// as `timed` says; what is repeated is never waited for, and ends when nothing else is left. Blocks; throws
    /// std::logic_error inside a handler.
    drain_result drain(clock_duration patience, timed_sends timed = timed_sends::vanish) {
        refuse_on_worker("drain");
        if (timed == timed_sends::finish) {
            engine_->core->let_timed_pass(core_record::timed_pass::all);
        }
        engine_->core->close_gate();
        engine_->registry->wake();
        const time_limit limit(*engine_->core, patience, &ring_bells, engine_.get());
        for (;;) {
            const std::uint32_t heard = engine_->workers.listen();
            bool senders = false;
            // All in one test, while no worker can wake: what ends between two looks may have sent something.
            const bool done = engine_->workers.quiescent([&] {
                if (waiting_timers(timed) != 0 || under_way(&lane::asks_begun, &lane::asks_ended) != 0) {
                    return false;
                }
                if (timed == timed_sends::finish) {  // nobody waits for what repeats
                    engine_->core->let_timed_pass(core_record::timed_pass::once);
                }
                senders = !engine_->core->lanes().senders_gone(own_lane());
                return !senders;
            });
            if (done) {
                return {true, {}};
            }
            if (limit.over()) {
                drain_result late{false, detail::find_stragglers(*engine_->core, engine_->workers)};
                if (const std::uint64_t waiting = waiting_timers(timed); waiting != 0) {
                    late.stragglers.push_back({"timers", static_cast<std::size_t>(waiting), "their time to come"});
                }
                return late;
            }
            if (senders) {
                yield_thread();
            } else {
                limit.wait(engine_->workers.bell(), heard);
            }
        }
    }

    /// Stops every actor, children before parents; those without a parent are asked youngest first. What is queued
    /// becomes dead letters. Waits until all have stopped, at most for `stop_deadline`. Throws std::logic_error inside
    /// a handler.
    drain_result stop() {
        refuse_on_worker("stop");
        return stop_within(engine_->options.stop_deadline);
    }

    /// The actors that there are at this moment, for to_text(tree) or a look of one's own; those without a parent
    /// first, the oldest ahead. For people: it holds every worker at the edge of the runtime, waits for those that are
    /// inside, and allocates meanwhile. Throws std::logic_error inside a handler.
    std::vector<actor_tree> tree() const {
        refuse_on_worker("tree");
        return detail::find_tree(*engine_->core, engine_->workers);
    }

    /// What the runtime does at this moment: for to_text(dump) or a look of one's own. Otherwise as tree(); linear in
    /// actors and in the messages that it counts. Throws std::invalid_argument for an option out of range.
    runtime_dump dump(const dump_options& options = {}) const {
        refuse_on_worker("dump");
        runtime_dump found = detail::find_dump(*engine_, options);
        detail::add_slowest<F>(*this, options, found);
        return found;
    }

    /// From now on `subscriber` is told of every message that is not handled: after the sink, in whichever thread found
    /// out. Not of those sent to a subscriber, and of no lost event: these are counted, and the sink hears of them. It
    /// ends with the actor. False if it is empty, has stopped or has subscribed already. A short lock. Throws
    /// std::bad_alloc.
    bool subscribe_dead_letters(const recipient<dead_letter_event, F>& subscriber) {
        return engine_->dead_letter_hub.add(subscriber);
    }

    /// False if it had not subscribed. What is in its mailbox is still handled. As above.
    bool unsubscribe_dead_letters(const basic_handle<F>& subscriber) {
        return engine_->dead_letter_hub.remove(subscriber.id());
    }

    /// For what is made from a runtime or from a context: topics, registries.
    actor_core<F>& core() const noexcept { return *engine_->core; }

    /// The names of this runtime's actors. Valid as long as the runtime; routers keep it longer.
    basic_registry<F>& registry() noexcept { return *engine_->registry; }

    /// Calls `look(part, worker)` with what the metrics policy keeps for each thread, and once for those that have
    /// ended: a const reference to its `thread_part`, which the thread goes on changing, and the number of the worker
    /// if the thread is one. Holds a lock that threads need when they come and go.
    template <class Look>
    void visit_metrics(Look look) const {
        engine_->core->lanes().visit([&](const lane& each) {
            look(std::as_const(metrics_part<F>(each)),
                 each.queue ? std::optional(static_cast<const worker&>(each).index) : std::nullopt);
        });
    }

    /// Sums over all threads; `pending` is exact when nothing is being sent or handled, and never negative.
    accounting statistics() const {
        actor_core<F>& core = *engine_->core;
        accounting sums{};
        // What a pushed message comes to is read before the pushes, so that no sum runs ahead of them; what was never
        // pushed is read once and counts on both sides.
        sums.handled = core.lanes().sum(&lane::handled);
        sums.dead_letters = core.dead_letters();
        const std::uint64_t ended = sums.handled + sums.dead();
        const std::uint64_t pushed = core.lanes().sum(&lane::pushed);
        const std::array<std::uint64_t, dead_letter_reasons> unsent = core.lanes().unsent();
        sums.pending = pushed - ended;
        sums.returned = core.lanes().sum(&lane::returned);
        sums.offered = pushed + sums.returned;
        for (std::size_t each = 0; each != unsent.size(); ++each) {
            sums.dead_letters[each] += unsent[each];
            sums.offered += unsent[each];
        }
        sums.late_replies = core.lanes().sum(&lane::late_replies);
        sums.failures = core.failures();
        return sums;
    }

protected:
    Scheduler& scheduler() const noexcept { return engine_->workers; }

private:
    using engine = runtime_engine<F, Scheduler>;

    template <class A, class... Arguments>
    ref<A, F> spawn_root(Arguments&&... arguments) {
        lane& mine = lane_to(*engine_->core);
        const send_bracket bracket(mine);
        if (!mine.worker && !engine_->core->gate_open()) {
            throw std::runtime_error(
                join_text({"drover: spawn of ", type_name<A>(),
                           " on a runtime that drains or has stopped; spawn before drain() and stop()"}));
        }
        return spawn_actor<A, F>(*engine_->core, nullptr, std::forward<Arguments>(arguments)...);
    }

    drain_result stop_within(clock_duration patience) {
        actor_core<F>& core = *engine_->core;
        core.close_gate();
        engine_->registry->wake();
        core.stop_roots();
        const time_limit limit(core, patience, &ring_bells, engine_.get());
        for (;;) {
            std::uint32_t heard = 0;
            if (core.roots(heard) == 0) {
                return {true, {}};
            }
            if (limit.over()) {
                return {false, detail::find_stragglers(core, engine_->workers)};
            }
            limit.wait(core.bell(), heard);
        }
    }

    static void ring_bells(void* who) noexcept {
        static_cast<engine*>(who)->workers.ring();
        static_cast<engine*>(who)->core->ring();
    }

    std::uint64_t waiting_timers(timed_sends timed) const {
        return timed == timed_sends::finish ? under_way(&lane::timed_begun, &lane::timed_ended) : 0;
    }

    std::uint64_t under_way(owned_counter lane::* begun, owned_counter lane::* ended) const {
        const std::uint64_t past = engine_->core->lanes().sum(ended);
        return engine_->core->lanes().sum(begun) - past;
    }

    // This thread's lane to this runtime, which may be inside a send that brought us here.
    const lane* own_lane() const { return &lane_to(*engine_->core); }

    bool on_own_worker() const noexcept {
        const lane* const current = this_thread().current;
        return this_thread().worker && current != nullptr && &current->core == engine_->core.get();
    }

    static void refuse_on_worker(const char* what) {
        if (this_thread().worker) {
            throw std::logic_error(
                join_text({"drover: ", what,
                           "() inside a handler would wait for the handler itself; call it from another thread"}));
        }
    }

    std::unique_ptr<engine> engine_;
};

/// The runtime of a program: its workers are threads that take from one another.
template <class F>
class basic_runtime : public runtime_with<F, work_stealing<typename F::metrics>> {
public:
    using runtime_with<F, work_stealing<typename F::metrics>>::runtime_with;
};

using runtime = basic_runtime<features>;

}  // namespace drover
