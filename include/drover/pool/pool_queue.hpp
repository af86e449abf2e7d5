#pragma once

#include <atomic>
#include <cstddef>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/cell.hpp"
#include "drover/actor/core.hpp"
#include "drover/message/dead_letter.hpp"
#include "drover/message/delivery.hpp"
#include "drover/pool/picked_member.hpp"
#include "drover/pool/watched_policy.hpp"
#include "drover/scheduling/this_thread.hpp"

namespace drover {

/// What the handles, the members and the controller of a pool do with the queue from which its members take; part of
/// its `State`, and nothing in other pools. Any thread; nothing blocks but for the queue's short lock.
template <class State, class Policy, class F>
class pool_queue {
public:
    using queue_type = queue_of<Policy>;

    /// Once, before a member is made. `face`: the pool as an actor, which stands as long as a member takes messages.
    void open_queue(queue_type& list, basic_cell<F>& face) noexcept {
        queue_.reset(&list);
        face_ = &face;
    }
    queue_type* queue() const noexcept { return queue_.get(); }

    /// By a member that has taken a message.
    void fell_to_low_water() const noexcept { face_->tell_water_level(false); }

    /// `accepted` if a message may go to the queue now.
    delivery would_take(lane& mine) const noexcept {
        if (queue_ends_.load(std::memory_order_relaxed)) {
            return delivery::stopped;
        }
        return self().read(mine, [](const auto& now) {
            return now.closed                   ? delivery::stopped
                   : Policy::anybody(now.picks) ? delivery::accepted
                                                : delivery::no_target;
        });
    }

    /// `count` messages have been put into the queue: wakes as many idle members, if there are so many. Who is no
    /// worker holds a send_bracket.
    void pushed(std::size_t count) noexcept {
        call_idle(count);
        if (forsaken_.load(std::memory_order_seq_cst)) [[unlikely]] {
            bury_queue();
        }
    }

    void call_idle(std::size_t count) noexcept {
        lane& mine = lane_to(self().core);
        for (; count != 0; --count) {
            const picked_member<F> idle = pick_idle(mine);
            if (!idle) {
                return;
            }
            wake(idle.cell(), mine);
        }
    }

    /// It looks at the queue. If it is not idle it looks before it is.
    static void wake(basic_cell<F>& member, lane& mine) noexcept {
        if (tagged_list::clear_idle(member.incoming)) {
            member.schedule(mine);
        }
    }

    /// A message that a member which has stopped had in its own mailbox. False if the queue does not take it.
    bool take_back(lane& mine, message_node* node) noexcept {
        if (!is_accepted(would_take(mine))) {
            return false;
        }
        if constexpr (queue_type::limited) {
            if (queue_->room().try_reserve(1) == 0) {
                return false;
            }
        }
        node->next.store(nullptr, std::memory_order_relaxed);
        face_->note_enqueued(mine, node, 1);
        queue_->push(node, node);
        pushed(1);
        return true;
    }

    /// Nobody takes from it. Who pushes after this sees it, or its message is seen here.
    void forsake_queue() noexcept {
        if (!queue_ends_.load(std::memory_order_relaxed)) {
            forsaken_.store(true, std::memory_order_seq_cst);
            bury_queue();
        }
    }
    void reopen_queue() noexcept { forsaken_.store(false, std::memory_order_seq_cst); }

    /// No more sends, but members go on.
    void end_queue() noexcept { queue_ends_.store(true, std::memory_order_relaxed); }

    void close_queue() noexcept {
        if (queue_ == nullptr) {  // the pool could not be made
            return;
        }
        end_queue();
        forsaken_.store(true, std::memory_order_seq_cst);
        bury_queue();
    }

private:
    struct queue_owner : basic_cell<F>::mailbox_owner {
        static void fell_to_low_water() noexcept {}
    };

    void bury_queue() noexcept {
        basic_cell<F>& by = *self().controller.cell();
        while (message_node* const each = queue_->pop(queue_owner{{by}})) {
            face_->note_left();
            by.bury_envelope(each, queue_ends_.load(std::memory_order_relaxed) ? dead_letter_reason::stopped
                                                                               : dead_letter_reason::no_target);
        }
    }

    picked_member<F> pick_idle(lane& mine) noexcept {
        try {
            return self().pick(mine, {});
        } catch (...) {  // no memory for this thread's part: it looks where it happens to
            typename Policy::local local{0};
            return self().pick_by(local, mine, {});
        }
    }

    State& self() noexcept { return static_cast<State&>(*this); }
    const State& self() const noexcept { return static_cast<const State&>(*this); }

    boost::intrusive_ptr<queue_type> queue_;
    basic_cell<F>* face_ = nullptr;
    std::atomic<bool> queue_ends_{false};
    std::atomic<bool> forsaken_{false};
};

template <class State, class Policy, class F>
    requires(!pulls<Policy>)
class pool_queue<State, Policy, F> {};

}  // namespace drover
