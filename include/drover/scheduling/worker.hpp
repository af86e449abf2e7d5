#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "drover/base/biased_lock.hpp"
#include "drover/base/random.hpp"
#include "drover/scheduling/lane.hpp"
#include "drover/scheduling/run_ring.hpp"
#include "drover/scheduling/runnable.hpp"

namespace drover {

class worker_group;

/// What a worker thread owns. `inside` is held by its thread whenever it is in the runtime and not in user code; it
/// guards `next` and all that belongs to the actor the worker runs.
struct worker : lane {
    worker(core_record& owner, worker_group& group_, std::size_t index_, bool has_queue = true) noexcept
        : lane(owner, true, has_queue), group(group_), index(index_), random(index_ + 1) {}

    static constexpr std::uint64_t no_run = ~std::uint64_t{0};

    worker_group& group;
    const std::size_t index;

    biased_lock inside;
    std::atomic<runnable*> next{nullptr};     ///< runs after the present one: the actor made ready last
    std::atomic<runnable*> running{nullptr};  ///< the actor whose run this is
    std::atomic<std::uint64_t> runs{0};       ///< changes with each run, so that a thief can tell a long one
    std::uint64_t robbed = no_run;            ///< the last one in which a thief took the actor in `next`
    owned_counter
        pieces;  ///< of user code that have come back, beside messages that were handled; see runtime/watchdog.hpp
    runnable* stopped = nullptr;  ///< cells on their way to the grace period, linked by `next_runnable`
    std::size_t stopped_count = 0;
    unsigned streak = 0;        ///< runs from `next` in a row
    unsigned until_shared = 1;  ///< runs until it looks at the shared queues even though its own are not empty
    random_source random;
    std::shared_ptr<void> outbox;   ///< of the actor that runs, if it has one; made when first needed
    std::shared_ptr<void> scratch;  ///< where the messages of a batch stand
    std::size_t scratch_size = 0;
    run_ring ring;
};

/// Around user code on a worker: it leaves the runtime, and comes back in at the end. Nested use does nothing.
class outside_scope {
public:
    explicit outside_scope(biased_lock& lock) noexcept : lock_(lock), was_inside_(lock.held()) {
        if (was_inside_) {
            lock_.leave();
        }
    }
    ~outside_scope() {
        if (was_inside_) {
            lock_.enter();
        }
    }
    outside_scope(const outside_scope&) = delete;
    outside_scope& operator=(const outside_scope&) = delete;

private:
    biased_lock& lock_;
    const bool was_inside_;
};

/// The other way round: around what user code calls in the runtime.
class inside_scope {
public:
    explicit inside_scope(biased_lock& lock) noexcept : lock_(lock), was_inside_(lock.held()) {
        if (!was_inside_) {
            lock_.enter();
        }
    }
    ~inside_scope() {
        if (!was_inside_) {
            lock_.leave();
        }
    }
    inside_scope(const inside_scope&) = delete;
    inside_scope& operator=(const inside_scope&) = delete;

private:
    biased_lock& lock_;
    const bool was_inside_;
};

}  // namespace drover
