#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/handler.hpp"
#include "drover/actor/ref.hpp"
#include "drover/metrics/hooks.hpp"
#include "drover/metrics/label_table.hpp"
#include "drover/pool/pool_member.hpp"
#include "drover/pool/pool_state.hpp"

namespace drover {

/// A member as its controller has it.
template <class A, class Policy, class F>
struct pool_seat {
    std::uint64_t id;
    ref<A, F> actor;
    pool_member<Policy, F>* link;  ///< stands as long as the actor's cell
    std::optional<double> weight;
    standing health{};
    std::uint64_t probe = 0;  ///< the last one's number
    bool probed = false;      ///< and its answer has not come
    bool away = false;        ///< it has no state, and must wait for one
    bool drains = false;      ///< keeps the keys that it has until it has nothing to do
    bool published = false;   ///< is in the present table
    bool pickable = false;    ///< and is picked by it
    bool ejected = false;     ///< metrics have heard that it is not well
    hook_member label{};      ///< by which they know it
    std::size_t place = 0;    ///< the smallest that no other has: what its label tells of it
};

/// Who belongs to a pool, and the tables that are made of them. The controller's own.
template <class A, class Policy, class F>
class pool_roster {
    using state = pool_state<Policy, F>;
    using table = pool_table<Policy, F>;
    using member = pool_member<Policy, F>;

public:
    using seat = pool_seat<A, Policy, F>;
    using place = typename std::vector<seat>::iterator;
    /// Makes an actor, a child of the first, whose supervision owns the membership.
    using spawner = std::function<ref<A, F>(basic_cell<F>&, std::uint64_t id, std::unique_ptr<member>)>;

    /// Throws std::bad_alloc.
    pool_roster(state& pool, spawner spawn) : pool_(pool), spawn_(std::move(spawn)), last_(make_table({}, {}, true)) {}

    std::vector<seat>& seats() noexcept { return seats_; }
    std::size_t size() const noexcept { return seats_.size(); }
    place find(std::uint64_t id) noexcept {
        return std::find_if(seats_.begin(), seats_.end(), [id](const seat& each) { return each.id == id; });
    }
    place find(const basic_handle<F>& actor) noexcept {
        return std::find_if(seats_.begin(), seats_.end(), [&](const seat& each) { return each.actor == actor; });
    }

    /// A member more, a child of `parent`. Throws what its constructor throws.
    seat& add(basic_cell<F>& parent, std::optional<double> weight) {
        if (seats_.size() == seats_.capacity()) {
            seats_.reserve(2 * seats_.size() + 1);
        }
        const std::uint64_t id = next_id_;
        const std::uint32_t slot = take_slot();
        member* kept = nullptr;
        ref<A, F> fresh;
        try {
            auto link = std::make_unique<member>(pool_, id, slot);
            kept = link.get();
            fresh = spawn_(parent, id, std::move(link));
        } catch (...) {
            drop_slot(slot);
            throw;
        }
        next_id_ += 1;
        seat made{id, std::move(fresh), kept, weight};
        if constexpr (F::metrics::labelled) {
            made.place = free_place();
            made.label.label = label_table::members().number_of(parent.name(), made.place);
        }
        return seats_.emplace_back(std::move(made));
    }

    /// It stops once it is in no table.
    void leave(place gone, bool drains) {
        leaving_.push_back({gone->actor, drains});
        seats_.erase(gone);
    }

    /// It stops now.
    void dismiss(place gone) {
        gone->actor.stop();
        seats_.erase(gone);
    }

    /// Those that are in no table yet stop; `gone(seat)` hears of each.
    template <class Gone>
    void dismiss_unpublished(Gone gone) {
        for (auto each = seats_.begin(); each != seats_.end();) {
            if (each->published) {
                ++each;
            } else {
                gone(*each);
                dismiss(each);
            }
        }
    }

    void drop_slot(std::uint32_t slot) noexcept {
        if (slot != no_slot) {
            pool_.slots->drop(slot);
        }
    }

    /// Throws std::invalid_argument with the policy's sentence; then the table is the one before. `all`: with members
    /// that have come back since then.
    void publish(bool all = true) {
        const auto takes_part = [all](const seat& each) noexcept {
            return !each.away && each.health.pickable && (all || each.pickable);
        };
        const std::optional<double> usual = usual_weight();
        std::vector<typename table::member> members;
        std::vector<member_info> infos;
        members.reserve(seats_.size());
        for (const bool pickable : {true, false}) {
            for (const seat& each : seats_) {
                if (takes_part(each) != pickable) {
                    continue;
                }
                const member_info info = info_of(each, usual);
                members.push_back({boost::intrusive_ptr<basic_cell<F>>(each.actor.cell()), each.link, info, each.health,
                                   pickable, each.label});
                if (pickable) {
                    infos.push_back(info);
                }
            }
        }
        std::unique_ptr<table> fresh = make_table(infos, std::move(members), false);
        if constexpr (pulls<Policy>) {
            if (!seats_.empty()) {
                pool_.reopen_queue();
            }
        }
        if constexpr (claims_idle<Policy> && !has_started<A, F>) {
            for (const seat& each : seats_) {
                if (!each.published) {  // it is idle, and has not come by so that it could say it
                    pool_.picks.idle.announce(each.link->slot);
                }
            }
        }
        pool_.publish(std::move(fresh));
        for (seat& each : seats_) {
            each.pickable = takes_part(each);
            each.published = true;
        }
        if constexpr (pulls<Policy>) {
            move_gates();
        }
        for (const leaving& each : std::exchange(leaving_, {})) {
            each.drains ? each.actor.stop_when_drained() : each.actor.stop();
        }
    }

