#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "drover/actor/context.hpp"
#include "drover/actor/handler.hpp"
#include "drover/actor/ref.hpp"
#include "drover/actor/spawn.hpp"
#include "drover/actor/timer_handle.hpp"
#include "drover/actor/watch.hpp"
#include "drover/base/clock.hpp"
#include "drover/pool/pass_on.hpp"
#include "drover/pool/pool_changes.hpp"
#include "drover/pool/pool_face.hpp"
#include "drover/pool/pool_health.hpp"
#include "drover/pool/pool_options.hpp"
#include "drover/pool/pool_roster.hpp"
#include "drover/pool/pool_state.hpp"
#include "drover/pool/pool_weigher.hpp"

namespace drover {

/// The one who changes a pool: an actor, parent of the members. Changes that have come by the time it looks are made
/// together: one new table for all of them.
template <class A, class Policy, class F>
class pool_controller {
    using context = basic_context<F>;
    using state = pool_state<Policy, F>;
    using roster = pool_roster<A, Policy, F>;
    using seat = typename roster::seat;

public:
    using spawner = typename roster::spawner;
    using weigher = typename pool_weigher<F>::function;

    /// Throws std::bad_alloc, and std::invalid_argument for options of the health that make no sense.
    pool_controller(boost::intrusive_ptr<state> pool, spawner spawn, weigher weigh, clock_duration weigh_every,
                    std::uint64_t seed)
        : pool_(std::move(pool)),
          roster_(*pool_, std::move(spawn)),
          health_(pool_->health, seed),
          weigher_(std::move(weigh), weigh_every) {}

    pool_controller(const pool_controller&) = delete;
    pool_controller& operator=(const pool_controller&) = delete;
    /// When it stops, also before it has started: members and the pool, which know each other, let go.
    ~pool_controller() {
        for (seat& each : roster_.seats()) {
            health_.left(each, lane_to(pool_->core));
        }
        roster_.close();
        detail::bury_parked(*pool_);
    }

    /// The pool as an actor, and the first members, before anybody knows this actor, whose cell is `self`.
    void populate(basic_cell<F>& self, std::size_t count, const std::vector<double>& weights, std::size_t capacity) {
        using mailbox = face_mailbox_of<A, Policy, F>;
        spawn_options its{.name = std::string(self.name())};
        if constexpr (mailbox::limited) {
            its.capacity = capacity;
        }
        const ref<pool_face<A>, F> face = spawn_built<pool_face<A>, F, mailbox>(
            *self.core, &self, std::move(its), nullptr, face_build<A, Policy, F>{pool_});
        face_ = basic_handle<F>(boost::intrusive_ptr<basic_cell<F>>(face.cell()));
        for (std::size_t each = 0; each != count; ++each) {
            roster_.add(self, each < weights.size() ? std::optional(weights[each]) : std::nullopt);
        }
        for (seat& each : roster_.seats()) {
            health_.joined(each, self.core->timers.now(), joining::at_start);
        }
        roster_.publish();
    }

    const basic_handle<F>& face() const noexcept { return face_; }

    void started(context& me) {
        me.watch(face_, [this](basic_stopped_event<F>&& gone) { end(*context::current(), gone.reason.kind()); });
        for (const seat& each : roster_.seats()) {
            watch(me, each);
        }
        if constexpr (keeps_time<Policy>) {
            ticking_ = self(me).tell_every(tick_every, tick{}, repetition::fixed_delay);
        }
        look(me);
        weigher_.start(self(me), weigh_again{});
    }

    later<ref<A, F>> operator()(const add_member& wanted, context& me) {
        auto answer = me.template later<ref<A, F>>();
        try {
            grow(me, roster_.size() + 1, wanted.weight);
        } catch (...) {
            answer.fail(std::current_exception());
            return {};
        }
        changes_.added(std::move(answer), roster_.seats().back().actor);
        change(me);
        return {};
    }

    later<bool> operator()(const change_member<F>& wanted, context& me) {
        const auto found = roster_.find(wanted.member);
        const bool known = found != roster_.seats().end();
        if (known) {
            switch (wanted.kind) {
                case change_member<F>::weigh: found->weight = wanted.weight; break;
                case change_member<F>::remove: leave(me, found, false); break;
                case change_member<F>::drain: drain(me, found); break;
                case change_member<F>::well: tell_health(*found, member_news::well, me.now()); break;
                case change_member<F>::unwell: tell_health(*found, member_news::unwell, me.now()); break;
            }
        }
        changes_.changed(me.template later<bool>(), known);
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
        while (roster_.size() > wanted.members) {
            leave(me, roster_.seats().end() - 1, true);
        }
        changes_.resized(std::move(answer), roster_.size());
        change(me);
        return {};
    }

    void operator()(const member_news& heard, context& me) {
        const auto found = roster_.find(heard.member);
        if (found != roster_.seats().end()) {
            found->away = heard.kind == member_news::away || (found->away && heard.kind != member_news::back);
            health_.heard(*found, heard, me.now());
            change(me, heard.kind == member_news::away || heard.kind == member_news::back);
        }
    }

