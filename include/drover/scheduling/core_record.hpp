#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include "drover/base/clock.hpp"
#include "drover/base/cpu_pause.hpp"
#include "drover/base/futex.hpp"
#include "drover/message/dead_letter.hpp"
#include "drover/scheduling/lane.hpp"
#include "drover/scheduling/lane_list.hpp"
#include "drover/scheduling/lane_part.hpp"
#include "drover/scheduling/retired.hpp"
#include "drover/scheduling/runtime_services.hpp"
#include "drover/scheduling/timer_service.hpp"

namespace drover {

/// Who must know when a runtime begins to drain or to stop: a sender that waits for room, an actor that lingers.
struct gate_listener {
    void (*closed)(gate_listener*) noexcept;  ///< under a lock of the runtime: wakes somebody, and no more
    gate_listener* next = nullptr;
    gate_listener* previous = nullptr;
};

/// What every cell of a runtime points to. It outlives the runtime for as long as there is a ref: then it only says
/// that all has ended. Counted by cells, lanes and the runtime itself.
class core_record {
public:
    using destroy_function = void(core_record*) noexcept;

    core_record(runtime_services services, destroy_function* destroy, clock_source& clock, const std::string& name,
                std::size_t quantum_messages, clock_duration quantum_time_,
                const lane_part_functions* part_functions = nullptr)
        : quantum(quantum_messages),
          quantum_time(quantum_time_),
          timers(clock, name),
          services_(services),
          destroy_(destroy),
          lanes_(*this, part_functions, &clock) {}

    core_record(const core_record&) = delete;
    core_record& operator=(const core_record&) = delete;

    const std::size_t quantum;
    const clock_duration quantum_time;
    std::size_t outbox = 0;  ///< of actors that do not choose; set before any actor is
    timer_service timers;

