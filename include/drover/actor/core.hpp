#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "drover/base/futex.hpp"
#include "drover/message/dead_letter.hpp"
#include "drover/message/stop_reason.hpp"
#include "drover/metrics/hooks.hpp"
#include "drover/scheduling/core_record.hpp"
#include "drover/scheduling/lane_part.hpp"
#include "drover/scheduling/worker_group.hpp"

namespace drover {

template <class F>
struct basic_cell;
template <class F>
class dead_letter_subscribers;
template <class F>
class basic_registry;

/// The core record with what only actors know: the top of the actor tree.
template <class F>
class actor_core final : public core_record {
public:
    actor_core(runtime_services services, clock_source& clock, const std::string& name, std::size_t quantum_messages,
               clock_duration quantum_length)
        : core_record(services, &destroy, clock, name, quantum_messages, quantum_length,
                      functions_of_part<typename F::metrics::thread_part>()) {}

    /// The runtime's, for its actors; set before there is one.
    dead_letter_subscribers<F>* dead_letter_hub = nullptr;

    /// A message that nobody handles. `to`: who was to, or nobody.
    void report_dead(typename F::metrics::thread_part& part, hook_subject to, const dead_letter& letter) noexcept {
        F::metrics::on_dead_letter(part, to, letter.reason);
        report(letter);
    }

    /// A new actor without a parent. False if the runtime is stopping: the caller then asks the actor to stop, too.
    bool add_root(basic_cell<F>& fresh) noexcept {
        const std::lock_guard lock(mutex_);
        fresh.link_into(youngest_);
        count_ += 1;
        return !stopping();
    }

    void remove_root(basic_cell<F>& gone) noexcept {
        const std::lock_guard lock(mutex_);
        gone.unlink_from(youngest_);
        count_ -= 1;
        if (count_ == 0) {
            bell_.fetch_add(1, std::memory_order_release);
            futex_wake_all(bell_);
        }
    }

    /// A child whose parent waits for it no longer. `claim` decides, under the lock that remove_root() takes too,
    /// whether it still is one. `youngest` is its parent's list, and the caller the parent's worker.
    template <class Claim>
    bool adopt(basic_cell<F>& child, basic_cell<F>*& youngest, Claim claim) noexcept {
        const std::lock_guard lock(mutex_);
        if (!claim()) {
            return false;
        }
        child.unlink_from(youngest);
        child.younger = nullptr;
        child.link_into(youngest_);
        count_ += 1;
        return true;
    }

    /// Asks every actor without a parent to stop, youngest first; actors spawned from now on are asked at once.
    void stop_roots() noexcept {
        const std::lock_guard lock(mutex_);
        stopping_.store(true, std::memory_order_relaxed);
        for (basic_cell<F>* each = youngest_; each != nullptr; each = each->older) {
            each->request_stop(stop_kind::runtime_stopped);
        }
    }

    /// No actor takes a message any more: each waits until it is asked to stop. Without that, actors whose turn to stop
    /// has not come could spawn faster than others stop.
    bool stopping() const noexcept { return stopping_.load(std::memory_order_relaxed); }

    /// The number of actors without a parent, and a word that changes when it becomes 0.
    std::size_t roots(std::uint32_t& heard) noexcept {
        const std::lock_guard lock(mutex_);
        heard = bell_.load(std::memory_order_acquire);
        return count_;
    }
    const std::atomic<std::uint32_t>& bell() const noexcept { return bell_; }
    void ring() noexcept {
        bell_.fetch_add(1, std::memory_order_release);
        futex_wake_all(bell_);
    }

    /// The runtime's names; set before the first actor is spawned, and valid while actors run.
    basic_registry<F>& registry() const noexcept { return *registry_; }
    void set_registry(basic_registry<F>& names) noexcept { registry_ = &names; }

    template <class Visit>
    void visit_roots(Visit visit) {
        const std::lock_guard lock(mutex_);
        for (basic_cell<F>* each = youngest_; each != nullptr; each = each->older) {
            visit(*each);
        }
    }

private:
    static void destroy(core_record* record) noexcept { delete static_cast<actor_core*>(record); }

    futex_mutex mutex_;
    std::atomic<bool> stopping_{false};
    std::size_t count_ = 0;
    basic_cell<F>* youngest_ = nullptr;
    std::atomic<std::uint32_t> bell_{0};
    basic_registry<F>* registry_ = nullptr;
};

/// A cell's pointer to its core, with a mark if a send must not go straight into the cell's list.
template <class F>
class core_pointer {
public:
    core_pointer(actor_core<F>& owner, bool straight) noexcept
        : word_(reinterpret_cast<std::uintptr_t>(static_cast<core_record*>(&owner)) | (straight ? 0 : mark)) {}

    actor_core<F>* get() const noexcept {
        return static_cast<actor_core<F>*>(reinterpret_cast<core_record*>(word_ & ~mark));
    }
    actor_core<F>* operator->() const noexcept { return get(); }
    actor_core<F>& operator*() const noexcept { return *get(); }

    /// Is this `direct` (thread_state::direct), and does nothing stand between a send and the list?
    bool straight(const core_record* direct) const noexcept {
        return word_ == reinterpret_cast<std::uintptr_t>(direct);
    }

private:
    static constexpr std::uintptr_t mark = 1;
    std::uintptr_t word_;
};

}  // namespace drover
