#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/context.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/promise.hpp"
#include "drover/actor/ref.hpp"
#include "drover/actor/spawn.hpp"
#include "drover/actor/timer_handle.hpp"
#include "drover/actor/watch.hpp"
#include "drover/base/clock.hpp"
#include "drover/base/text.hpp"
#include "drover/pool/pool_face.hpp"
#include "drover/pool/pool_member.hpp"
#include "drover/pool/pool_options.hpp"
#include "drover/pool/pool_state.hpp"

namespace drover {

/// What a pool's handles ask of its controller; each is answered when the change is in force.
struct add_member {
    std::optional<double> weight;
};
template <class F>
struct change_member {
    enum kind_type : std::uint8_t { remove, drain, weigh };

    basic_handle<F> member;
    kind_type kind;
    double weight = 0;
};
struct resize_pool {
    std::size_t members;
};

/// The one who changes a pool: an actor, parent of the members. Changes that have come by the time it looks are made
/// together: one new table for all of them.
template <class A, class Policy, class F>
class pool_controller {
    using context = basic_context<F>;
    using state = pool_state<Policy, F>;
    using table = pool_table<Policy, F>;
    using member = pool_member<Policy, F>;

public:
    /// Makes an actor, a child of the second, whose supervision owns the membership.
    using spawner = std::function<ref<A, F>(basic_cell<F>&, std::uint64_t id, std::unique_ptr<member>)>;

    struct weigh_again {};
    using weigher = std::function<double(const member_figures&)>;

    pool_controller(boost::intrusive_ptr<state> pool, spawner spawn, weigher weigh, clock_duration weigh_every) noexcept
        : pool_(std::move(pool)), spawn_(std::move(spawn)), weigh_(std::move(weigh)), weigh_every_(weigh_every) {}

    /// The pool as an actor, and the first members, before anybody knows this actor, whose cell is `self`.
    void populate(basic_cell<F>& self, std::size_t count, const std::vector<double>& weights) {
        const ref<pool_face<A>, F> face = spawn_built<pool_face<A>, F, face_mailbox<Policy>>(
            *self.core, &self, {.name = std::string(self.name())}, nullptr, face_build<A, Policy, F>{pool_});
        face_ = basic_handle<F>(boost::intrusive_ptr<basic_cell<F>>(face.cell()));
        for (std::size_t each = 0; each != count; ++each) {
            spawn_member(self, each < weights.size() ? std::optional(weights[each]) : std::nullopt);
        }
        rebuild();
    }

    const basic_handle<F>& face() const noexcept { return face_; }

    void started(context& me) {
        me.watch(face_, [this](basic_stopped_event<F>&& gone) { end(*context::current(), gone.reason.kind()); });
        for (const seat& each : seats_) {
            watch(me, each);
        }
        if constexpr (keeps_time<Policy>) {
            ticking_ = me.template self<pool_controller>().tell_every(tick_every, tick{}, repetition::fixed_delay);
        }
        if (weigh_) {
            weighing_ = me.template self<pool_controller>().tell_every(weigh_every_, weigh_again{});
        }
    }

    void stopped(const stop_reason&) {
        seats_.clear();
        closed_ = true;
        rebuild();
    }

    later<ref<A, F>> operator()(const add_member& wanted, context& me) {
        auto answer = me.template later<ref<A, F>>();
        try {
            grow(me, seats_.size() + 1, wanted.weight);
        } catch (...) {
            answer.fail(std::current_exception());
            return {};
        }
        added_.push_back({std::move(answer), seats_.back().id});
        change(me);
        return {};
    }

    later<bool> operator()(const change_member<F>& wanted, context& me) {
        const auto found =
            std::find_if(seats_.begin(), seats_.end(), [&](const seat& each) { return each.actor == wanted.member; });
        const bool known = found != seats_.end();
        if (known && wanted.kind == change_member<F>::weigh) {
            found->weight = wanted.weight;
        } else if (known) {
            wanted.kind == change_member<F>::drain&& keeps_time<Policy>
                ? static_cast<void>(found->drains = true)
                : leave(found, wanted.kind == change_member<F>::drain);
        }
        changed_.push_back({me.template later<bool>(), known});
        change(me);
        return {};
    }

