// 10 000 actors: regions, which have teams, which have members. Whoever stops for good is replaced by its parent.
#pragma once

#include <drover/drover.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "books.hpp"
#include "member.hpp"
#include "world.hpp"

namespace soak {

/// Keeps `count` children alive: one that has stopped for good is replaced when the notice comes.
template <class Child>
class keeper {
public:
    explicit keeper(std::size_t count) : children_(count) {}

    /// `make(which)` spawns; a constructor that fails is called again.
    template <class Make>
    void fill(std::size_t which, const Make& make) {
        for (;;) {
            try {
                children_[which] = make(which);
                break;
            } catch (const planned_failure&) {}
        }
        the_books.add(entry::spawned);
    }

    /// The place of one that has stopped.
    std::size_t find(const drover::handle& gone) const {
        std::size_t which = 0;
        while (which != children_.size() && children_[which] != gone) {
            which += 1;
        }
        return which;
    }

    const Child& operator[](std::size_t which) const { return children_[which]; }
    std::size_t size() const { return children_.size(); }

private:
    std::vector<Child> children_;
};

class team {
public:
    team(world* all, std::size_t number) : all_(*all), number_(number), random_(all->choices(seats + number)) {}

    void started(context& me) {
        for (std::size_t each = 0; each != members; ++each) {
            fill(each, me);
        }
    }
    void operator()(const fail& f) { throw planned_failure{f.what}; }
    void operator()(const drover::stopped_event& heard, context& me) {
        const std::size_t which = children_.find(heard.actor);
        if (which == members || (all_.wrong == mistake::actor && random_.below(200) == 0)) {
            return;
        }
        fill(which, me);
    }

private:
    void fill(std::size_t which, context& me) {
        children_.fill(which, [&](std::size_t each) {
            const std::uint32_t kind = random_.below(10);
            const drover::supervised how{
                .plan = {.decide = &as_planned,
                         .limit = {.count = 3, .within = 2s},
                         .beyond = random_.below(50) == 0 ? directive::escalate : directive::stop,
                         .backoff = {.first = std::chrono::milliseconds(random_.below(3)), .most = 20ms},
                         .kind = kind == 0   ? drover::child_kind::permanent
                                 : kind == 1 ? drover::child_kind::temporary
                                             : drover::child_kind::transient}};
            return me.spawn<member>(how, &all_, number_ * members + each);
        });
        me.watch<team>(children_[which]);
    }

    counted_state counted_{};
    world& all_;
    std::size_t number_;
    drover::random_source random_;
    keeper<drover::ref<member>> children_{members};
};

class region {
public:
    region(world* all, std::size_t number)
        : all_(*all), number_(number), random_(all->choices(seats + regions * teams + number)) {}

    void started(context& me) {
        for (std::size_t each = 0; each != teams; ++each) {
            fill(each, me);
        }
    }
    /// To one of its teams, or its own.
    void operator()(const fail& f) {
        if (random_.below(20) == 0) {
            throw planned_failure{f.what};
        }
        tell(children_[random_.below(teams)], f);
        the_books.add(entry::handled);
    }
    void operator()(const drover::stopped_event& heard, context& me) {
        if (const std::size_t which = children_.find(heard.actor); which != teams) {
            fill(which, me);
        }
    }

private:
    void fill(std::size_t which, context& me) {
        children_.fill(which, [&](std::size_t each) {
            // Few teams restart their members together, because that is much work.
            const drover::strategy together = each == 0   ? drover::strategy::one_for_all
                                              : each == 1 ? drover::strategy::rest_for_one
                                                          : drover::strategy::one_for_one;
            const drover::supervised how{.plan = {.decide = &as_planned,
                                                  .limit = {.count = 20, .within = 1s},
                                                  .beyond = directive::escalate,
                                                  .backoff = {.first = 1ms, .most = 20ms},
                                                  .children = together}};
            return me.spawn<team>(how, &all_, number_ * teams + each);
        });
        me.watch<region>(children_[which]);
    }

    counted_state counted_{};
    world& all_;
    std::size_t number_;
    drover::random_source random_;
    keeper<drover::ref<team>> children_{teams};
};

}  // namespace soak
