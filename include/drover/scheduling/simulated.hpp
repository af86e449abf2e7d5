#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/base/contracts.hpp"
#include "drover/base/random.hpp"
#include "drover/scheduling/this_thread.hpp"
#include "drover/scheduling/worker_group.hpp"

namespace drover {

/// The scheduler of a simulation: no thread of its own, one worker, and a clock that moves only when nothing else can.
/// Each step() picks one of the actors that are ready, by a seed, and lets it have one run in the calling thread, which
/// is the worker meanwhile. So everything that happens follows from the seed and from what the calling thread does.
///
/// One thread at a time may drive it, and not from inside a step. Sends come from any thread, but those of another
/// thread arrive when they do, and no seed repeats that.
class simulated : public worker_group {
public:
    struct settings {
        std::uint64_t seed = 1;
        std::uint64_t most_steps = 10'000'000;                   ///< of one wait: more is taken for one that never ends
        manual_clock* clock = nullptr;                           ///< the runtime's; not null
        void* (*exchange_turn)(void* other) noexcept = nullptr;  ///< what this thread knows of the handler it is in
        void* observer = nullptr;
        /// Before each run: for how long this actor is held up instead. It is not asked again when that is over.
        clock_duration (*before)(void* observer, runnable* item) noexcept = nullptr;
        /// In place of each run, which it is to do. Null if there is nothing to be done about one.
        run_result (*run)(void* observer, runnable* item, worker& me) noexcept = nullptr;
    };

    simulated(core_record& core, std::size_t, grace_period::release_function* release, const settings& chosen)
        : worker_group(core, 1, release), core_(core), settings_(chosen), random_(chosen.seed) {
        core.lanes().add(at(0));
    }

    /// Nothing to start or to end: there are no threads.
    void start(const std::string&, const std::vector<int>&) noexcept {}
    void join() noexcept {}
    void abandon() noexcept {}

    /// Runs one actor that is ready. False if none is. Memory that ends meanwhile ends the process.
    bool step() noexcept {
        const driving scope(*this);
        gather();
        while (!ready_.empty()) {
            runnable* const item = pick();
            if (!hold_up(item)) {
                run(item);
                return true;
            }
        }
        return false;
    }

    /// Turns the clock to the next moment at which a timer may be due, but not beyond `limit`. False if there is none.
    bool turn_to_next_event(time_point limit = time_point::max()) {
        const std::optional<time_point> event = core_.timers.next_event();
        if (turning_ || !event.has_value() || *event > limit) {
            return false;
        }
        turn_to(*event);
        return true;
    }

    void turn_to(time_point moment) {
        turning_ = true;
        const time_point now = settings_.clock->now();
        settings_.clock->advance(moment > now ? moment - now : clock_duration::zero());
        turning_ = false;
    }

    /// A thread would block, and does this instead: a step, or if there is none a turn of the clock. False if there is
    /// nothing, or if this wait has `done` its most_steps.
    bool drive(std::uint64_t& done) {
        if (done == settings_.most_steps) {
            return false;
        }
        done += 1;
        return step() || turn_to_next_event();
    }

    std::uint64_t most_steps() const noexcept { return settings_.most_steps; }

    /// A number that stands for all choices so far: equal for two runs that went alike.
    std::uint64_t fingerprint() const noexcept { return fingerprint_; }

    template <class Test>
    bool quiescent(Test test) {
        return ready_.empty() && held_up_.empty() && nothing_waits() && test() && nothing_waits();
    }

private:
    // An actor that waits although it is ready.
    struct late : timer {
        late(simulated& all, runnable* one) noexcept : timer(&on_fire), group(all), item(one) {}

        static void on_fire(timer* t) noexcept { static_cast<late*>(t)->group.let_go(static_cast<late*>(t)); }

        simulated& group;
        runnable* item;
    };

