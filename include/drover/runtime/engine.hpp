#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "drover/actor/dead_letter_event.hpp"
#include "drover/actor/run.hpp"
#include "drover/actor/water.hpp"
#include "drover/routing/registry.hpp"
#include "drover/runtime/cpu_limits.hpp"
#include "drover/runtime/options.hpp"
#include "drover/runtime/sighting.hpp"
#include "drover/runtime/sinks.hpp"
#include "drover/runtime/watchdog.hpp"

namespace drover {

template <class F>
struct release_core {
    void operator()(actor_core<F>* core) const noexcept { core->release(); }
};

/// What a runtime consists of: all that must stay behind, and in place, if a thread never returns.
template <class F, class Scheduler>
struct runtime_engine {
    using bundle = F;

    template <class... Settings>
    explicit runtime_engine(runtime_options chosen, Settings&&... settings)
        : options(checked(std::move(chosen))),
          clock(options.clock != nullptr ? *options.clock : steady_clock_source::instance()),
          printer(clock),
          core(new actor_core<F>({this, &submit, &dead_letter_sink, &failure_sink, &ring, &escalated, drive_function(),
                                  &late_stop, start_own_function()},
                                 clock, options.name, options.quantum, options.quantum_time)),
          registry(new basic_registry<F>(*core)),
          workers(*core, options.threads != 0 ? options.threads : default_worker_count(),
                  &basic_cell<F>::release_runnable, std::forward<Settings>(settings)...),
          watch(*core, workers, options) {
        core->outbox = options.outbox;
        core->dead_letter_hub = &dead_letter_hub;
        core->set_registry(*registry);
        watch.start();
        workers.start(options.name, options.affinity);
    }

    static runtime_options checked(runtime_options chosen) {
        check(chosen);
        return chosen;
    }

    static void submit(void* self, runnable* item) noexcept {
        static_cast<runtime_engine*>(self)->workers.submit(item);
    }
    static void ring(void* self) noexcept { static_cast<runtime_engine*>(self)->workers.ring(); }

    static constexpr auto drive_function() noexcept -> bool (*)(void*, std::uint64_t&) {
        if constexpr (requires(Scheduler& all, std::uint64_t& done) { all.drive(done); }) {
            return
                [](void* self, std::uint64_t& done) { return static_cast<runtime_engine*>(self)->workers.drive(done); };
        } else {
            return nullptr;
        }
    }

    static constexpr auto start_own_function() noexcept -> own_worker& (*)(void*, std::string_view) {
        if constexpr (requires(Scheduler& all, std::string_view name) { all.start_own(name, name); }) {
            return [](void* self, std::string_view actor) -> own_worker& {
                auto& me = *static_cast<runtime_engine*>(self);
                return me.workers.start_own(me.options.name, actor);
            };
        } else {
            return nullptr;
        }
    }

    static void dead_letter_sink(void* self, const dead_letter& letter) noexcept {
        runtime_engine& me = *static_cast<runtime_engine*>(self);
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
        runtime_engine& me = *static_cast<runtime_engine*>(self);
        me.call([&] { me.options.on_failure ? me.options.on_failure(what) : print_failure(what); });
    }

    static void late_stop(void* self, runnable* child) noexcept {
        runtime_engine& me = *static_cast<runtime_engine*>(self);
        me.call([&] {
            const straggler late = detail::describe_late_stop(static_cast<const basic_cell<F>&>(*child), me.workers);
            me.options.on_straggler ? me.options.on_straggler(late) : print_straggler(late);
        });
    }

    static void escalated(void* self, const failure& what) noexcept {
        runtime_engine& me = *static_cast<runtime_engine*>(self);
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

    using core_release = release_core<F>;

    runtime_options options;
    clock_source& clock;
    dead_letter_printer printer;
    std::mutex sink_mutex;
    dead_letter_subscribers<F> dead_letter_hub;
    std::unique_ptr<actor_core<F>, core_release> core;
    boost::intrusive_ptr<basic_registry<F>> registry;
    Scheduler workers;
    watchdog<F> watch;
    detail::earlier_looks looks;
};

}  // namespace drover
