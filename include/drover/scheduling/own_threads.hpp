#pragma once

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "drover/base/cpu_pause.hpp"
#include "drover/base/futex.hpp"
#include "drover/base/text.hpp"
#include "drover/scheduling/grace.hpp"
#include "drover/scheduling/idle_bell.hpp"
#include "drover/scheduling/this_thread.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

class own_threads;

/// A worker for one actor alone. Nothing is in its queues: whoever makes the actor ready calls it by its word.
struct own_worker : worker {
    own_worker(core_record& owner, worker_group& group_, std::size_t index_, own_threads& of) noexcept
        : worker(owner, group_, index_, false), all(of) {}

    /// Its actor, in whose memory the thread may be until it ends: `item` is released then, and not before.
    void attach(runnable* actor, grace_period::release_function* function) noexcept {
        item = actor;
        release = function;
    }

    /// Any thread: the actor is ready, and the caller is the one who found out. It may be gone afterwards.
    void call() noexcept;

    own_threads& all;
    runnable* item = nullptr;
    grace_period::release_function* release = nullptr;
    bool over = false;  ///< its thread's own: the actor has stopped
    std::atomic<std::uint32_t> word{0};
    std::atomic<bool> ended{false};  ///< its thread touches nothing any more
    std::thread thread;
};

/// The threads of actors that have one of their own. They take nothing from the workers, nobody takes anything from
/// them, and they do not take part in the grace period, which would last as long as their handlers block: each counts
/// its actor instead. A thread that has ended is joined by the next one that ends or starts, at the latest by join().
class own_threads {
public:
    own_threads(core_record& core, worker_group& group, grace_period& grace, idle_bell& bell,
                std::size_t workers) noexcept
        : core_(core), group_(group), grace_(grace), bell_(bell), next_index_(workers) {}

    own_threads(const own_threads&) = delete;
    own_threads& operator=(const own_threads&) = delete;

    /// Threads made from now on may use the processors that the calling thread may; otherwise those of their maker.
    void set_home() noexcept {
        cpu_set_t processors;
        CPU_ZERO(&processors);
        if (::pthread_getaffinity_np(::pthread_self(), sizeof processors, &processors) == 0) {
            home_ = processors;
        }
    }

    /// A thread that sleeps until it is called. Throws std::bad_alloc, or std::system_error if it cannot be started;
    /// then nothing is left of it.
    own_worker& start(std::string_view runtime, std::string_view actor) {
        reap();
        std::list<own_worker> fresh;
        own_worker& me = fresh.emplace_back(core_, group_, next_index_.fetch_add(1, std::memory_order_relaxed), *this);
        core_.lanes().add(me);
        try {
            me.thread = std::thread([this, &me] { work(me); });
        } catch (const std::system_error& error) {
            core_.lanes().remove(me);
            throw std::system_error(
                error.code(),
                join_text({"drover: no thread could be started for ", actor,
                           ", which was to have its own; let fewer actors have one, or raise the limits"}));
        }
        const pthread_t thread = me.thread.native_handle();
        ::pthread_setname_np(thread, name_of_thread(runtime, actor).c_str());
        if (home_.has_value()) {
            ::pthread_setaffinity_np(thread, sizeof *home_, &*home_);
        }
        const std::lock_guard lock(mutex_);
        all_.splice(all_.end(), fresh);
        return me;
    }

    /// Ends one whose actor has not come to be.
    void cancel(own_worker& unused) noexcept {
        unused.word.store(cancelled, std::memory_order_release);
        futex_wake_one(unused.word);
        join(take([&](const own_worker& each) { return &each == &unused; }));  // unless another has joined it already
    }

    /// After every actor has stopped: waits for the threads' ends.
    void join() noexcept {
        join(take([](const own_worker&) { return true; }));
    }

    /// Instead of join(), when a handler never returns.
    void abandon() noexcept {
        const std::lock_guard lock(mutex_);
        for (own_worker& each : all_) {
            each.thread.detach();
        }
    }

    /// A number that changes whenever an actor with an own thread becomes ready; busy() tells whether one was ready or
    /// ran.
    std::uint64_t look() const noexcept { return state_.load(std::memory_order_seq_cst); }
    static constexpr bool busy(std::uint64_t looked) noexcept { return (looked & busy_mask) != 0; }

    void lock() noexcept { mutex_.lock(); }
    void unlock() noexcept { mutex_.unlock(); }

