#pragma once

#include <atomic>
#include <cstdint>

#include "drover/base/asymmetric_fence.hpp"
#include "drover/base/cpu_pause.hpp"

namespace drover {

/// A lock that one thread, its owner, takes all the time and others take hardly ever. The owner pays two plain stores
/// and a load; another thread pays a `membarrier`. It guards what a worker owns: its next slot, and the mailbox ends,
/// child lists and ask lists of the actor it runs. Modelled in tests/model/biased_lock.pml.
///
/// The owner holds it while it is inside the runtime and lets go while user code runs, so that another worker can take
/// the actor that waits behind a long handler, and so that `drain` can look at actors whose handler does not return.
class biased_lock {
public:
    /// Owner only; must not hold it already.
    [[gnu::always_inline]] void enter() noexcept {
        asymmetric_fence::light_store<std::uint32_t>(busy_, 1);
        // Pairs with the exchange in try_revoke() and revoke(): either we see it here or they see `busy_`.
        if (revoked_.load(std::memory_order_acquire) != 0) [[unlikely]] {
            enter_contended();
        }
    }

    /// Owner only. Pairs with the load of `busy_` by the other side: what the owner wrote is visible to it.
    void leave() noexcept { busy_.store(0, std::memory_order_release); }

    /// Owner only.
    bool held() const noexcept { return busy_.load(std::memory_order_relaxed) != 0; }

    /// Any other thread: takes the lock if the owner is outside and nobody else has it. Does not wait.
    bool try_revoke() noexcept {
        if (revoked_.exchange(1, std::memory_order_acquire) != 0) {
            return false;
        }
        asymmetric_fence::heavy_fence();
        if (busy_.load(std::memory_order_acquire) != 0) {
            restore();
            return false;
        }
        return true;
    }

    /// Any other thread: takes the lock, waiting for the owner to step outside. Bounded, as the owner holds it only
    /// inside the runtime.
    void revoke() noexcept {
        while (revoked_.exchange(1, std::memory_order_acquire) != 0) {
            yield_thread();
        }
        asymmetric_fence::heavy_fence();
        while (busy_.load(std::memory_order_acquire) != 0) {
            yield_thread();
        }
    }

    /// Gives back what try_revoke() or revoke() took. Pairs with the owner's loads of `revoked_`.
    void restore() noexcept { revoked_.store(0, std::memory_order_release); }

private:
    [[gnu::noinline]] void enter_contended() noexcept {
        do {
            busy_.store(0, std::memory_order_release);
            while (revoked_.load(std::memory_order_acquire) != 0) {
                yield_thread();
            }
            asymmetric_fence::light_store<std::uint32_t>(busy_, 1);
        } while (revoked_.load(std::memory_order_acquire) != 0);
    }

    std::atomic<std::uint32_t> busy_{0};
    std::atomic<std::uint32_t> revoked_{0};
};

}  // namespace drover
