#pragma once

#include <atomic>
#include <cstddef>
#include <exception>

#include "drover/actor/attending.hpp"
#include "drover/actor/redelivery.hpp"

namespace drover {

/// What a stash gave back, and before it a message whose handler threw: handled before anything in the mailbox.
template <class F>
class actor_replay : protected actor_attending<F> {
protected:
    using base = actor_attending<F>;
    using base::attend;
    using base::base;
    using base::cell_;
    using base::clock_every;
    using base::count_handled;
    using base::outcome_;
    using base::phase_at_rest;
    using base::settle_stop;
    using base::share_is_over;
    using base::time_is_over;
    using base::turn_;
    using typename base::cell;
    ~actor_replay() = default;

    // After anything that may have begun a stop or given back messages of a stash. True if the actor goes on with its
    // mailbox; false if the run ends with `outcome_`.
    bool settle() noexcept { return settle_stop() && (is_running(cell_.phase) || replay()); }

    // The messages that a stash gave back, with signals between them as between all others. True if the actor goes on
    // with its mailbox. They are in no mailbox, so the end of the share of time leaves the rest to the next run.
    [[gnu::noinline]] bool replay() noexcept {
        for (std::size_t left = cell_.core->quantum; left != 0 && (left % clock_every != 0 || !time_is_over());
             --left) {
            if (!cell_.system.quiet()) {
                attend();
                if (!settle_stop()) {
                    return false;
                }
            }
            message_node* const node = cell_.extra.load(std::memory_order_relaxed)->take_replayed();
            if (node == nullptr) {
                cell_.phase = phase_at_rest();
                return true;
            }
            cell_.phase = cell_phase::replaying;
            if (redelivering_guard<F>::is_mark(node)) [[unlikely]] {
                redeliver();
            } else if (auto& letter = *static_cast<envelope_of<F>*>(node); has_expired<F>(letter, *cell_.core)) {
                cell_.note_left();
                base::expire(letter);
                cell::release_envelope_of(node);
            } else if (base::note_taken(cell_, base::me_, letter); handle_replayed(letter)) {
                cell::release_envelope_of(node);
            } else {
                redelivery_of(cell_)->own();
            }
            if (!settle_stop()) {
                return false;
            }
        }
        cell_.phase = cell_phase::replaying;
        outcome_ = share_is_over();
        return false;
    }

    // False if the message stays, for another attempt.
    bool handle_replayed(envelope_of<F>& letter) noexcept {
        auto run = [&] {
            [[maybe_unused]] const typename F::tracing::handling here(letter.stamp.tracing, cell_.id,
                                                                      letter.operations->names);
            base::run_letter(letter, is_bounded<F>(letter));
        };
        const std::exception_ptr thrown = base::outside_for_message(run);
        if (thrown != nullptr) {
            return base::fail_message(letter.operations->message, 1, thrown);
        }
        count_handled(letter);
        return true;
    }

    [[gnu::noinline]] void redeliver() noexcept {
        redelivering_guard<F>& its = *redelivery_of(cell_);
        base::note_other();  // a further attempt, that was not taken out
        auto& letter = *static_cast<envelope_of<F>*>(its.begin_attempt());
        if (has_expired<F>(letter, *cell_.core)) {
            base::expire(letter);
            its.end();
        } else if (handle_replayed(letter)) {
            its.end();
        }
    }
};

}  // namespace drover
