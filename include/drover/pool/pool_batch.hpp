#pragma once

#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include <tsl/robin_map.h>

#include "drover/actor/send.hpp"
#include "drover/base/type_name.hpp"
#include "drover/pool/keyed_by.hpp"
#include "drover/pool/member_gauge.hpp"
#include "drover/pool/pool_send.hpp"
#include "drover/pool/pool_state.hpp"
#include "drover/routing/batch_split.hpp"

namespace drover::detail {

/// One batch on its way to a pool: first its envelopes are made, then each gets its member, then those of one member
/// are pushed together. Until then nothing has been sent, and what throws leaves no trace.
template <class A, class Policy, class M, class F>
class pool_batch {
    using state = pool_state<Policy, F>;
    using envelope = typename told_message<A, M, F>::envelope_type;

public:
    pool_batch(state& pool, lane& mine) : pool_(pool), mine_(mine) {}
    pool_batch(const pool_batch&) = delete;
    pool_batch& operator=(const pool_batch&) = delete;
    ~pool_batch() {
        made_.discard(*pool_.controller.cell());
        unwanted_.discard(*pool_.controller.cell());
        for (group& each : groups_) {
            give_back(each.to.pick(), each.chain.count);
            each.chain.discard(each.to.cell());
        }
    }

    template <class Element>
    void add(Element&& element) {
        if constexpr (includes(Policy::needs, signals::key)) {
            keys_.push_back(key_of<Policy>(std::as_const(element)));
        }
        made_.append(told_message<A, M, F>::create(*pool_.controller.cell(), M(std::forward<Element>(element))));
    }

    /// Throws std::bad_alloc, and std::out_of_range for a priority that the members' mailboxes do not have.
    void pick() {
        std::size_t place = 0;
        groups_.reserve(first_groups);
        pool_.pick_many(mine_, [&](auto pick) {
            while (message_node* const node = made_.first) {
                const auto found = pick(includes(Policy::needs, signals::key) ? keys_[place++] : pick_key{});
                message_chain<F>& to = found.at != nullptr ? chain_of(found) : unwanted_;
                made_.first = node->next.load(std::memory_order_relaxed);
                node->next.store(nullptr, std::memory_order_relaxed);
                to.append(node);
                if constexpr (gauged<Policy> && !counts_picks<Policy>) {
                    if (found.at != nullptr) {
                        found.at->link->load.sent();  // so that the next pick sees it
                    }
                }
            }
        });
        check_levels();
    }

    batch_result send() noexcept {
        for (group& each : groups_) {
            send(each);
        }
        groups_.clear();
        result_.no_target = unwanted_.count;
        std::exchange(unwanted_, {}).discard(*pool_.controller.cell());
        if (result_.no_target != 0) {
            refuse_by_pool(pool_, mine_, type_name<M>(), result_.no_target);
        }
        return result_;
    }

private:
    static constexpr std::size_t first_groups = 16;

    struct group {
        picked_member<F> to;
        message_chain<F> chain;
    };

    template <class Found>
    message_chain<F>& chain_of(const Found& found) {
        return send_picked(found.pick(), [&]() -> message_chain<F>& {
            group& its = group_of(found);
            its.to.also(found.pick());
            return its.chain;
        });
    }

    // Policies take turns, so the group behind the last one is the likely one.
    template <class Found>
    group& group_of(const Found& found_member) {
        basic_cell<F>* const cell = found_member.at->cell.get();
        const std::size_t size = groups_.size();
        if (size != 0) {
            last_ = last_ + 1 < size ? last_ + 1 : 0;
            if (&groups_[last_].to.cell() == cell) {
                return groups_[last_];
            }
        }
        if (size <= first_groups) {
            for (last_ = 0; last_ != size; ++last_) {
                if (&groups_[last_].to.cell() == cell) {
                    return groups_[last_];
                }
            }
        } else {
            for (std::size_t each = places_.size(); each != size; ++each) {
                places_.try_emplace(&groups_[each].to.cell(), each);
            }
            if (const auto found = places_.find(cell); found != places_.end()) {
                last_ = found->second;
                return groups_[last_];
            }
        }
        last_ = size;
        return groups_.emplace_back(group{picked_member<F>(mine_, *cell, found_member.pick()), {}});
    }

    void check_levels() const {
        if constexpr (prioritised<A, M>) {
            for (const group& each : groups_) {
                const port<A, F> way(each.to.cell(), mine_);
                for (const message_node* node = each.chain.first; node != nullptr;
                     node = node->next.load(std::memory_order_relaxed)) {
                    way.check_level(static_cast<const envelope*>(node)->payload());
                }
            }
        }
    }

    void send(group& to) noexcept {
        const port<A, F> way(to.to.cell(), mine_);
        const std::size_t count = to.chain.count;
        admitted place = way.gate_open() ? way.admit(count, true) : admitted{delivery::stopped};
        reservation reserved(way, place, count);
        reserved.keep();
        if (!is_accepted(place.result)) {
            give_back(to.to.pick(), count);
            to.chain.discard(to.to.cell());
            way.refuse(type_name<M>(), place.result, count);
            result_.refused += count;
            return;
        }
        place.counted = gauged<Policy>;
        (is_accepted(way.push(std::exchange(to.chain, {}), place)) ? result_.accepted : result_.refused) += count;
    }

    static void give_back(const membership_pick& pick, std::size_t count) noexcept {
        if constexpr (gauged<Policy> && !counts_picks<Policy>) {
            pick.link->load.withdrawn(count);
        }
        pick.refused(count);
    }

    state& pool_;
    lane& mine_;
    message_chain<F> made_;      // their members are not picked yet
    message_chain<F> unwanted_;  // nobody takes them
    std::vector<pick_key> keys_;
    std::vector<group> groups_;
    tsl::robin_map<basic_cell<F>*, std::size_t> places_;  // once there are many groups
    std::size_t last_ = 0;
    batch_result result_;
};

template <class A, class Policy, class M, class F, class Range>
batch_result tell_batch_to_pool(pool_state<Policy, F>& pool, Range&& range) {
    lane& mine = lane_to(pool.core);
    const send_bracket bracket(mine);
    flush_outbox();
    pool_batch<A, Policy, M, F> batch(pool, mine);
    for (auto&& each : range) {
        if constexpr (std::is_lvalue_reference_v<Range> || std::ranges::view<std::remove_cvref_t<Range>>) {
            batch.add(std::forward<decltype(each)>(each));
        } else {
            batch.add(std::move(each));
        }
    }
    batch.pick();
    return batch.send();
}

}  // namespace drover::detail