    later<std::size_t> operator()(const resize_pool& wanted, context& me) {
        auto answer = me.template later<std::size_t>();
        try {
            grow(me, wanted.members, std::nullopt);
        } catch (...) {
            answer.fail(std::current_exception());
            return {};
        }
        while (seats_.size() > wanted.members) {
            leave(seats_.end() - 1, true);
        }
        resized_.push_back({std::move(answer), seats_.size()});
        change(me);
        return {};
    }

    void operator()(const member_news& heard, context& me) {
        const auto found = find(heard.member);
        if (found != seats_.end()) {
            found->away = heard.kind == member_news::away;
            change(me);
        }
    }

    void operator()(const weigh_again&, context& me) {
        for (seat& each : seats_) {
            try {
                const double fresh = weigh_({each.id, each.actor.name(), each.weight, each.link->load.read()});
                if (!std::isfinite(fresh) || fresh < 0) {
                    throw std::invalid_argument(
                        join_text({"drover: pool_options::weigh gave ", each.actor.name(), " the weight ",
                                   detail::number_text(fresh), "; give it a finite one of 0 or more"}));
                }
                if (each.weight != fresh) {
                    each.weight = fresh;
                    change(me);
                }
            } catch (...) {
                pool_->core.report(failure{me.self().name(), me.self().id(), "weigh", std::current_exception()});
            }
        }
    }

    struct tick {};
    void operator()(const tick&, context& me) {
        if constexpr (keeps_time<Policy>) {
            pool_->picks.advance(me.now());
            for (auto each = seats_.begin(); each != seats_.end();) {
                if (each->drains && each->link->load.read() == 0) {
                    leave(each, true);  // the next one is where it was
                    change(me);
                } else {
                    ++each;
                }
            }
        }
    }

    struct look_again {};
    void operator()(const look_again&) {
        changing_ = false;
        try {
            rebuild();
        } catch (...) {
            refuse_added(std::current_exception());
            rebuild_without_added();
        }
        settle();
    }

private:
    struct seat {
        std::uint64_t id;
        ref<A, F> actor;
        member* link;
        std::optional<double> weight;
        bool away = false;
        bool drains = false;     ///< keeps the keys that it has until it has nothing to do
        bool published = false;  ///< is in the present table
        bool pickable = false;   ///< and is picked by it
    };

    struct leaving {
        ref<A, F> actor;
        bool drains;
    };

    using place = typename std::vector<seat>::iterator;

    place find(std::uint64_t id) noexcept {
        return std::find_if(seats_.begin(), seats_.end(), [id](const seat& each) { return each.id == id; });
    }

    const seat& spawn_member(basic_cell<F>& self, std::optional<double> weight) {
        seats_.reserve(seats_.size() + 1);
        const std::uint64_t id = next_id_;
        const std::uint32_t slot = claims_idle<Policy> ? pool_->slots->take() : no_slot;
        member* kept = nullptr;
        ref<A, F> fresh;
        try {
            auto link = std::make_unique<member>(*pool_, id, slot, !has_started<A, F>);
            kept = link.get();
            fresh = spawn_(self, id, std::move(link));
        } catch (...) {
            drop_slot(slot);
            throw;
        }
        next_id_ += 1;
        alive_ += 1;
        return seats_.emplace_back(seat{id, std::move(fresh), kept, weight});
    }

    // Makes members until there are so many: all of them, or none if it throws.
    void grow(context& me, std::size_t members, std::optional<double> weight) {
        const std::size_t before = seats_.size();
        if (ends_ && before < members) {
            throw std::runtime_error(
                "drover: a member more for a pool that stops when it is drained; add it before, or make another pool");
        }
        try {
            while (seats_.size() < members) {
                watch(me, spawn_member(me.cell(), weight));
            }
        } catch (...) {
            while (seats_.size() > before) {
                seats_.back().actor.stop();
                seats_.pop_back();
            }
            throw;
        }
    }

    void watch(context& me, const seat& one) {
        me.watch(one.actor, [this, id = one.id, slot = one.link->slot](basic_stopped_event<F>&&) {
            context& turn = *context::current();
            alive_ -= 1;
            drop_slot(slot);
            if (const auto gone = find(id); gone != seats_.end()) {
                seats_.erase(gone);
                change(turn);
            }
            if (ends_ && alive_ == 0) {
                turn.stop();
            }
        });
    }

    void drop_slot(std::uint32_t slot) noexcept {
        if (slot != no_slot) {
            pool_->slots->drop(slot);
        }
    }

