#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/base/thread_exit.hpp"
#include "drover/base/tick_clock.hpp"
#include "drover/tracing/flight_ring.hpp"
#include "drover/tracing/trace_scope.hpp"

namespace drover {

/// One record as a reader has it. `span` is that of the message and of its handling, whose are one.
struct flight_event {
    clock_duration at{};  ///< since the recorder's beginning, or on the clock that it was given; of `rooted`: 0
    flight_event_kind kind = flight_event_kind::ended;
    span_id span = span_id::none;
    std::uint64_t other = 0;               ///< what the kind says
    const message_names* names = nullptr;  ///< null of `ended` and `rooted`
    trace_id trace{};                      ///< of `rooted` alone
};

/// What one thread has recorded, oldest first.
struct flight_thread {
    std::uint64_t number = 0;  ///< never given out twice
    std::string name;
    bool ended = false;
    std::uint64_t overwritten = 0;  ///< records that were there before, and are lost
    std::vector<flight_event> events;
};

struct flight_recording {
    clock_duration taken{};  ///< when it was read, on the time of its events
    std::vector<flight_thread> threads;
};

namespace detail {

/// A ring and whose it is. Never freed, so that a signal handler may walk along them; one whose thread has ended is
/// another's after some time. All but the ring and `next` under the recorder's lock.
struct flight_lane {
    explicit flight_lane(std::size_t records) : ring(records) {}

    flight_ring ring;
    std::uint64_t number = 0;
    std::array<char, 16> name{};
    pthread_t thread{};
    std::uint64_t ended = 0;  ///< 0: it lives; else in which order it ended
    flight_lane* next = nullptr;
};

/// Of the process: the rings of all threads. Never destroyed: threads and statics may end after everything else.
class [[gnu::visibility("default")]] flight_lanes {
public:
    /// Rings of one size whose threads have ended, beyond which the oldest goes to the next thread that comes.
    static constexpr std::size_t most_ended = 16;

    static flight_lanes& instance() {
        static auto* const all = new flight_lanes;
        return *all;
    }

    /// A lane, or the object, has been made before.
    static std::uint64_t now() noexcept { return clock_.load(std::memory_order_acquire)->ticks.now(); }

    /// Any thread, and a signal handler.
    static clock_duration time_of(std::uint64_t tick) noexcept {
        const timing& its = *clock_.load(std::memory_order_acquire);
        return its.ticks.between(its.begin, tick);
    }

    /// Any thread, and a signal handler.
    const flight_lane* first() const noexcept { return first_.load(std::memory_order_acquire); }

    /// The calling thread's, or null if there is no memory for it.
    flight_ring* join(std::size_t records) noexcept {
        try {
            const std::lock_guard lock(mutex_);
            flight_lane& mine = find_place(records);
            mine.ring.forget();
            mine.number = ++threads_;
            mine.ended = 0;
            mine.thread = ::pthread_self();
            name(mine);
            thread_exit<&leave>::request();
            this_trace_thread.ring = &mine.ring;
            return &mine.ring;
        } catch (...) {
            return nullptr;
        }
    }

    flight_recording read() {
        const std::lock_guard lock(mutex_);
        flight_recording all;
        for (flight_lane* each = first_.load(std::memory_order_relaxed); each != nullptr; each = each->next) {
            if (each->ended == 0) {
                name(*each);  // it may have got its name after its first event
            }
            flight_thread one{each->number, each->name.data(), each->ended != 0, 0, {}};
            one.overwritten = each->ring.each_last(
                each->ring.capacity(), [&](const flight_record& record) { one.events.push_back(event_of(record)); });
            if (one.overwritten != 0 || !one.events.empty()) {
                all.threads.push_back(std::move(one));
            }
        }
        all.taken = time_of(now());
        return all;
    }

    void forget() {
        const std::lock_guard lock(mutex_);
        forget_locked();
    }

    struct timing {
        explicit timing(const clock_source& clock)
            : ticks(clock), begin(ticks.runs() ? ticks.now() : std::uint64_t{1} << 63U) {}
        const tick_clock ticks;
        const std::uint64_t begin;  ///< of a given clock its own 0
    };

