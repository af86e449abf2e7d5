#pragma once

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "drover/base/cpu_pause.hpp"
#include "drover/base/text.hpp"
#include "drover/scheduling/long_runs.hpp"
#include "drover/scheduling/this_thread.hpp"
#include "drover/scheduling/worker_group.hpp"

namespace drover {

/// The default scheduler: a thread for each worker; whoever has nothing to do takes half of another's queue, and sleeps
/// when there is nothing to take. `Hooks` is the metrics policy.
template <class Hooks>
class work_stealing : public worker_group {
public:
    work_stealing(core_record& core, std::size_t workers, grace_period::release_function* release)
        : worker_group(core, workers, release) {
        for (const auto& each : workers_) {
            core.lanes().add(*each);
        }
    }

    /// Throws std::system_error if a thread cannot be started; those that were are then ended.
    void start(const std::string& name, const std::vector<int>& affinity) {
        if (!affinity.empty()) {
            own_.set_home();
        }
        threads_.reserve(size());
        try {
            for (const auto& each : workers_) {
                threads_.emplace_back([this, me = each.get()] { work(*me); });
                const pthread_t thread = threads_.back().native_handle();
                ::pthread_setname_np(thread, join_text({name.substr(0, 11), "/", std::to_string(each->index)}).c_str());
                if (!affinity.empty()) {
                    cpu_set_t processors;
                    CPU_ZERO(&processors);
                    CPU_SET(static_cast<std::size_t>(affinity[each->index % affinity.size()]), &processors);
                    ::pthread_setaffinity_np(thread, sizeof processors, &processors);
                }
            }
        } catch (...) {
            join();
            throw;
        }
    }

    /// After every actor has stopped: ends the threads. Not from a worker.
    void join() noexcept {
        own_.join();
        ending_.store(true, std::memory_order_seq_cst);
        sleep_.wake_all();
        for (std::thread& each : threads_) {
            each.join();
        }
        threads_.clear();
    }

    /// Instead of join(), when a handler never returns.
    void abandon() noexcept {
        own_.abandon();
        for (std::thread& each : threads_) {
            each.detach();
        }
        threads_.clear();
    }

    /// A thread for one actor; see own_threads::start.
    own_worker& start_own(std::string_view runtime, std::string_view actor) { return own_.start(runtime, actor); }

private:
    static constexpr unsigned longest_streak = 64;
    static constexpr unsigned shared_every = 61;
    static constexpr int search_rounds = 24;
    static constexpr int pauses_between = 24;
    static constexpr std::chrono::microseconds longest_watch{1600};

    void work(worker& me) noexcept {
        thread_state& thread = this_thread();
        thread.current = &me;
        thread.direct = &me.core;
        thread.worker = true;
        long_runs seen(size());
        me.inside.enter();
        for (;;) {
            grace_.pass(me.index);
            runnable* const item = pick(me);
            if (item != nullptr) [[likely]] {
                run(me, item);
            } else if (ending_.load(std::memory_order_acquire)) {
                break;
            } else {
                find_or_sleep(me, seen);
            }
        }
        flush_retired(me);
        grace_.leave(me.index);
        me.inside.leave();
        thread.current = nullptr;
        thread.direct = nullptr;
        thread.worker = false;
    }

    static auto& part_of(const worker& me) noexcept { return me.part.template as<typename Hooks::thread_part>(); }

