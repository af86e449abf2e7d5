#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "drover/actor/context.hpp"
#include "drover/actor/dead_letter_event.hpp"
#include "drover/actor/run.hpp"
#include "drover/actor/spawn.hpp"
#include "drover/actor/water.hpp"
#include "drover/base/contracts.hpp"
#include "drover/base/text.hpp"
#include "drover/routing/registry.hpp"
#include "drover/runtime/cpu_limits.hpp"
#include "drover/runtime/drain.hpp"
#include "drover/runtime/options.hpp"
#include "drover/runtime/sinks.hpp"
#include "drover/runtime/tree.hpp"
#include "drover/scheduling/time_limit.hpp"
#include "drover/scheduling/work_stealing.hpp"

namespace drover {

/// Where every message sent to a runtime has gone. At any moment offered = handled + all dead letters + returned + pending.
struct accounting {
    std::uint64_t offered;   ///< messages given to tell, try_tell, tell_batch and ask
    std::uint64_t handled;   ///< their handlers returned
    std::uint64_t returned;  ///< left with the caller by try_tell
    std::uint64_t pending;   ///< in a mailbox, in a handler, or on the way
    std::array<std::uint64_t, dead_letter_reasons> dead_letters;  ///< by dead_letter_reason
    std::uint64_t late_replies;                                   ///< replies to asks that had timed out; not messages

    std::uint64_t dead(dead_letter_reason reason) const noexcept {
        return dead_letters[static_cast<std::size_t>(reason)];
    }
    std::uint64_t dead() const noexcept {
        std::uint64_t sum = 0;
        for (const std::uint64_t each : dead_letters) {
            sum += each;
        }
        return sum;
    }
};

/// Workers and the actors that run on them. Members are safe from any thread unless they say otherwise; refs stay valid
/// after the runtime's end.
template <class F>
class basic_runtime {
    static_assert(check_bundle<F>());

public:
    using metrics = typename F::metrics;

    basic_runtime() : basic_runtime(runtime_options{}) {}

    /// Starts the workers. Throws std::invalid_argument for an option out of range, std::system_error if a thread cannot be
    /// started.
    explicit basic_runtime(runtime_options options) : engine_(std::make_unique<engine>(std::move(options))) {}

    basic_runtime(const basic_runtime&) = delete;
    basic_runtime& operator=(const basic_runtime&) = delete;

    /// stop(), then ends the workers. If a handler has not returned by `stop_deadline` it says which and does what `on_stuck`
    /// says. Not from a worker of this runtime.
    ~basic_runtime() {
        if (on_own_worker()) {
            fail_contract("a runtime was destroyed by one of its own handlers; let the thread that made it end it");
        }
        const drain_result outcome = stop_within(engine_->options.stop_deadline);
        if (!outcome) {
            std::string line =
                join_text({"drover: runtime ", engine_->options.name, " ends while actors have not stopped:"});
            for (const straggler& each : outcome.stragglers) {
                line += join_text(
                    {"\n  ", each.name, " (", std::to_string(each.count), "), waiting for ", each.waiting_for});
            }
            std::fprintf(stderr, "%s\n", line.c_str());
            if (engine_->options.on_stuck == stuck_policy::abort) {
                std::abort();
            }
            engine_->core->end(own_lane());
            engine_->registry->wake();
            engine_->workers.abandon();
            static_cast<void>(engine_.release());
            return;
        }
        engine_->core->timers.shut_down();
        engine_->core->end(own_lane());
        engine_->workers.join();
        // Actors have stopped and given up their names. What still counts references to them goes before the core record's owner.
        engine_->registry->end();
        engine_->core->free_retired();
    }

    std::size_t thread_count() const noexcept { return engine_->workers.size(); }

    /// Makes an actor of type `A`, constructed here from `arguments` (with braces if it is an aggregate); `started` runs on a
    /// worker. Throws std::bad_alloc, what the constructor throws, and std::runtime_error once drain() or stop() has begun.
    /// O(1); a short lock.
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

    /// Refuses sends and spawns from outside from now on, for good, and waits until everything that was accepted has been
    /// handled, what the handlers send and spawn included, and no ask of an actor is under way; at most for `patience`. The
    /// actors are still there afterwards. Blocks; throws std::logic_error inside a handler.
    drain_result drain(clock_duration patience) {
        refuse_on_worker("drain");
        engine_->core->close_gate();
        engine_->registry->wake();
        const time_limit limit(engine_->core->timers, patience, &ring_bells, engine_.get());
        for (;;) {
            const std::uint32_t heard = engine_->workers.listen();
            bool senders = false;
            const bool quiet = engine_->workers.quiescent([&] {
                senders = !engine_->core->senders_gone(own_lane());
                return !senders;
            });
            if (quiet && asks_under_way() == 0) {
                return {true, {}};
            }
            if (limit.over()) {
                return {false, detail::find_stragglers(*engine_->core, engine_->workers)};
            }
            if (senders) {
                yield_thread();
            } else {
                limit.wait(engine_->workers.bell(), heard);
            }
        }
    }