    struct weigh_again {};
    void operator()(const weigh_again&, context& me) {
        if (weigher_.weigh(roster_.seats(), me)) {
            change(me);
        }
    }

    /// For a policy whose state must be told the time.
    struct tick {};
    void operator()(const tick&, context& me) {
        if constexpr (keeps_time<Policy>) {
            pool_->picks.advance(me.now());
            auto& seats = roster_.seats();
            for (auto each = seats.begin(); each != seats.end();) {
                if (each->drains && each->link->load.read() == 0) {
                    leave(me, each, true);  // the next one is where it was
                    change(me);
                } else {
                    ++each;
                }
            }
        }
    }

    /// Something may be due about the members' health.
    struct look_after {};
    void operator()(const look_after&, context& me) { change(me, false); }

    struct look_again {
        static constexpr bool never_expires = true;
    };
    void operator()(const look_again&, context& me) {
        changing_ = false;
        if (!look(me) && !std::exchange(changed_, false)) {
            return;
        }
        changed_ = false;
        try {
            roster_.publish();
        } catch (...) {
            roster_.dismiss_unpublished([&](seat& gone) { health_.left(gone, me.on()); });
            changes_.refuse_more(std::current_exception(), roster_.size());
            publish_without_more();
        }
        detail::forward_parked(*pool_, me.on());
        changes_.answer();
    }

private:
    static constexpr clock_duration tick_every = std::chrono::seconds(1);

    static ref<pool_controller, F> self(context& me) { return me.template self<pool_controller>(); }

    // Makes members until there are so many: all of them, or none if it throws.
    void grow(context& me, std::size_t members, std::optional<double> weight) {
        const std::size_t before = roster_.size();
        if (ends_ && before < members) {
            throw std::runtime_error(
                "drover: a member more for a pool that stops when it is drained; add it before, or make another pool");
        }
        try {
            while (roster_.size() < members) {
                seat& fresh = roster_.add(me.cell(), weight);
                watch(me, fresh);
                health_.joined(fresh, me.now(), joining::later);
            }
        } catch (...) {
            while (roster_.size() > before) {
                health_.left(roster_.seats().back(), me.on());
                roster_.dismiss(roster_.seats().end() - 1);
            }
            throw;
        }
    }

    void leave(context& me, typename roster::place gone, bool drains) {
        health_.left(*gone, me.on());
        roster_.leave(gone, drains);
    }

    void tell_health(seat& one, member_news::kind_type what, time_point now) noexcept {
        health_.heard(one, {one.id, what}, now);
    }

    bool look(context& me) {
        return health_.look(roster_.seats(), me.on(), me.now(), pool_->news, [&](clock_duration after) {
            looking_.cancel();
            looking_ = self(me).tell_every(after, look_after{}, repetition::fixed_delay);
        });
    }

    void watch(context& me, const seat& one) {
        me.watch(one.actor, [this, id = one.id, slot = one.link->slot](basic_stopped_event<F>&&) {
            context& turn = *context::current();
            watched_ -= 1;
            roster_.drop_slot(slot);
            if (const auto gone = roster_.find(id); gone != roster_.seats().end()) {
                health_.left(*gone, turn.on());
                roster_.seats().erase(gone);
                change(turn);
            }
            if (ends_ && watched_ == 0) {
                turn.stop();
            }
        });
        watched_ += 1;
    }

    // One whose keys stay until it has nothing to do is in the table as long, without new ones.
    void drain(context& me, typename roster::place gone) {
        if constexpr (keeps_time<Policy>) {
            gone->drains = true;
            health_.draining(gone->id, me.now());
        } else {
            leave(me, gone, true);
        }
    }

    // Somebody has stopped the pool by a ref to it.
    void end(context& me, stop_kind how) {
        if (how != stop_kind::drained || watched_ == 0) {
            me.stop();
            return;
        }
        ends_ = true;
        roster_.call_last();
        while (roster_.size() != 0) {
            leave(me, roster_.seats().end() - 1, true);
        }
        change(me);
    }

    // Behind what has come already.
    void change(context& me, bool table = true) {
        changed_ = changed_ || table;
        if (!changing_) {
            self(me).tell(look_again{});
            changing_ = true;
        }
    }

    // If those who have come back have no room either they wait for the next change.
    void publish_without_more() {
        try {
            roster_.publish();
        } catch (const std::invalid_argument&) {
            roster_.publish(false);
        }
    }

    const boost::intrusive_ptr<state> pool_;
    roster roster_;
    pool_health<A, Policy, F> health_;
    pool_weigher<F> weigher_;
    pool_changes<A, F> changes_;
    timer_handle looking_;
    timer_handle ticking_;
    basic_handle<F> face_;
    std::size_t watched_ = 0;  // members whose end has not come, also those that are leaving
    bool changing_ = false;    // it will look
    bool changed_ = false;     // and make a table in any case
    bool ends_ = false;        // when the last member has
};

}  // namespace drover
