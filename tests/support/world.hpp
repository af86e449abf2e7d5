#pragma once

#include <drover/drover.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/wait.hpp"

namespace drover_test {

/// A door that is opened once: a handler waits before it for as long as a test wants it to run.
class door {
public:
    void open() noexcept {
        state_.store(1);
        state_.notify_all();
    }
    void pass() const noexcept {
        while (state_.load() == 0) {
            state_.wait(0);
        }
    }
    bool is_open() const noexcept { return state_.load() != 0; }

private:
    std::atomic<int> state_{0};
};

struct letter {
    drover::dead_letter_reason reason;
    std::string message;
    std::string actor;
    drover::actor_id id;
};

struct report {
    std::string actor;
    drover::actor_id id;
    std::string message;
    std::string what;
    std::exception_ptr exception;
};

/// Keeps what the sinks of a runtime hear.
class sink_record {
public:
    void take(const drover::dead_letter& heard) {
        const std::lock_guard lock(mutex_);
        letters_.push_back({heard.reason, std::string(heard.message), std::string(heard.actor), heard.id});
    }
    void take(const drover::failure& heard) {
        const std::lock_guard lock(mutex_);
        failures_.push_back({std::string(heard.actor), heard.id, std::string(heard.message),
                             drover::describe(heard.exception), heard.exception});
    }

    std::vector<letter> letters() const {
        const std::lock_guard lock(mutex_);
        return letters_;
    }
    std::size_t count() const {
        const std::lock_guard lock(mutex_);
        return letters_.size();
    }
    std::vector<report> failures() const {
        const std::lock_guard lock(mutex_);
        return failures_;
    }
    std::size_t dead(drover::dead_letter_reason reason) const {
        std::size_t count = 0;
        for (const letter& each : letters()) {
            count += each.reason == reason ? 1 : 0;
        }
        return count;
    }

private:
    mutable std::mutex mutex_;
    std::vector<letter> letters_;
    std::vector<report> failures_;
};

/// A runtime whose time stands still until the test turns its clock, and whose sinks write down what they hear.
/// Deadlines given to it never pass by themselves, so a test that waits in vain is ended by ctest and never by luck.
template <class F>
struct basic_world {
    using change = std::function<void(drover::runtime_options&)>;

    explicit basic_world(std::size_t threads = 2, const change& more = {}) : rt(options(threads, more)) {}

    drover::manual_clock clock;
    sink_record heard;
    drover::basic_runtime<F> rt;

    /// Waits until every message sent so far has come to its end. A dead letter is counted before the sink hears of it,
    /// and a worker is inside the runtime from the one to the other: so also until each has been seen at the edge,
    /// unless `heard` has all. What other threads bury is waited for as long as it takes to be sure of what no sink is
    /// told of (a sink's own) or another's than `heard`. Not while a sink waits for the caller.
    void settle() {
        wait_until([&] { return rt.statistics().pending == 0; });
        const auto dead = rt.statistics().dead();
        if (heard.count() < dead) {
            static_cast<void>(rt.tree());
        }
        for (int looks = 0; heard.count() < dead && looks != 20'000; ++looks) {
            std::this_thread::yield();
        }
    }

    bool finish() { return rt.drain(std::chrono::seconds(1)).complete; }

private:
    drover::runtime_options options(std::size_t threads, const change& more) {
        drover::runtime_options chosen;
        chosen.threads = threads;
        chosen.clock = &clock;
        chosen.on_dead_letter = [this](const drover::dead_letter& each) { heard.take(each); };
        chosen.on_failure = [this](const drover::failure& each) { heard.take(each); };
        if (more) {
            more(chosen);
        }
        return chosen;
    }
};

using world = basic_world<drover::features>;

/// Waits until the actor has stopped and its mailbox is closed, which comes a moment later: from here on whoever sends
/// to it hears that it has stopped, and buries the message itself.
template <class Actor>
void await_closed(const Actor& actor) {
    wait_until(
        [&] { return actor.stopped() && (actor.cell()->incoming.head.load() & drover::tagged_list::closed) != 0; });
}

/// Has somebody asked this actor to stop at once?
template <class F>
bool asked_to_stop(const drover::basic_handle<F>& actor) {
    return actor.cell()->requested.load() != drover::basic_cell<F>::not_requested;
}

/// Blocks of the pool that nobody has given back. Exact once no other thread runs.
inline std::size_t blocks_in_use() {
    std::size_t sum = 0;
    for (std::uint8_t each = 0; each != drover::block_pool::classes; ++each) {
        sum += drover::block_pool::outstanding(each);
    }
    return sum;
}

}  // namespace drover_test