    /// Keeps all of them at the edge of the runtime, and others from coming, until let_go(). Not while inside it.
    void hold() noexcept {
        for (;;) {
            mutex_.lock();
            auto each = all_.begin();
            while (each != all_.end() && each->inside.try_revoke()) {
                ++each;
            }
            if (each == all_.end()) {
                return;
            }
            // Who is inside may wait for the mutex: a sink that spawns.
            for (auto held = all_.begin(); held != each; ++held) {
                held->inside.restore();
            }
            mutex_.unlock();
            yield_thread();
        }
    }

    void let_go() noexcept {
        for (own_worker& each : all_) {
            each.inside.restore();
        }
        mutex_.unlock();
    }

    /// All of them; while it is locked.
    template <class Visit>
    void visit(Visit each_one) {
        for (own_worker& each : all_) {
            each_one(each);
        }
    }

private:
    friend own_worker;

    static constexpr std::uint32_t asleep = 0;
    static constexpr std::uint32_t called = 1;
    static constexpr std::uint32_t cancelled = 2;
    static constexpr std::uint64_t busy_mask = 0xffffffff;
    static constexpr std::uint64_t one_call = busy_mask + 2;  // one more call ever, one more actor that is busy

    // "drover/disk": the system shows 15 characters, and most of them are the actor's, whose type may stand in
    // namespaces.
    static std::string name_of_thread(std::string_view runtime, std::string_view actor) {
        const std::size_t scope = actor.substr(0, actor.find('<')).rfind(':');
        const std::string_view own = scope == std::string_view::npos ? actor : actor.substr(scope + 1);
        return join_text({runtime.substr(0, 6), "/", own}).substr(0, 15);
    }

    void call(own_worker& one) noexcept {
        // Before the word: a drain must not find all at rest once the caller has left its send, or its worker sleeps.
        state_.fetch_add(one_call, std::memory_order_seq_cst);
        // At most one call is open, since the actor was not ready. Pairs with the load in work().
        one.word.store(called, std::memory_order_release);
        futex_wake_one(one.word);
    }

    void work(own_worker& me) noexcept {
        thread_state& thread = this_thread();
        thread.current = &me;
        thread.direct = &me.core;
        thread.worker = true;
        while (!me.over) {
            while (me.word.load(std::memory_order_acquire) == asleep) {
                futex_wait(me.word, asleep);
            }
            if (me.word.load(std::memory_order_relaxed) == cancelled) {
                break;
            }
            me.word.store(asleep, std::memory_order_relaxed);  // the next call can only follow from what we do now
            run(me);
            if (me.over) {
                me.release(me.item);
            }
            rest();
        }
        thread.current = nullptr;
        thread.direct = nullptr;
        thread.worker = false;
        core_.lanes().remove(me);
        reap();
        me.ended.store(true, std::memory_order_release);
    }

    void run(own_worker& me) noexcept {
        me.inside.enter();
        run_result result = run_result::again;
        while (result == run_result::again) {
            me.runs.store(me.runs.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
            me.running.store(me.item, std::memory_order_relaxed);
            result = me.item->run(me.item, me);
            me.running.store(nullptr, std::memory_order_relaxed);
        }
        me.stopped_count = 0;
        if (me.stopped != nullptr) {
            grace_.retire(std::exchange(me.stopped, nullptr));
        }
        me.inside.leave();
    }

    void rest() noexcept {
        if ((state_.fetch_sub(1, std::memory_order_seq_cst) & busy_mask) == 1) {
            bell_.ring_if_heard();
        }
    }

    void reap() noexcept {
        join(take([](const own_worker& each) { return each.ended.load(std::memory_order_acquire); }));
    }

    template <class Wanted>
    std::list<own_worker> take(Wanted wanted) noexcept {
        std::list<own_worker> taken;
        const std::lock_guard lock(mutex_);
        for (auto each = all_.begin(); each != all_.end();) {
            const auto next = std::next(each);
            if (wanted(*each)) {
                taken.splice(taken.end(), all_, each);
            }
            each = next;
        }
        return taken;
    }

    static void join(std::list<own_worker> gone) noexcept {
        for (own_worker& each : gone) {
            if (each.thread.joinable()) {
                each.thread.join();
            }
        }
    }

    core_record& core_;
    worker_group& group_;
    grace_period& grace_;
    idle_bell& bell_;
    std::atomic<std::size_t> next_index_;
    std::optional<cpu_set_t> home_;  // set before any actor is
    futex_mutex mutex_;              // whoever has it waits for nobody who is inside the runtime
    std::list<own_worker> all_;
    std::atomic<std::uint64_t> state_{0};  // calls so far above, actors that are ready or run below
};

inline void own_worker::call() noexcept {
    all.call(*this);
}

}  // namespace drover
