#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "drover/scheduling/grace.hpp"
#include "drover/scheduling/idle_bell.hpp"
#include "drover/scheduling/own_threads.hpp"
#include "drover/scheduling/shared_queues.hpp"
#include "drover/scheduling/sleep.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// The queues of all workers of one runtime and what is done with them when an actor becomes ready. The threads that
/// empty them are in work_stealing.hpp.
class worker_group {
public:
    worker_group(core_record& core, std::size_t workers, grace_period::release_function* release)
        : sleep_(workers), grace_(workers, release), own_(core, *this, grace_, bell_, workers), watched_(workers == 1) {
        workers_.reserve(workers);
        for (std::size_t each = 0; each != workers; ++each) {
            workers_.push_back(std::make_unique<worker>(core, *this, each));
        }
    }

    worker_group(const worker_group&) = delete;
    worker_group& operator=(const worker_group&) = delete;

    std::size_t size() const noexcept { return workers_.size(); }
    worker& at(std::size_t index) noexcept { return *workers_[index]; }

    /// On a worker: `item` runs next, and what was to run next goes where others can take it. In a run so long that a
    /// thief has taken the actor that was to run next, `item` goes there at once: the run may well last, and the thief
    /// is idle.
    void schedule(worker& me, runnable* item) noexcept {
        const inside_scope scope(me.inside);
        if (me.robbed == me.runs.load(std::memory_order_relaxed)) [[unlikely]] {
            enqueue(me, item);
            sleep_.notify();
            return;
        }
        runnable* const displaced = me.next.load(std::memory_order_relaxed);
        me.next.store(item, std::memory_order_release);
        if (displaced != nullptr) {
            enqueue(me, displaced);
            sleep_.notify();
        } else if (!watched_.load(std::memory_order_seq_cst)) [[unlikely]] {
            summon_watcher();
        }
    }

    /// On a worker: `item` has had its share and comes last.
    void requeue(worker& me, runnable* item) noexcept {
        const bool alone = me.next.load(std::memory_order_relaxed) == nullptr && me.ring.empty();
        enqueue(me, item);
        if (!alone) {
            sleep_.notify();
        }
    }

    /// On a worker: would it find another actor to run at once?
    bool has_other_work(const worker& me) const noexcept {
        return me.next.load(std::memory_order_relaxed) != nullptr || !me.ring.empty() || !injector_.empty();
    }

    /// From any thread that is no worker of this group.
    void submit(runnable* item) noexcept {
        injector_.push(item);
        sleep_.notify();
    }

    /// On a worker: a stopped cell, to be released when nobody can be looking at it.
    void retire(worker& me, runnable* cell) {
        cell->next_runnable = std::exchange(me.stopped, cell);
        if (++me.stopped_count == 64) {
            flush_retired(me);
        }
    }

    /// True if no worker is awake, `senders_gone` holds, and nothing waits in a queue; in this order, because an
    /// outside sender may have taken an actor's idle mark and not scheduled it yet. See tests/model/drain.pml. Own
    /// threads cannot be kept from waking meanwhile, so what tells of them must not have changed; see
    /// tests/model/own_threads.pml.
    template <class Test>
    bool quiescent(Test senders_gone) {
        return sleep_.test_locked([&] {
            const std::uint64_t own = own_.look();
            return sleep_.awake() == 0 && !own_threads::busy(own) && senders_gone() && injector_.empty() &&
                   overflow_.empty() && own_.look() == own;
        });
    }

    /// Runs `look` while no worker is inside the runtime: they are in user code, asleep, or wait here. Not from a
    /// worker. Throws what `look` throws.
    template <class Look>
    void inspect(Look look) {
        for (const auto& each : workers_) {
            each->inside.revoke();
        }
        own_.hold();
        const struct all_held {
            worker_group& group;
            ~all_held() {
                group.own_.let_go();
                for (const auto& each : group.workers_) {
                    each->inside.restore();
                }
            }
        } scope{*this};
        look();
    }

    /// Does a worker run `item`? Inside inspect().
    bool runs(const runnable* item) noexcept {
        bool found = false;
        visit_workers(
            [&](const worker& each) { found = found || each.running.load(std::memory_order_relaxed) == item; });
        return found;
    }

    /// Does it sleep, or is it about to? Not one of an own thread.
    bool asleep(const worker& one) const noexcept { return sleep_.asleep(one.index); }

    /// Each worker, with those of own threads. Inside inspect().
    template <class Visit>
    void visit_held(Visit each_one) {
        visit_workers(each_one);
    }

    /// Each worker, with those of own threads, none of which comes or goes meanwhile. `each_one` must wait for none of
    /// them.
    template <class Visit>
    void visit_all(Visit each_one) {
        const std::lock_guard lock(own_);
        visit_workers(each_one);
    }

    /// The bell changes, and its waiters are woken, when quiescent() may have become true and when ring() is called.
    std::uint32_t listen() noexcept { return bell_.listen(); }
    const std::atomic<std::uint32_t>& bell() const noexcept { return bell_.word(); }
    void ring() noexcept { bell_.ring(); }

protected:
    ~worker_group() = default;

    /// Into the ring or, when that is full, half of it into the list that all share: one lock for 128 items.
    void enqueue(worker& me, runnable* item) noexcept {
        if (me.ring.push(item)) [[likely]] {
            return;
        }
        run_chain older;
        for (std::uint64_t count = 0; count != run_ring::capacity / 2; ++count) {
            runnable* const each = me.ring.pop();
            if (each == nullptr) {
                break;
            }
            older.append(each);
        }
        older.append(item);
        overflow_.push(older);
    }

    template <class Visit>
    void visit_workers(Visit each_one) {
        for (const auto& each : workers_) {
            each_one(*each);
        }
        own_.visit(each_one);
    }

    void flush_retired(worker& me) {
        me.stopped_count = 0;
        grace_.retire(std::exchange(me.stopped, nullptr));
    }

    void summon_watcher() noexcept {
        if (sleep_.awake() < size()) {
            sleep_.wake_any();
        }
    }

    std::vector<std::unique_ptr<worker>> workers_;
    injector injector_;
    overflow_list overflow_;
    sleep_list sleep_;
    grace_period grace_;
    idle_bell bell_;
    own_threads own_;
    /// A worker looks now and then whether another is stuck with an actor in `next`; so it is also where there is no
    /// other.
    std::atomic<bool> watched_;
};

}  // namespace drover