    void run(worker& me, runnable* item) noexcept {
        me.runs.store(me.runs.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        me.running.store(item, std::memory_order_relaxed);
        const run_result result = item->run(item, me);
        me.running.store(nullptr, std::memory_order_relaxed);
        if (result == run_result::again) {
            requeue(me, item);
        }
    }

    runnable* pick(worker& me) noexcept {
        if (--me.until_shared == 0) {
            me.until_shared = shared_every;
            if (runnable* const item = take_shared(me)) {
                return item;
            }
        }
        runnable* const next = me.next.load(std::memory_order_relaxed);
        if (next != nullptr && me.streak != longest_streak) {
            me.streak += 1;
            me.next.store(nullptr, std::memory_order_relaxed);
            return next;
        }
        me.streak = 0;
        if (runnable* const item = me.ring.pop()) {
            return item;
        }
        if (next != nullptr) {
            me.next.store(nullptr, std::memory_order_relaxed);
            return next;
        }
        return take_shared(me);
    }

    // All of the injector or a share of the overflow: one to run, the rest where others can take it.
    runnable* take_shared(worker& me) noexcept {
        runnable* first = injector_.take_all();
        if (first == nullptr) {
            first = overflow_.take(run_ring::capacity / 2);
        }
        if (first == nullptr) {
            return nullptr;
        }
        runnable* rest = std::exchange(first->next_runnable, nullptr);
        if (rest != nullptr) {
            while (rest != nullptr) {
                runnable* const next = std::exchange(rest->next_runnable, nullptr);
                enqueue(me, rest);
                rest = next;
            }
            sleep_.notify();
        }
        return first;
    }

    runnable* steal(worker& me, long_runs& seen) noexcept {
        const std::size_t start = me.random.below(static_cast<std::uint32_t>(size()));
        for (std::size_t each = 0; each != size(); ++each) {
            worker& other = *workers_[(start + each) % size()];
            if (&other == &me) {
                continue;
            }
            std::size_t taken = 0;
            if (runnable* const item = other.ring.steal_half(me.ring, taken)) {
                Hooks::on_steal(part_of(me), taken);
                return item;
            }
            if (runnable* const item = steal_next(other, seen)) {
                return item;
            }
        }
        return nullptr;
    }

    // The actor that runs next on another worker, if that worker has been in one run for long and is in user code.
    static runnable* steal_next(worker& other, long_runs& seen) noexcept {
        if (seen.look(other) != long_runs::state::stuck || !other.inside.try_revoke()) {
            return nullptr;
        }
        runnable* const item = other.next.exchange(nullptr, std::memory_order_acquire);
        if (item != nullptr) {
            other.robbed = other.runs.load(std::memory_order_relaxed);
        }
        other.inside.restore();
        return item;
    }

    void find_or_sleep(worker& me, long_runs& seen) noexcept {
        Hooks::on_idle(part_of(me));
        bool searching = sleep_.try_start_search();
        do {
            if (searching) {
                if (runnable* const item = search(me, seen)) {
                    if (sleep_.stop_search()) {
                        sleep_.notify();
                    }
                    run(me, item);
                    return;
                }
            }
            searching = sleep(me, searching, seen);
        } while (searching && !ending_.load(std::memory_order_acquire));
        if (searching) {
            sleep_.stop_search();
        }
    }

    runnable* search(worker& me, long_runs& seen) noexcept {
        for (int round = 0; round != search_rounds; ++round) {
            if (runnable* const item = take_shared(me)) {
                return item;
            }
            if (runnable* const item = steal(me, seen)) {
                return item;
            }
            for (int each = 0; each != pauses_between; ++each) {
                cpu_pause();
            }
        }
        return nullptr;
    }

    bool anything_waits() const noexcept {
        if (!injector_.empty() || !overflow_.empty()) {
            return true;
        }
        for (const auto& each : workers_) {
            if (!each->ring.empty()) {
                return true;
            }
        }
        return false;
    }

    // Sleeps until there may be work. The worker is awake and searching afterwards.
    bool sleep(worker& me, bool searching, long_runs& seen) noexcept {
        flush_retired(me);
        grace_.leave(me.index);
        const bool last = sleep_.announce(me.index, searching);
        if (anything_waits() || ending_.load(std::memory_order_seq_cst)) {
            sleep_.withdraw(me.index);
        } else {
            if (last) {
                grace_.retire(nullptr);
                bell_.ring_if_heard();
            }
            Hooks::on_park(part_of(me));
            me.inside.leave();
            if (!watch(me, seen)) {
                sleep_.wait(me.index);
            }
            me.inside.enter();
            Hooks::on_wake(part_of(me));
        }
        grace_.pass(me.index);
        return true;
    }

    // While others are awake one sleeper looks now and then whether one is stuck; when all sleep nobody does. True if
    // it has withdrawn from sleep to take what is stuck there.
    bool watch(worker& me, long_runs& seen) noexcept {
        std::chrono::nanoseconds period = long_runs::limit;
        // After the mark is gone the count is read again: a worker that woke before it was gone has not summoned
        // anybody.
        while (sleep_.awake() != 0 && !watched_.exchange(true, std::memory_order_seq_cst)) {
            long_runs::state found = long_runs::state::nothing;
            while (found != long_runs::state::stuck && sleep_.awake() != 0) {
                const std::chrono::nanoseconds wait = found == long_runs::state::unsure ? long_runs::limit : period;
                if (sleep_.wait_for(me.index, wait.count())) {
                    watched_.store(false, std::memory_order_seq_cst);
                    return false;
                }
                period = period < longest_watch ? period * 2 : longest_watch;
                found = long_runs::state::nothing;
                for (const auto& each : workers_) {
                    found = each.get() != &me ? std::max(found, seen.look(*each)) : found;
                }
            }
            watched_.store(false, std::memory_order_seq_cst);
            if (found == long_runs::state::stuck) {
                sleep_.withdraw(me.index);
                return true;
            }
        }
        return false;
    }

    std::vector<std::thread> threads_;
    std::atomic<bool> ending_{false};
};

}  // namespace drover
