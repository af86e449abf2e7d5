#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "drover/actor/core.hpp"
#include "drover/actor/handle.hpp"
#include "drover/actor/recipient.hpp"
#include "drover/pool/locals_by_thread.hpp"
#include "drover/pool/pool_table.hpp"
#include "drover/pool/slot_book.hpp"
#include "drover/pool/watched_policy.hpp"
#include "drover/scheduling/snapshot.hpp"
#include "drover/scheduling/this_thread.hpp"

namespace drover {

/// A member that a pick has found, kept for one send. A worker needs no count: what had not stopped in this run of an actor
/// stays until the run is over (scheduling/grace.hpp). Every other thread takes one.
template <class F>
class picked_member {
public:
    picked_member() noexcept = default;
    picked_member(const lane& mine, basic_cell<F>& cell, membership_pick pick) noexcept : cell_(&cell), pick_(pick) {
        if (!mine.queue || cell.system.is_closed()) {
            cell.retain();
            counted_ = &cell;
        }
    }
    picked_member(picked_member&& other) noexcept
        : cell_(other.cell_), pick_(other.pick_), counted_(std::exchange(other.counted_, nullptr)) {}
    picked_member(const picked_member&) = delete;
    picked_member& operator=(const picked_member&) = delete;
    ~picked_member() {
        if (counted_ != nullptr) {
            counted_->release();
        }
    }

    explicit operator bool() const noexcept { return cell_ != nullptr; }
    basic_cell<F>& cell() const noexcept { return *cell_; }
    membership& link() const noexcept { return *pick_.link; }
    const membership_pick& pick() const noexcept { return pick_; }
    void also_claimed(bool claimed) noexcept { pick_.claimed = pick_.claimed || claimed; }

private:
    basic_cell<F>* cell_ = nullptr;
    membership_pick pick_;
    basic_cell<F>* counted_ = nullptr;
};

/// What a pool's controller is told of a member, by whichever thread found out.
struct member_news {
    enum kind_type : std::uint8_t {
        away,  ///< its state is gone, and the new one must wait
        back,  ///< it has a new state
        look,  ///< its health is to be judged at once
        well,  ///< it says so itself
        unwell,
        answered_well,  ///< to the probe of this number
        answered_unwell,
    };

    std::uint64_t member;  ///< its id in the pool
    kind_type kind;
    std::uint64_t probe = 0;
};

/// What the handles of a pool, its members and its controller share. Any thread picks; the controller alone publishes.
template <class Policy, class F>
class pool_state : public boost::intrusive_ref_counter<pool_state<Policy, F>, boost::thread_safe_counter> {
public:
    using table = pool_table<Policy, F>;

    /// What a pick has found; valid in its read_scope.
    struct found_member {
        const typename table::member* at = nullptr;
        bool claimed = false;

        membership_pick pick() const noexcept { return {at->link, claimed}; }
    };

    /// A member that has stopped is picked again so often, then the message is refused as the member refuses it.
    static constexpr int most_picks = 4;

    /// Throws what the policy says of options that make no sense, and std::bad_alloc.
    pool_state(actor_core<F>& owner, const typename Policy::options& chosen,
               const typename health_of<Policy>::options& watch, std::uint64_t seed)
        : core(owner),
          options(chosen),
          health(watch),
          picks(chosen, seed),
          slots(std::make_shared<slot_book>()),
          locals_(seed + 1) {
        core.retain();
    }
    ~pool_state() {
        if (present_.present() != nullptr) {
            present_.present()->free(present_.present());
        }
        core.release();
    }

    actor_core<F>& core;
    const typename Policy::options options;
    const typename health_of<Policy>::options health;
    typename Policy::state picks;
    const std::shared_ptr<slot_book> slots;  ///< shared with tables, which may outlive this
    basic_handle<F> controller;              ///< this and the next are set before the pool is known
    recipient<member_news, F> news;          ///< the controller too
    bool passes_on = false;                  ///< what a member has not taken when it stops goes to another; as above

    /// Whose turn it is; empty if nobody takes messages. Throws std::bad_alloc at the first use by a thread.
    picked_member<F> pick(lane& mine, pick_key key) {
        typename Policy::local& local = locals_.of(mine);
        const read_scope scope(mine);
        const found_member found = pick_from(*present_.read(scope), local, key);
        return found.at != nullptr ? picked_member<F>(mine, *found.at->cell, found.pick()) : picked_member<F>();
    }

