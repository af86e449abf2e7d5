#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "drover/base/asymmetric_fence.hpp"
#include "drover/base/cache_line.hpp"
#include "drover/base/owned_counter.hpp"
#include "drover/message/dead_letter.hpp"
#include "drover/scheduling/lane_part.hpp"

namespace drover {

class core_record;

/// What one thread keeps for one runtime: its share of the accounts and, for a thread that is no worker of that
/// runtime, the sign that it is inside a send. A worker has one for life; other threads get one with their first send
/// and hand it back when they end.
struct alignas(2 * cache_line) lane {
    lane(core_record& owner, bool is_worker) noexcept : lane(owner, is_worker, is_worker) {}
    lane(core_record& owner, bool is_worker, bool has_queue) noexcept
        : core(owner), worker(is_worker), queue(has_queue) {}
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;

    core_record& core;
    const bool worker;
    const bool queue;         ///< its thread keeps actors that it makes ready; false of an actor's own thread
    std::uint32_t place = 0;  ///< a small number that no other lane of its runtime has at the time
    std::atomic<std::uint32_t> sending{0};  ///< depth of sends in progress; stays 0 on workers
    std::atomic<std::uint64_t> reading{0};  ///< the epoch in which its thread began to read snapshots; 0: it reads none
    owned_counter pushed;                   ///< messages put into mailboxes
    owned_counter handled;
    owned_counter returned;                                 ///< left with the caller by try_tell
    std::array<owned_counter, dead_letter_reasons> unsent;  ///< made dead letters without being pushed, by reason
    owned_counter late_replies;
    owned_counter asks_begun;  ///< asks whose asker goes on later, and coroutine handlers that wait for something
    owned_counter asks_ended;
    owned_counter timed_begun;  ///< messages that wait for their time and are sent once
    owned_counter timed_ended;
    lane_part part;  ///< what the metrics policy keeps here
    lane* next_in_core = nullptr;
    lane* next_in_thread = nullptr;
};

/// Around everything that a thread which is no worker does to a runtime. `drain` closes the gate and then waits until
/// nobody is inside; so does the end of the runtime before its scheduler goes. Modelled in tests/model/drain.pml.
class send_bracket {
public:
    explicit send_bracket(lane& mine) noexcept : lane_(mine) {
        if (!lane_.worker) {
            asymmetric_fence::light_store(lane_.sending, lane_.sending.load(std::memory_order_relaxed) + 1);
        }
    }
    [[gnu::always_inline]] ~send_bracket() {
        if (!lane_.worker) {
            lane_.sending.store(lane_.sending.load(std::memory_order_relaxed) - 1, std::memory_order_release);
        }
    }
    send_bracket(const send_bracket&) = delete;
    send_bracket& operator=(const send_bracket&) = delete;

private:
    lane& lane_;
};

}  // namespace drover