    // The calling thread is the worker meanwhile.
    class driving {
    public:
        explicit driving(simulated& all) noexcept : group_(all), before_(this_thread()) {
            if (group_.driven_.exchange(true, std::memory_order_acquire)) {
                fail_contract("two threads drive one simulation, or a handler does; one thread at a time, outside it");
            }
            worker& me = group_.at(0);
            thread_state& thread = this_thread();
            thread.current = &me;
            thread.direct = &me.core;
            thread.outbox = nullptr;
            thread.task = nullptr;
            thread.worker = true;
            turn_ = exchange_turn(nullptr);
            group_.grace_.pass(0);
            me.inside.enter();
        }
        ~driving() {
            worker& me = group_.at(0);
            group_.grace_.leave(0);
            if (me.stopped != nullptr) {
                group_.flush_retired(me);
            }
            me.inside.leave();
            thread_state& thread = this_thread();
            // A lane of this thread that was used last may be gone; the next send finds the right one. A worker's own
            // is not.
            thread.current = before_.worker ? before_.current : nullptr;
            thread.direct = before_.worker ? before_.direct : nullptr;
            thread.outbox = before_.outbox;
            thread.flush = before_.flush;
            thread.task = before_.task;
            thread.worker = before_.worker;
            exchange_turn(turn_);
            group_.driven_.store(false, std::memory_order_release);
        }
        driving(const driving&) = delete;
        driving& operator=(const driving&) = delete;

    private:
        void* exchange_turn(void* other) const noexcept {
            return group_.settings_.exchange_turn != nullptr ? group_.settings_.exchange_turn(other) : nullptr;
        }

        simulated& group_;
        const thread_state before_;
        void* turn_ = nullptr;
    };

    bool nothing_waits() const noexcept {
        const worker& me = *workers_[0];
        return me.next.load(std::memory_order_relaxed) == nullptr && me.ring.empty() && injector_.empty() &&
               overflow_.empty();
    }

    // All that has become ready since the last step, in the order in which it did.
    void gather() {
        if (!held_up_.empty() && !core_.gate_open()) {
            for (const auto& each : std::exchange(held_up_, {})) {
                core_.timers.cancel(*each);
                ready_.push_back(each->item);
            }
        }
        if (nothing_waits()) {
            return;
        }
        worker& me = at(0);
        while (runnable* const item = me.ring.pop()) {
            ready_.push_back(item);
        }
        if (runnable* const item = me.next.exchange(nullptr, std::memory_order_relaxed)) {
            ready_.push_back(item);
        }
        take_chain(overflow_.take(~std::size_t{0}));
        take_chain(injector_.take_all());
    }

    void take_chain(runnable* first) {
        while (first != nullptr) {
            ready_.push_back(first);
            first = std::exchange(first->next_runnable, nullptr);
        }
    }

    runnable* pick() noexcept {
        const auto count = static_cast<std::uint32_t>(ready_.size());
        const std::uint32_t chosen = count == 1 ? 0 : random_.below(count);
        fingerprint_ = (fingerprint_ ^ ((std::uint64_t{count} << 32U) | chosen)) * 0x100000001b3U;
        runnable* const item = std::exchange(ready_[chosen], ready_.back());
        ready_.pop_back();
        return item;
    }

    void run(runnable* item) noexcept {
        worker& me = at(0);
        me.running.store(item, std::memory_order_relaxed);
        const run_result result =
            settings_.run != nullptr ? settings_.run(settings_.observer, item, me) : item->run(item, me);
        me.running.store(nullptr, std::memory_order_relaxed);
        if (result == run_result::again) {
            enqueue(me, item);
        }
    }

    bool hold_up(runnable* item) {
        if (settings_.before == nullptr || !core_.gate_open()) {
            return false;
        }
        const clock_duration length = settings_.before(settings_.observer, item);
        if (length.count() <= 0) {
            return false;
        }
        auto fresh = std::make_unique<late>(*this, item);
        held_up_.push_back(nullptr);
        if (!core_.timers.arm_after(*fresh, length)) {
            held_up_.pop_back();
            return false;
        }
        held_up_.back() = std::move(fresh);
        return true;
    }

    void let_go(late* over) noexcept {
        for (auto each = held_up_.begin(); each != held_up_.end(); ++each) {
            if (each->get() == over) {
                submit(over->item);
                held_up_.erase(each);
                return;
            }
        }
    }

    core_record& core_;
    const settings settings_;
    random_source random_;
    std::vector<runnable*> ready_;
    std::vector<std::unique_ptr<late>> held_up_;
    std::uint64_t fingerprint_ = 0xcbf29ce484222325U;
    bool turning_ = false;
    std::atomic<bool> driven_{false};
};

}  // namespace drover