    /// As pick(), for many at once: calls `use(pick)`, where `pick(key)` gives a found_member, inside a read_scope.
    template <class Use>
    void pick_many(lane& mine, Use use) {
        typename Policy::local& local = locals_.of(mine);
        const read_scope scope(mine);
        const table& now = *present_.read(scope);
        use([&](pick_key key) noexcept { return pick_from(now, local, key); });
    }

    /// What `look(table)` gives, inside a read_scope: it runs no code of the user's.
    template <class Look>
    auto read(lane& mine, Look look) const {
        const read_scope scope(mine);
        return look(static_cast<const table&>(*present_.read(scope)));
    }

    bool closed(lane& mine) const noexcept {
        return read(mine, [](const table& now) { return now.closed; });
    }

    // --- of a pool whose members pull ----------------------------------------------------------------------------------

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
        return read(mine, [](const table& now) {
            return now.closed                   ? delivery::stopped
                   : Policy::anybody(now.picks) ? delivery::accepted
                                                : delivery::no_target;
        });
    }

    /// `count` messages have been put into the queue: wakes as many idle members, if there are so many. Who is no worker holds
    /// a send_bracket.
    void pushed(std::size_t count) noexcept {
        call_idle(count);
        if (forsaken_.load(std::memory_order_seq_cst)) [[unlikely]] {
            bury_queue();
        }
    }

    void call_idle(std::size_t count) noexcept {
        lane& mine = lane_to(core);
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

    /// By the controller, or by who makes the pool.
    void publish(std::unique_ptr<table> fresh) noexcept {
        if (table* const before = present_.replace(fresh.release()); before != nullptr) {
            core.retire(*before);
        }
    }

private:
    struct queue_owner : basic_cell<F>::mailbox_owner {
        static void fell_to_low_water() noexcept {}
    };

    void bury_queue() noexcept {
        basic_cell<F>& by = *controller.cell();
        while (message_node* const each = queue_->pop(queue_owner{{by}})) {
            by.bury_envelope(each, queue_ends_.load(std::memory_order_relaxed) ? dead_letter_reason::stopped
                                                                               : dead_letter_reason::no_target);
        }
    }

    picked_member<F> pick_idle(lane& mine) noexcept {
        try {
            return pick(mine, {});
        } catch (...) {  // no memory for this thread's part: it looks where it happens to
            typename Policy::local local{0};
            const read_scope scope(mine);
            const found_member found = pick_from(*present_.read(scope), local, {});
            return found.at != nullptr ? picked_member<F>(mine, *found.at->cell, found.pick()) : picked_member<F>();
        }
    }

    found_member pick_from(const table& now, typename Policy::local& local, pick_key key) noexcept {
        for (int left = most_picks;; --left) {
            const member_index index = Policy::pick(now.picks, picks, local, key);
            if (index == no_member) {
                return {};
            }
            const found_member found{&now.members[index], has_claimed(local)};
            const bool there = !found.at->cell->system.is_closed();
            if (there || left == 1) [[likely]] {
                if (may_have_it(*found.at)) [[likely]] {
                    return found;
                }
                found.at->link->operations->passed_over(*found.at->link, found.claimed);
            } else if constexpr (counts_picks<Policy>) {
                found.at->link->load.withdrawn();  // one that has stopped needs nothing else
            }
            if (left == 1) {
                return {};
            }
        }
    }

    static bool has_claimed([[maybe_unused]] const typename Policy::local& local) noexcept {
        if constexpr (claims_idle<Policy>) {
            return local.claimed != no_slot;
        } else {
            return false;
        }
    }

    static bool may_have_it(const typename table::member& one) noexcept {
        if constexpr (includes(health_of<Policy>::needs, health_signals::calls) && !pulls<Policy>) {
            return !one.health.by_trial || one.link->operations->claim(*one.link);
        } else {
            return true;
        }
    }

    snapshot<table> present_;
    boost::intrusive_ptr<queue_type> queue_;
    basic_cell<F>* face_ = nullptr;
    std::atomic<bool> queue_ends_{false};
    std::atomic<bool> forsaken_{false};
    locals_by_thread<typename Policy::local> locals_;
};

}  // namespace drover