    /// Stops every actor, children before parents; those without a parent are asked youngest first. What is queued becomes
    /// dead letters. Waits until all have stopped, at most for `stop_deadline`. Throws std::logic_error inside a handler.
    drain_result stop() {
        refuse_on_worker("stop");
        return stop_within(engine_->options.stop_deadline);
    }

    /// The actors that there are at this moment, for to_text(tree) or a look of one's own; those without a parent first, the
    /// oldest ahead. For people: it holds every worker at the edge of the runtime, waits for those that are inside, and
    /// allocates meanwhile. Throws std::logic_error inside a handler.
    std::vector<actor_tree> tree() const {
        refuse_on_worker("tree");
        return detail::find_tree(*engine_->core, engine_->workers);
    }

    /// From now on `subscriber` is told of every message that is not handled: after the sink, in whichever thread found out.
    /// Not of those sent to a subscriber, and of no lost event: these are counted, and the sink hears of them. It ends with
    /// the actor. False if it is empty, has stopped or has subscribed already. A short lock. Throws std::bad_alloc.
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

    /// Sums over all threads; `pending` is exact when nothing is being sent or handled, and never negative.
    accounting statistics() const {
        actor_core<F>& core = *engine_->core;
        accounting sums{};
        // What a pushed message comes to is read before the pushes, so that no sum runs ahead of them; what was never pushed
        // is read once and counts on both sides.
        sums.handled = core.sum(&lane::handled);
        sums.dead_letters = core.dead_letters();
        const std::uint64_t ended = sums.handled + sums.dead();
        const std::uint64_t pushed = core.sum(&lane::pushed);
        const std::array<std::uint64_t, dead_letter_reasons> unsent = core.unsent();
        sums.pending = pushed - ended;
        sums.returned = core.sum(&lane::returned);
        sums.offered = pushed + sums.returned;
        for (std::size_t each = 0; each != unsent.size(); ++each) {
            sums.dead_letters[each] += unsent[each];
            sums.offered += unsent[each];
        }
        sums.late_replies = core.sum(&lane::late_replies);
        return sums;
    }

private:
    struct release_core {
        void operator()(actor_core<F>* core) const noexcept { core->release(); }
    };

    // All that must stay behind, and in place, if a thread never returns.
    struct engine {
        explicit engine(runtime_options chosen)
            : options(checked(std::move(chosen))),
              clock(options.clock != nullptr ? *options.clock : steady_clock_source::instance()),
              printer(clock),
              core(new actor_core<F>({this, &submit, &dead_letter_sink, &failure_sink, &escalated}, clock, options.name,
                                     options.quantum, options.quantum_time)),
              registry(new basic_registry<F>(*core)),
              workers(*core, options.threads != 0 ? options.threads : default_worker_count(),
                      &basic_cell<F>::release_runnable) {
            core->outbox = options.outbox;
            core->dead_letter_hub = &dead_letter_hub;
            core->set_registry(*registry);
            workers.start(options.name, options.affinity);
        }

        static runtime_options checked(runtime_options chosen) {
            check(chosen);
            return chosen;
        }

        static void submit(void* self, runnable* item) noexcept { static_cast<engine*>(self)->workers.submit(item); }

        static void dead_letter_sink(void* self, const dead_letter& letter) noexcept {
            engine& me = *static_cast<engine*>(self);
            me.call([&] { me.options.on_dead_letter ? me.options.on_dead_letter(letter) : me.printer(letter); });
            // Outside the sinks' lock: a subscriber's mailbox may make a sender wait.
            try {
                me.dead_letter_hub.tell(letter);
            } catch (...) {
                std::fprintf(stderr, "drover: a dead letter was not told to its subscribers (%s); it is counted\n",
                             describe(std::current_exception()).c_str());
            }
        }

        static void failure_sink(void* self, const failure& what) noexcept {
            engine& me = *static_cast<engine*>(self);
            me.call([&] { me.options.on_failure ? me.options.on_failure(what) : print_failure(what); });
        }

        static void escalated(void* self, const failure& what) noexcept {
            engine& me = *static_cast<engine*>(self);
            at_root decision = me.options.on_escalation;
            if (me.options.decide_escalation) {
                me.call([&] { decision = me.options.decide_escalation(what); });
            }
            if (decision == at_root::stop_all) {
                me.core->close_gate();
                me.registry->wake();
                me.core->stop_roots();
            }
        }

        template <class Code>
        void call(Code code) noexcept {
            const std::lock_guard lock(sink_mutex);
            try {
                code();
            } catch (...) {
                std::fprintf(stderr, "drover: a sink threw (%s); a sink must not throw\n",
                             describe(std::current_exception()).c_str());
            }
        }

        runtime_options options;
        clock_source& clock;
        dead_letter_printer printer;
        std::mutex sink_mutex;
        dead_letter_subscribers<F> dead_letter_hub;
        std::unique_ptr<actor_core<F>, release_core> core;
        boost::intrusive_ptr<basic_registry<F>> registry;
        work_stealing<metrics> workers;
    };

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
        const time_limit limit(core.timers, patience, &ring_bells, engine_.get());
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

    std::uint64_t asks_under_way() const {
        const std::uint64_t ended = engine_->core->sum(&lane::asks_ended);
        return engine_->core->sum(&lane::asks_begun) - ended;
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

using runtime = basic_runtime<features>;

}  // namespace drover
