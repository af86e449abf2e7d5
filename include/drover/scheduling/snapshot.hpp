#pragma once

#include <atomic>

#include "drover/base/asymmetric_fence.hpp"
#include "drover/scheduling/core_record.hpp"
#include "drover/scheduling/lane.hpp"
#include "drover/scheduling/retired.hpp"

namespace drover {

/// While it stands, nothing that this thread reads from a snapshot of the runtime is freed. Costs two plain stores and
/// no locked instruction; never blocks. `mine` is the calling thread's lane to that runtime. A thread that stays inside
/// for long delays memory and nothing else; no user code should run inside. Nested use keeps the outermost epoch.
class read_scope {
public:
    explicit read_scope(lane& mine) noexcept
        : lane_(mine), nested_(mine.reading.load(std::memory_order_relaxed) != retired_list::not_reading) {
        if (!nested_) {
            // Before the snapshot is read; pairs with the heavy fence in core_record: either the reclaiming thread sees
            // us inside, or we see what it has published.
            asymmetric_fence::light_store(lane_.reading, lane_.core.epoch());
        }
    }
    ~read_scope() {
        if (!nested_) {
            // Releases our reads to the thread that frees what we read.
            lane_.reading.store(retired_list::not_reading, std::memory_order_release);
        }
    }
    read_scope(const read_scope&) = delete;
    read_scope& operator=(const read_scope&) = delete;

private:
    lane& lane_;
    const bool nested_;
};

/// A pointer to an immutable `T`, derived from `retired`, that writers replace as a whole. Readers hold a read_scope;
/// writers exclude each other by a lock of their own, and retire what they have replaced with core_record::retire().
template <class T>
class snapshot {
public:
    explicit snapshot(T* first = nullptr) noexcept : current_(first) {}

    T* read(const read_scope&) const noexcept {
        return current_.load(std::memory_order_acquire);  // pairs with the exchange in replace()
    }

    /// By the writer, under its lock.
    T* present() const noexcept { return current_.load(std::memory_order_relaxed); }

    /// What was there before, which is now the writer's to retire.
    [[nodiscard]] T* replace(T* fresh) noexcept { return current_.exchange(fresh, std::memory_order_acq_rel); }

private:
    std::atomic<T*> current_;
};

}  // namespace drover