    /// Every member takes what is in the pool's queue before it ends.
    void call_last() noexcept {
        if constexpr (pulls<Policy>) {
            pool_.end_queue();
            for (seat& each : seats_) {
                each.link->gate.move(gate_position::last_call);
            }
        }
    }

    /// Nobody any more. Once.
    void close() noexcept {
        pool_.publish(std::move(last_));
        if constexpr (pulls<Policy>) {
            pool_.close_queue();
        }
    }

private:
    std::size_t free_place() const noexcept {
        std::size_t found = 0;
        while (std::any_of(seats_.begin(), seats_.end(), [&](const seat& each) { return each.place == found; })) {
            found += 1;
        }
        return found;
    }

    // One of weight 0 takes nothing as long as there is another. Whoever could not take, and may now, looks at the
    // queue; and those who are idle do, in place of one who may not take any more.
    void move_gates() noexcept {
        const bool any = std::any_of(seats_.begin(), seats_.end(),
                                     [](const seat& each) { return each.pickable && each.weight.value_or(1) != 0; });
        for (seat& each : seats_) {
            const bool takes = each.pickable && (!any || each.weight.value_or(1) != 0);
            const auto before = each.link->gate.now();
            const auto now = !takes                 ? gate_position::shut
                             : each.health.by_trial ? gate_position::on_trial
                                                    : gate_position::open;
            if (before != now) {
                each.link->gate.move(now);
                state::wake(*each.actor.cell(), lane_to(pool_.core));
            }
        }
        if (!pool_.queue()->quiet()) {
            pool_.call_idle(seats_.size());
        }
        if (seats_.empty()) {
            pool_.forsake_queue();
        }
    }

    // A slot is held by tables that wait to be freed, too. If they have all that the policy has room for, they are
    // freed first.
    std::uint32_t take_slot() {
        if constexpr (claims_idle<Policy>) {
            const std::uint32_t slot = pool_.slots->take();
            if (slot < pool_.picks.idle.slots()) {
                return slot;
            }
            pool_.slots->drop(slot);
            pool_.core.reclaim();
            return pool_.slots->take();
        } else {
            return no_slot;
        }
    }

    struct leaving {
        ref<A, F> actor;
        bool drains;
    };

    std::unique_ptr<table> make_table(const std::vector<member_info>& infos,
                                      std::vector<typename table::member>&& members, bool closed) {
        auto picks = Policy::build(infos, pool_.picks);
        if (!picks) {
            throw std::invalid_argument(to_string(picks.error()));
        }
        return std::make_unique<table>(std::move(picks.value()), std::move(members), pool_.slots, closed);
    }

    // What an unknown weight stands for, if some of the members have less than theirs: else that would lower what the
    // policy makes of the unknown.
    std::optional<double> usual_weight() const noexcept {
        double sum = 0;
        std::size_t known = 0;
        bool all_whole = true;
        for (const seat& each : seats_) {
            all_whole = all_whole && each.health.factor == 1;
            if (each.weight.value_or(0) > 0) {
                sum += *each.weight;
                known += 1;
            }
        }
        return all_whole ? std::nullopt : std::optional(known != 0 ? sum / static_cast<double>(known) : 1);
    }

    static std::optional<double> weight_of(const seat& one, const std::optional<double>& usual) noexcept {
        if (one.drains) {
            return 0;
        }
        return usual ? one.weight.value_or(*usual) * one.health.factor : one.weight;
    }

    static member_info info_of(const seat& one, const std::optional<double>& usual) {
        member_info info{
            .id = one.id, .weight = weight_of(one, usual), .slot = one.link->slot, .name = one.actor.name()};
        if constexpr (gauged<Policy>) {
            info.load = &one.link->load;
        }
        if constexpr (measures_latency<Policy>) {
            info.latency = &one.link->latency;
        }
        return info;
    }

    state& pool_;
    const spawner spawn_;
    std::unique_ptr<table> last_;  // published when all is over
    std::vector<seat> seats_;
    std::vector<leaving> leaving_;
    std::uint64_t next_id_ = 0;
};

}  // namespace drover
