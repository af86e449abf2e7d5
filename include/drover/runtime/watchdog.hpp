#pragma once

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drover/actor/cell.hpp"
#include "drover/base/biased_lock.hpp"
#include "drover/base/cpu_pause.hpp"
#include "drover/base/futex.hpp"
#include "drover/message/stuck_handler.hpp"
#include "drover/runtime/occupation.hpp"
#include "drover/runtime/options.hpp"
#include "drover/runtime/sighting.hpp"
#include "drover/runtime/sinks.hpp"
#include "drover/scheduling/worker_group.hpp"

namespace drover {

/// Tells of handlers that do not come back. Nothing is written down for it: four times in the limit a timer of the
/// runtime looks whether a worker still runs the same piece of user code as at the look before, by the numbers of its
/// runs, of its messages handled and of other pieces, which it counts in any case. Only for a report does it hold the
/// worker out of the runtime for a moment, by its biased lock, to read whose code that is.
template <class F>
class watchdog : timer {
public:
    watchdog(core_record& core, worker_group& group, const runtime_options& options) noexcept
        : timer(&on_fire), core_(core), group_(group), options_(options) {}

    watchdog(const watchdog&) = delete;
    watchdog& operator=(const watchdog&) = delete;

    ~watchdog() { end(); }

    /// Once; nothing without a limit. Throws std::system_error if the timer thread cannot be started.
    void start() {
        if (options_.stuck_after.count() > 0) {
            started_ = core_.timers.arm_after(*this, period());
        }
    }

    /// No report comes after this. Not from a sink.
    void end() noexcept {
        {
            const std::lock_guard lock(mutex_);
            ended_ = true;
        }
        if (std::exchange(started_, false) && !core_.timers.cancel(*this)) {
            while (!done_.load(std::memory_order_acquire)) {
                yield_thread();
            }
        }
    }

    /// Adds the pieces of user code that it has seen workers in. Any thread, one of its sinks' too. Throws
    /// std::bad_alloc.
    void add_seen(std::vector<piece_sighting>& to) {
        const std::lock_guard lock(seen_mutex_);
        to.insert(to.end(), seen_.begin(), seen_.end());
    }

private:
    // What a worker was seen in.
    struct sighting : piece_sighting {
        bool present = true;
        bool told = false;  // the rest is of whom
        bool own_thread = false;
        std::string actor{};
        actor_id id = actor_id::none;
        std::string_view message{};
    };

    struct report {
        std::string actor;
        stuck_handler what;
    };

    clock_duration period() const noexcept { return options_.stuck_after / 4; }

    static void on_fire(timer* t) noexcept {
        auto& self = static_cast<watchdog&>(*t);
        bool last = true;
        {
            const std::lock_guard lock(self.mutex_);
            if (!self.ended_) {
                self.look();
                last = !self.core_.timers.arm_after(self, self.period());
            }
        }
        if (last) {
            self.done_.store(true, std::memory_order_release);
        }
    }

    void look() noexcept {
        std::vector<report> reports;
        try {
            const time_point now = core_.timers.now();
            const std::lock_guard lock(seen_mutex_);
            for (sighting& each : seen_) {
                each.present = false;
            }
            group_.visit_all([&](worker& each) {
                if (each.queue || options_.stuck_in == stuck_scope::all_threads) {
                    see(each, now, reports);
                }
            });
            forget_absent(now, reports);
        } catch (const std::bad_alloc&) {  // the next look tells
        }
        for (report& each : reports) {
            each.what.actor = each.actor;
            tell(each.what);
        }
    }

    void see(worker& each, time_point now, std::vector<report>& reports) {
        sighting& last = of(each);
        last.present = true;
        const piece_sighting fresh(each, now);
        if (fresh.item == nullptr || !fresh.same_piece(last)) {
            came_back(last, now, reports);
            last = sighting{fresh};
        } else if (!last.told && now - last.since >= options_.stuck_after && each.inside.try_revoke()) {
            const struct restored {
                biased_lock& lock;
                ~restored() { lock.restore(); }
            } scope{each.inside};
            // It is in user code, and by the numbers in the same piece as before.
            if (piece_sighting(each, now).same_piece(last)) {
                identify(last, *static_cast<const basic_cell<F>*>(fresh.item), !each.queue);
                reports.push_back({last.actor, about(last, now, false)});
                last.told = true;
            }
        }
    }

    static void identify(sighting& last, const basic_cell<F>& cell, bool own_thread) {
        last.actor = cell.name();
        last.id = cell.id;
        last.message = detail::message_handled(cell);
        last.own_thread = own_thread;
    }

    void came_back(sighting& last, time_point now, std::vector<report>& reports) const {
        if (std::exchange(last.told, false)) {
            reports.push_back({last.actor, about(last, now, true)});
        }
    }

    stuck_handler about(const sighting& last, time_point now, bool returned) const noexcept {
        return {{},
                last.id,
                last.message.empty() ? std::string_view("its own code") : last.message,
                now - last.since,
                returned,
                last.own_thread};
    }

    sighting& of(const worker& one) {
        for (sighting& each : seen_) {
            if (each.worker_index == one.index) {
                return each;
            }
        }
        return seen_.emplace_back(sighting{piece_sighting(one.index)});
    }

    // Own threads that have ended.
    void forget_absent(time_point now, std::vector<report>& reports) {
        for (std::size_t each = 0; each != seen_.size();) {
            if (seen_[each].present) {
                each += 1;
                continue;
            }
            came_back(seen_[each], now, reports);
            std::swap(seen_[each], seen_.back());
            seen_.pop_back();
        }
    }

    // Not under the lock of the other sinks: what is stuck may be one of them.
    void tell(const stuck_handler& what) const noexcept {
        try {
            options_.on_stuck_handler ? options_.on_stuck_handler(what) : print_stuck_handler(what);
        } catch (...) {
            std::fprintf(stderr, "drover: a sink threw (%s); a sink must not throw\n",
                         describe(std::current_exception()).c_str());
        }
    }

    core_record& core_;
    worker_group& group_;
    const runtime_options& options_;
    bool started_ = false;
    futex_mutex mutex_;
    bool ended_ = false;
    std::atomic<bool> done_{false};
    futex_mutex seen_mutex_;  // what a sink does may look at it, and a sink is called under the other
    std::vector<sighting> seen_;
};

}  // namespace drover
