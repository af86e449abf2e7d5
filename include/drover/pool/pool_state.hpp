#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "drover/actor/core.hpp"
#include "drover/actor/handle.hpp"
#include "drover/actor/recipient.hpp"
#include "drover/features/metrics_part.hpp"
#include "drover/message/signal.hpp"
#include "drover/pool/locals_by_thread.hpp"
#include "drover/pool/parked_messages.hpp"
#include "drover/pool/picked_member.hpp"
#include "drover/pool/pool_queue.hpp"
#include "drover/pool/pool_table.hpp"
#include "drover/pool/slot_book.hpp"
#include "drover/pool/watched_policy.hpp"
#include "drover/scheduling/snapshot.hpp"

namespace drover {

template <class Policy, class F>
class pool_state;

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

    static constexpr bool never_expires = true;

    std::uint64_t member;  ///< its id in the pool
    kind_type kind;
    std::uint64_t probe = 0;
};

/// Tells the controller that something is parked. A signal, not a message: the gate of a runtime that drains does not
/// keep it back. One is under way at a time, which keeps the pool.
template <class Policy, class F>
struct parked_news : signal<basic_context<F>> {
    explicit parked_news(pool_state<Policy, F>& of) noexcept : signal<basic_context<F>>(&record), pool(of) {}

    pool_state<Policy, F>& pool;

    static const signal_operations<basic_context<F>> record;  // in pool/pass_on.hpp
};

/// What the handles of a pool, its members and its controller share. Any thread picks; the controller alone publishes.
template <class Policy, class F>
class pool_state : public boost::intrusive_ref_counter<pool_state<Policy, F>, boost::thread_safe_counter>,
                   public pool_queue<pool_state<Policy, F>, Policy, F> {
public:
    using table = pool_table<Policy, F>;

    static constexpr bool has_trials = includes(health_of<Policy>::needs, health_signals::calls) && !pulls<Policy>;
    struct no_trial {};

    /// What a pick has found; valid in its read_scope.
    struct found_member {
        const typename table::member* at = nullptr;
        bool claimed = false;
        [[no_unique_address]] std::conditional_t<has_trials, trial_claim, no_trial> trial{};

        membership_pick pick() const noexcept {
            if constexpr (has_trials) {
                return {at->link, membership_pick::marked(claimed, trial.ticket)};
            } else {
                return {at->link, membership_pick::marked(claimed)};
            }
        }
    };

    /// A member that has stopped is picked again so often. Then it gets the message all the same, which it refuses, or
    /// passes on if the pool `passes_on`.
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
    parked_messages parked;                  ///< if `passes_on`: what has found only members that have stopped
    parked_news<Policy, F> news_of_parked{*this};
    bool passes_on = false;  ///< what a member has not taken when it stops goes to another; as above

    /// Whose turn it is; empty if nobody takes messages. Throws std::bad_alloc at the first use by a thread.
    picked_member<F> pick(lane& mine, pick_key key) { return pick_by(locals_.of(mine), mine, key); }

    /// The same by a thread's part of the caller's.
    picked_member<F> pick_by(typename Policy::local& local, lane& mine, pick_key key) noexcept {
        const read_scope scope(mine);
        const found_member found = pick_from(*present_.read(scope), mine, local, key);
        return found.at != nullptr ? picked_member<F>(mine, *found.at->cell, found.pick()) : picked_member<F>();
    }

    /// As pick(), for many at once: calls `use(pick)`, where `pick(key)` gives a found_member, inside a read_scope.
    template <class Use>
    void pick_many(lane& mine, Use use) {
        typename Policy::local& local = locals_.of(mine);
        const read_scope scope(mine);
        const table& now = *present_.read(scope);
        use([&](pick_key key) noexcept { return pick_from(now, mine, local, key); });
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

    /// By the controller, or by who makes the pool.
    void publish(std::unique_ptr<table> fresh) noexcept {
        if (table* const before = present_.replace(fresh.release()); before != nullptr) {
            core.retire(*before);
        }
    }

private:
    found_member pick_from(const table& now, [[maybe_unused]] const lane& mine, typename Policy::local& local,
                           pick_key key) noexcept {
        for (int left = most_picks;; --left) {
            const member_index index = Policy::pick(now.picks, picks, local, key);
            if (index == no_member) {
                return {};
            }
            found_member found{&now.members[index], has_claimed(local)};
            const bool there = !found.at->cell->system.is_closed();
            if (there || left == 1) [[likely]] {
                if (!there || may_have_it(found)) [[likely]] {
                    if constexpr (!pulls<Policy>) {  // there it is woken, and may find nothing
                        F::metrics::on_pick(metrics_part<F>(mine), found.at->label);
                    }
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

    static bool may_have_it([[maybe_unused]] found_member& one) noexcept {
        if constexpr (has_trials) {
            if (!one.at->health.by_trial) {
                return true;
            }
            one.trial = one.at->link->operations->claim(*one.at->link);
            return one.trial.granted;
        } else {
            return true;
        }
    }

    snapshot<table> present_;
    locals_by_thread<typename Policy::local> locals_;
};

}  // namespace drover
