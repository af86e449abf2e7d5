#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "drover/base/cache_line.hpp"
#include "drover/base/futex.hpp"
#include "drover/scheduling/runnable.hpp"

namespace drover {

/// When a stopped actor may be forgotten. A worker that has marked an actor idle still reads two words of its cell,
/// while another worker may already run and stop it; so the runtime's reference to a stopped cell is dropped only after
/// every worker has been between two runs. (Quiescent-state-based reclamation, as in McKenney's read-copy-update.)
class grace_period {
public:
    using release_function = void(runnable*) noexcept;

    grace_period(std::size_t workers, release_function* function) : seen_(workers), release_(function) {}

    ~grace_period() { release(std::exchange(waiting_, {})); }

    grace_period(const grace_period&) = delete;
    grace_period& operator=(const grace_period&) = delete;

    /// The worker is between two runs: it touches no cell. A load and a plain store.
    void pass(std::size_t worker) noexcept {
        // Pairs with the loads in passed(): what the worker touched before, it touched before the cells are released.
        seen_[worker].epoch.store(epoch_.load(std::memory_order_acquire), std::memory_order_release);
    }

    /// The worker sleeps and counts as passed until its next pass().
    void leave(std::size_t worker) noexcept { seen_[worker].epoch.store(away, std::memory_order_release); }

    /// Takes stopped cells, linked by `next_runnable`, and releases those whose time has come.
    void retire(runnable* first) {
        std::vector<batch> ready;
        {
            const std::lock_guard lock(mutex_);
            if (first != nullptr) {
                waiting_.push_back({first, epoch_.fetch_add(1, std::memory_order_acq_rel) + 1});
            }
            const std::uint64_t limit = passed();
            std::size_t count = 0;
            while (count != waiting_.size() && waiting_[count].epoch <= limit) {
                count += 1;
            }
            const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
            ready.assign(waiting_.begin(), end);
            waiting_.erase(waiting_.begin(), end);
        }
        release(ready);
    }

    bool empty() noexcept {
        const std::lock_guard lock(mutex_);
        return waiting_.empty();
    }

private:
    static constexpr std::uint64_t away = ~std::uint64_t{0};

    struct batch {
        runnable* first;
        std::uint64_t epoch;  ///< the first that a worker can only have seen after these cells were stopped
    };

    struct alignas(cache_line) observation {
        std::atomic<std::uint64_t> epoch{away};
    };

    std::uint64_t passed() const noexcept {
        std::uint64_t lowest = away;
        for (const observation& each : seen_) {
            const std::uint64_t epoch = each.epoch.load(std::memory_order_acquire);
            lowest = epoch < lowest ? epoch : lowest;
        }
        return lowest;
    }

    void release(const std::vector<batch>& batches) const noexcept {
        for (const batch& each : batches) {
            for (runnable* item = each.first; item != nullptr;) {
                runnable* const next = item->next_runnable;
                release_(item);
                item = next;
            }
        }
    }

    alignas(cache_line) std::atomic<std::uint64_t> epoch_{0};
    std::vector<observation> seen_;
    release_function* release_;
    alignas(cache_line) futex_mutex mutex_;
    std::vector<batch> waiting_;
};

}  // namespace drover
