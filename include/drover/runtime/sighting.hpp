#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "drover/base/clock.hpp"
#include "drover/base/futex.hpp"
#include "drover/scheduling/worker.hpp"

namespace drover {

/// A piece of user code that a worker was seen in, by numbers that the worker counts in any case. Equal numbers at two
/// looks are one and the same piece, which has gone on from the one to the other.
struct piece_sighting {
    explicit piece_sighting(std::size_t index) noexcept : worker_index(index) {}
    piece_sighting(const worker& each, time_point now) noexcept
        : worker_index(each.index),
          item(each.running.load(std::memory_order_relaxed)),
          runs(each.runs.load(std::memory_order_relaxed)),
          handled(each.handled.read()),
          pieces(each.pieces.read()),
          since(now) {}

    bool same_piece(const piece_sighting& other) const noexcept {
        return item == other.item && runs == other.runs && handled == other.handled && pieces == other.pieces;
    }

    std::size_t worker_index;
    const runnable* item = nullptr;  ///< the actor; null: it ran none
    std::uint64_t runs = 0;
    std::uint64_t handled = 0;
    std::uint64_t pieces = 0;
    time_point since{};  ///< when it was seen first
};

namespace detail {

/// What the last dump saw, so that the next one knows how long a piece has gone on. Any thread.
class earlier_looks {
public:
    std::vector<piece_sighting> get() const {
        const std::lock_guard lock(mutex_);
        return seen_;
    }
    void set(std::vector<piece_sighting> seen) noexcept {
        const std::lock_guard lock(mutex_);
        seen_.swap(seen);
    }

private:
    mutable futex_mutex mutex_;
    std::vector<piece_sighting> seen_;
};

}  // namespace detail

}  // namespace drover