    void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            destroy_(this);
        }
    }

    actor_id next_id() noexcept { return actor_id{ids_.fetch_add(1, std::memory_order_relaxed) + 1}; }

    void submit(runnable* item) noexcept { services_.submit(services_.self, item); }
    /// A thread for one actor, or null if this runtime runs actors without threads. Throws as own_threads::start.
    own_worker* start_own_thread(std::string_view actor) {
        return services_.start_own != nullptr ? &services_.start_own(services_.self, actor) : nullptr;
    }

    /// Do its actors run in whichever thread waits for them?
    bool simulated() const noexcept { return services_.drive != nullptr; }

    /// Instead of blocking, on a thread that is no worker: what the simulation has to do next. `done` counts what this
    /// wait has done so far, and begins with 0. False if waiting on is of no use. Only if it is simulated().
    bool drive(std::uint64_t& done) { return !has_ended() && services_.drive(services_.self, done); }

    /// Does the runtime still take sends from outside? Meaningful inside a send_bracket.
    bool gate_open() const noexcept { return gate_.load(std::memory_order_acquire) == open; }

    void count_dead(dead_letter_reason reason) noexcept {
        dead_[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_release);
    }

    /// The sink hears of it unless the runtime has ended or this very thread is inside a sink already.
    void report(const dead_letter& letter) noexcept {
        if (sinks_open()) {
            const sink_scope scope;
            services_.dead_letter_sink(services_.self, letter);
        }
    }

    void report(const failure& what) noexcept {
        failures_.fetch_add(1, std::memory_order_relaxed);
        if (sinks_open()) {
            const sink_scope scope;
            services_.failure_sink(services_.self, what);
        }
    }

    /// `child`, an actor, has not stopped in time, and its parent goes on without it. On the parent's worker, inside
    /// the runtime.
    void report_late_stop(runnable* child) noexcept {
        if (services_.late_stop != nullptr && sinks_open()) {
            const sink_scope scope;
            services_.late_stop(services_.self, child);
        }
    }

    void escalate(const failure& what) noexcept {
        if (services_.escalated != nullptr && !has_ended()) {
            services_.escalated(services_.self, what);
        }
    }

    /// Of every thread that has to do with this runtime; their accounts, and whether one is inside a send.
    lane_list& lanes() noexcept { return lanes_; }

    /// Those that had been pushed; lane_list::unsent() has the others.
    std::array<std::uint64_t, dead_letter_reasons> dead_letters() const noexcept {
        std::array<std::uint64_t, dead_letter_reasons> counts{};
        for (std::size_t each = 0; each != counts.size(); ++each) {
            counts[each] = dead_[each].load(std::memory_order_acquire);
        }
        return counts;
    }

    /// Reports of failures so far, whether or not there was a sink to hear them.
    std::uint64_t failures() const noexcept { return failures_.load(std::memory_order_relaxed); }

    // --- snapshots, which scheduling/snapshot.hpp reads ----------------------------------------------------------------

    std::uint64_t epoch() const noexcept { return retired_.epoch(); }

    /// Frees `gone`, which readers cannot find any more, once no thread reads it; at the latest with this record. What
    /// owns a reference to an actor, and so to this record, is retired before the end of the runtime, which calls
    /// free_retired(). Any thread; a short lock, and a heavy fence each retired_list::batch times.
    void retire(retired& gone) noexcept {
        retired_.retire(gone, [this] { return oldest_reader(); });
    }

    /// Frees what nobody reads at the moment; true if nothing is left.
    bool reclaim() noexcept {
        return retired_.reclaim([this] { return oldest_reader(); });
    }

    /// Waits for readers and frees all that was retired. Not inside a read_scope.
    void free_retired() noexcept {
        while (!reclaim()) {
            yield_thread();
        }
    }

    // --- the end ---------------------------------------------------------------------------------------------------

    /// From now on outside sends are refused. One that had passed before may still be under way until senders_gone().
    void close_gate() noexcept {
        std::uint32_t expected = open;
        gate_.compare_exchange_strong(expected, closed, std::memory_order_seq_cst);
        // Pairs with the light_store in send_bracket: a sender that senders_gone() does not see inside sees the gate
        // closed.
        asymmetric_fence::heavy_fence();
        call_listeners();
    }

    /// False if the gate is closed already. Until it is removed, or called, the listener stays where it is.
    bool add_listener(gate_listener& fresh) noexcept {
        const std::lock_guard lock(listeners_mutex_);
        if (!gate_open()) {
            return false;
        }
        fresh.previous = nullptr;
        fresh.next = std::exchange(listeners_, &fresh);
        if (fresh.next != nullptr) {
            fresh.next->previous = &fresh;
        }
        return true;
    }

    void remove_listener(gate_listener& gone) noexcept {
        const std::lock_guard lock(listeners_mutex_);
        (gone.previous != nullptr ? gone.previous->next : listeners_) = gone.next;
        if (gone.next != nullptr) {
            gone.next->previous = gone.previous;
        }
    }

    /// Which messages that wait for their time are sent although the gate is closed.
    enum class timed_pass : std::uint8_t { none, once, all };

    /// A sender that senders_gone() does not see inside afterwards finds it so.
    void let_timed_pass(timed_pass which) noexcept {
        if (timed_pass_.exchange(which, std::memory_order_seq_cst) == timed_pass::all && which != timed_pass::all) {
            asymmetric_fence::heavy_fence();  // pairs with the light_store in send_bracket
        }
    }
    /// Inside a send_bracket.
    bool timed_may_pass(bool repeated) const noexcept {
        const timed_pass which = timed_pass_.load(std::memory_order_acquire);
        return !has_ended() && (which == timed_pass::all || (which == timed_pass::once && !repeated));
    }

    /// Inside a send_bracket: a drain that waits looks again.
    void ring() noexcept {
        if (gate_.load(std::memory_order_seq_cst) == closed) {
            services_.ring(services_.self);
        }
    }

    /// The runtime is gone: sinks are not called and services not reached any more. Waits for senders under way; `mine`
    /// is the calling thread's own lane, which may be inside a send (a sink that ends the runtime).
    void end(const lane* mine) noexcept {
        gate_.store(ended, std::memory_order_seq_cst);
        asymmetric_fence::heavy_fence();
        call_listeners();
        while (!lanes_.senders_gone(mine)) {  // without the lanes' lock meanwhile: a sender in user code may need it
            yield_thread();
        }
    }

    bool has_ended() const noexcept { return gate_.load(std::memory_order_acquire) == ended; }

protected:
    ~core_record() { retired_.free_all(); }

private:
    static constexpr std::uint32_t open = 0;
    static constexpr std::uint32_t closed = 1;
    static constexpr std::uint32_t ended = 2;

    struct sink_scope {
        sink_scope() noexcept { inside() = true; }
        ~sink_scope() { inside() = false; }
        [[gnu::visibility("default")]] static bool& inside() noexcept {
            static constinit thread_local bool flag = false;
            return flag;
        }
    };

    void call_listeners() noexcept {
        const std::lock_guard lock(listeners_mutex_);
        for (gate_listener* each = listeners_; each != nullptr; each = each->next) {
            each->closed(each);
        }
    }

    bool sinks_open() const noexcept { return !has_ended() && !sink_scope::inside(); }

    std::uint64_t oldest_reader() noexcept {
        // Pairs with the light_store in read_scope: a reader whom we do not see inside finds what was published before.
        asymmetric_fence::heavy_fence();
        return lanes_.oldest_reader();
    }

    std::atomic<std::uint64_t> references_{1};
    std::atomic<std::uint64_t> ids_{0};
    std::atomic<std::uint32_t> gate_{open};
    std::atomic<timed_pass> timed_pass_{timed_pass::none};
    runtime_services services_;
    destroy_function* destroy_;
    std::array<std::atomic<std::uint64_t>, dead_letter_reasons> dead_{};
    std::atomic<std::uint64_t> failures_{0};
    futex_mutex listeners_mutex_;
    gate_listener* listeners_ = nullptr;
    retired_list retired_;
    lane_list lanes_;
};

}  // namespace drover