    /// Gives the one before, which stays: a thread may be about to read it.
    const timing* measure_by(std::unique_ptr<const timing> fresh) {
        const std::lock_guard lock(mutex_);
        timings_.push_back(std::move(fresh));
        return exchange_locked(timings_.back().get());
    }
    void measure_again_by(const timing* before) noexcept {
        const std::lock_guard lock(mutex_);
        exchange_locked(before);
    }

private:
    // Not behind the object's guard: it is read for each record.
    static inline constinit std::atomic<const timing*> clock_{nullptr};

    flight_lanes() { measure_by(std::make_unique<const timing>(steady_clock_source::instance())); }

    const timing* exchange_locked(const timing* next) noexcept {
        forget_locked();
        return clock_.exchange(next, std::memory_order_acq_rel);
    }

    void forget_locked() noexcept {
        for (flight_lane* each = first_.load(std::memory_order_relaxed); each != nullptr; each = each->next) {
            each->ring.forget();
        }
    }

    static void leave() noexcept {
        flight_ring* const mine = std::exchange(this_trace_thread.ring, nullptr);
        flight_lanes& all = instance();
        const std::lock_guard lock(all.mutex_);
        for (flight_lane* each = all.first_.load(std::memory_order_relaxed); each != nullptr; each = each->next) {
            if (&each->ring == mine) {
                name(*each);
                each->ended = ++all.ends_;
            }
        }
    }

    static void name(flight_lane& lane) noexcept {
        ::pthread_getname_np(lane.thread, lane.name.data(), lane.name.size());
    }

    // One of those that have ended, the oldest, if they are too many; else a new one.
    flight_lane& find_place(std::size_t records) {
        flight_lane* oldest = nullptr;
        std::size_t ended = 0;
        for (flight_lane* each = first_.load(std::memory_order_relaxed); each != nullptr; each = each->next) {
            if (each->ended != 0 && each->ring.capacity() == records) {
                ended += 1;
                if (oldest == nullptr || each->ended < oldest->ended) {
                    oldest = each;
                }
            }
        }
        if (oldest != nullptr && ended >= most_ended) {
            return *oldest;
        }
        auto* const fresh = new flight_lane(records);
        fresh->next = first_.load(std::memory_order_relaxed);
        first_.store(fresh, std::memory_order_release);  // pairs with first()
        return *fresh;
    }

    static flight_event event_of(const flight_record& record) noexcept {
        const flight_event_kind kind = kind_of(record);
        if (kind == flight_event_kind::rooted) {
            return {{}, kind, span_id{record[1]}, 0, nullptr, {record[2], record[0]}};
        }
        return {time_of(record[0]), kind, span_id{record[1]}, record[2], names_of(record), {}};
    }

    std::mutex mutex_;
    std::atomic<flight_lane*> first_{nullptr};
    std::vector<std::unique_ptr<const timing>> timings_;
    std::uint64_t threads_ = 0;
    std::uint64_t ends_ = 0;
};

}  // namespace detail

/// What all threads of the process have recorded, as far as it is still there. Any thread, while others record: they
/// are not held up, but one that records for the first time, or ends, waits. Throws std::bad_alloc.
inline flight_recording read_flight_recorder() {
    return detail::flight_lanes::instance().read();
}

/// Forgets what has been recorded so far. Any thread.
inline void clear_flight_recorder() {
    detail::flight_lanes::instance().forget();
}

/// Takes the time of records from this clock while it stands, as for a trace in virtual time; usual is the processor's
/// time-stamp counter, or the steady clock where that does not run at one rate. What was recorded before is forgotten
/// at both ends. No two at once, and no thread records at either end.
class [[nodiscard]] flight_clock {
public:
    /// `clock` outlives it.
    explicit flight_clock(const clock_source& clock)
        : before_(lanes().measure_by(std::make_unique<const detail::flight_lanes::timing>(clock))) {}
    ~flight_clock() { lanes().measure_again_by(before_); }
    flight_clock(const flight_clock&) = delete;
    flight_clock& operator=(const flight_clock&) = delete;

private:
    static detail::flight_lanes& lanes() { return detail::flight_lanes::instance(); }

    const detail::flight_lanes::timing* const before_;
};

}  // namespace drover
