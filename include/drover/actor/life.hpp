#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>

#include "drover/actor/replay.hpp"

namespace drover {

/// What one run of an actor does beside taking messages: its start, its signals, what a failure or a stop sets off,
/// what a stash gives back. The same for every mailbox. Whoever ends a run with run_result::done has given the cell up
/// and touches it no more.
template <class F>
class actor_life : protected actor_replay<F> {
protected:
    using base = actor_replay<F>;
    using base::attend;
    using base::base;
    using base::begin_stop;
    using base::cell_;
    using base::count_handled;
    using base::fail;
    using base::flush;
    using base::outside;
    using base::phase_at_rest;
    using base::settle;
    using base::settle_stop;
    using base::take_batched;
    using base::turn_;
    ~actor_life() = default;

    enum class after_handler : std::uint8_t {
        next,     ///< as after most messages
        special,  ///< it goes on, and the context has something for the loop
        stopped,  ///< the run ends
    };

    // The runtime is stopping: signals only, until one of them is the stop.
    [[gnu::noinline]] run_result await_stop() noexcept {
        if (cell_.phase == cell_phase::fresh) {
            cell_.phase = cell_phase::running;
            cell_.never_started = true;
        }
        do {
            if (!cell_.system.quiet()) {
                attend();
                if (!settle_stop()) {
                    return run_result::done;
                }
                flush();
            }
        } while (!cell_.system.try_hold());
        return run_result::done;
    }

    // The actor is new, or its last run ended amid a replay, a coroutine, a restart or a stop.
    [[gnu::noinline]] bool resume() noexcept {
        switch (cell_.phase) {
            case cell_phase::fresh: return begin();
            case cell_phase::replaying:
            case cell_phase::suspended:
            case cell_phase::restarting:
            case cell_phase::stopping: return settle();
            default: return true;
        }
    }

    [[gnu::noinline]] bool begin() noexcept {
        if (const std::exception_ptr thrown = base::call_started(); thrown != nullptr) {
            fail("started", thrown);
        }
        return settle();
    }

    [[gnu::noinline]] after_handler handle_special(const envelope_of<F>& letter) noexcept {
        if (cell_.phase == cell_phase::ending) {
            begin_stop(stop_reason(stop_kind::drained));
            return after_settling();
        }
        count_handled(letter);
        return after_settling();
    }

    [[gnu::noinline]] after_handler handle_thrown(const envelope_of<F>& letter,
                                                  const std::exception_ptr& thrown) noexcept {
        base::me_.pieces.add(1);
        if (cell_.phase == cell_phase::batched) {
            cell_.phase = phase_at_rest();
        }
        base::fail_message(letter.operations->message, take_batched() + 1, thrown);
        return after_settling();
    }

    after_handler after_settling() noexcept { return settle() ? after_handler::special : after_handler::stopped; }
};

}  // namespace drover