    // Somebody has stopped the pool by a ref to it.
    void end(context& me, stop_kind how) {
        if (how != stop_kind::drained || alive_ == 0) {
            me.stop();
            return;
        }
        ends_ = true;
        while (!seats_.empty()) {
            leave(seats_.end() - 1, true);
        }
        change(me);
    }

    void leave(place gone, bool drains) {
        leaving_.push_back({gone->actor, drains});
        seats_.erase(gone);
    }

    // Behind what has come already.
    void change(context& me) {
        if (!changing_) {
            me.template self<pool_controller>().tell(look_again{});
            changing_ = true;
        }
    }

    static member_info info_of(const seat& one) {
        member_info info{.id = one.id,
                         .weight = one.drains ? std::optional(0.0) : one.weight,
                         .slot = one.link->slot,
                         .name = one.actor.name()};
        if constexpr (gauged<Policy>) {
            info.load = &one.link->load;
        }
        if constexpr (measures_latency<Policy>) {
            info.latency = &one.link->latency;
        }
        return info;
    }

    // Throws std::invalid_argument with the policy's sentence; then the table is the one before. `all`: with members that
    // have come back since then.
    void rebuild(bool all = true) {
        const auto takes_part = [all](const seat& each) noexcept { return !each.away && (all || each.pickable); };
        std::vector<typename table::member> members;
        std::vector<member_info> infos;
        members.reserve(seats_.size());
        for (const bool pickable : {true, false}) {
            for (const seat& each : seats_) {
                if (takes_part(each) != pickable) {
                    continue;
                }
                const member_info info = info_of(each);
                members.push_back({boost::intrusive_ptr<basic_cell<F>>(each.actor.cell()), each.link, info, pickable});
                if (pickable) {
                    infos.push_back(info);
                }
            }
        }
        auto picks = Policy::build(infos, pool_->picks);
        if (!picks) {
            throw std::invalid_argument(to_string(picks.error()));
        }
        if constexpr (claims_idle<Policy> && !has_started<A, F>) {
            for (const seat& each : seats_) {
                if (!each.published) {  // it is idle, and has not come by so that it could say it
                    pool_->picks.idle.announce(each.link->slot);
                }
            }
        }
        pool_->publish(std::make_unique<table>(std::move(picks.value()), std::move(members), pool_->slots, closed_));
        for (seat& each : seats_) {
            each.pickable = takes_part(each);
            each.published = true;
        }
    }

    // Who is in no table yet goes, and who has asked for it hears why.
    void refuse_added(const std::exception_ptr& why) noexcept {
        std::erase_if(seats_, [](const seat& each) {
            if (!each.published) {
                each.actor.stop();
            }
            return !each.published;
        });
        for (auto& each : added_) {
            each.first.fail(why);
        }
        for (auto& each : resized_) {
            each.first.fail(why);
        }
        added_.clear();
        resized_.clear();
    }

    // If those who have come back have no room either they wait for the next change.
    void rebuild_without_added() {
        try {
            rebuild();
        } catch (const std::invalid_argument&) {
            rebuild(false);
        }
    }

    // What was asked for is in force.
    void settle() {
        for (auto& each : added_) {
            const auto found = find(each.second);
            if (found != seats_.end()) {
                each.first.set(found->actor);
            }
        }
        for (auto& each : changed_) {
            each.first.set(each.second);
        }
        for (auto& each : resized_) {
            each.first.set(each.second);
        }
        for (const leaving& each : leaving_) {
            each.drains ? each.actor.stop_when_drained() : each.actor.stop();
        }
        added_.clear();
        changed_.clear();
        resized_.clear();
        leaving_.clear();
    }

    const boost::intrusive_ptr<state> pool_;
    const spawner spawn_;
    static constexpr clock_duration tick_every = std::chrono::seconds(1);

    const weigher weigh_;
    const clock_duration weigh_every_;
    timer_handle weighing_;
    timer_handle ticking_;
    std::vector<seat> seats_;
    std::vector<leaving> leaving_;
    std::vector<std::pair<basic_promise<ref<A, F>, F>, std::uint64_t>> added_;
    std::vector<std::pair<basic_promise<bool, F>, bool>> changed_;
    std::vector<std::pair<basic_promise<std::size_t, F>, std::size_t>> resized_;
    std::uint64_t next_id_ = 0;
    basic_handle<F> face_;
    std::size_t alive_ = 0;  // members that have not stopped, also those that are leaving
    bool changing_ = false;
    bool ends_ = false;  // when the last member has
    bool closed_ = false;
};

}  // namespace drover
