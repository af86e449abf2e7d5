#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "drover/actor/cell.hpp"
#include "drover/scheduling/own_threads.hpp"

namespace drover {

/// Where the code of one actor runs.
enum class placement : std::uint8_t {
    workers,     ///< on whichever worker is free
    own_thread,  ///< in a thread of its own, so that it may block; in a simulation as all others
};

namespace detail {

/// A thread that waits for its actor to be made. Ends it again if that does not come to pass.
template <class F>
class thread_for_actor {
public:
    thread_for_actor() noexcept = default;
    explicit thread_for_actor(own_worker* made) noexcept : worker_(made) {}
    ~thread_for_actor() {
        if (worker_ != nullptr) {
            worker_->all.cancel(*worker_);
        }
    }
    thread_for_actor(const thread_for_actor&) = delete;
    thread_for_actor& operator=(const thread_for_actor&) = delete;

    explicit operator bool() const noexcept { return worker_ != nullptr; }

    /// `extra` is the actor's, and was made for one with a thread. Before anybody else knows the actor.
    void pass_to(basic_cell<F>& fresh, own_thread_extra<F>& extra) noexcept {
        fresh.own_threaded = true;
        fresh.outboxed = false;  // what it sends is not to wait for a handler that blocks
        fresh.retain();
        worker_->attach(&fresh, &basic_cell<F>::release_runnable);
        extra.thread = std::exchange(worker_, nullptr);
    }

private:
    own_worker* worker_ = nullptr;
};

}  // namespace detail

}  // namespace drover
