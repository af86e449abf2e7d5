#pragma once

#include <cstdint>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/membership.hpp"
#include "drover/pool/member_gauge.hpp"
#include "drover/pool/pass_on.hpp"
#include "drover/pool/pool_state.hpp"
#include "drover/scheduling/this_thread.hpp"

namespace drover {

/// One member of one pool: what its actor, its mailbox and those who send to it keep of it. Owned by the actor's
/// supervision.
template <class Policy, class F>
class pool_member final : public member_gauge<Policy> {
    using base = member_gauge<Policy>;
    using state = pool_state<Policy, F>;

public:
    /// `its_slot`: its own in the pool, if the policy wants one. Throws std::invalid_argument as member_gauge.
    pool_member(state& pool, std::uint64_t id, std::uint32_t its_slot)
        : base(record, plan_of(pool, its_slot), pool.health, &wake), id_(id), pool_(&pool) {}

private:
    void give_back(std::uint64_t messages, bool claimed) noexcept {
        if constexpr (counts_picks<Policy>) {
            this->load.withdrawn(messages);
        }
        if (claimed) {
            this->restore();
        }
    }

    static gauge_plan<Policy> plan_of(state& pool, std::uint32_t its_slot) {
        gauge_plan<Policy> plan{.counted_by_pick = counts_picks<Policy>, .slot = its_slot};
        if constexpr (measures_latency<Policy>) {
            plan.latency = Policy::latency(pool.options);
            plan.clock = &pool.core.timers;
        }
        if constexpr (claims_idle<Policy>) {
            plan.idle = &pool.picks.idle;
        }
        if constexpr (pulls<Policy>) {
            plan.queue = pool.queue();
            plan.clock = &pool.core.timers;
            plan.call = [](membership& link) noexcept { of(link).pool_->call_idle(1); };
            plan.fell = [](membership& link) noexcept { of(link).pool_->fell_to_low_water(); };
        }
        return plan;
    }

    static void wake(membership& link) noexcept { of(link).tell(member_news::look); }

    static pool_member& of(membership& link) noexcept { return static_cast<pool_member&>(link); }

    void tell(member_news::kind_type what) noexcept {
        try {
            pool_->news.tell(member_news{id_, what});
        } catch (...) {  // no memory: it stays as it is for the pool
        }
    }

    bool pass_on(message_node* node) noexcept {
        if (!pool_->passes_on || pool_->core.stopping() ||
            static_cast<envelope_of<F>*>(node)->operations->size_class == operations_of<F>::not_pooled) {
            return false;
        }
        if constexpr (pulls<Policy>) {
            const send_bracket queue_bracket(lane_to(pool_->core));
            return pool_->take_back(lane_to(pool_->core), node);
        }
        lane& mine = lane_to(pool_->core);  // it is there: this thread empties a mailbox of this runtime
        const send_bracket bracket(mine);
        return detail::pass_on(*pool_, mine, node);
    }

    static constexpr membership::operations_type record{
        [](membership& self) noexcept { of(self).fail(); },
        [](membership& self, clock_duration delay, bool) noexcept {
            if (delay.count() > 0 && !std::exchange(of(self).away_, true)) {
                of(self).tell(member_news::away);
            }
        },
        [](membership& self) noexcept {
            static_cast<void>(of(self).health.restarted());
            if (std::exchange(of(self).away_, false) || watched<Policy>) {
                of(self).tell(member_news::back);
            }
        },
        [](membership& self, const void* ask, ask_outcome how, bool by_itself) noexcept {
            of(self).ask_ended(ask, how, by_itself);
        },
        [](membership& self, std::uint64_t messages, const membership_pick& by) noexcept {
            of(self).give_back(messages, by.claimed());
            if (by.ticket() != 0) {
                of(self).health.give_back(by.ticket());
            }
        },
        [](membership& self, bool claimed) noexcept { of(self).give_back(1, claimed); },
        [](membership& self) noexcept {
            pool_member& own = of(self);
            return own.health.claim(own.pool_->core.timers.now());
        },
        [](membership& self, message_node* node) noexcept { return of(self).pass_on(node); },
        [](membership* self) noexcept { delete static_cast<pool_member*>(self); }};

    const std::uint64_t id_;
    bool away_ = false;  // its worker's
    const boost::intrusive_ptr<state> pool_;
};

}  // namespace drover
