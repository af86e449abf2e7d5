// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <utility>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "random_numbers.hpp"
#include "shape/sleeping_barber.hpp"

namespace benches {

struct barber_customer;
struct barber_room;

struct barber {
    struct enter {
        drover::ref<barber_customer> who;
        drover::ref<barber_room> room;
    };
    struct sleep {};
    struct close {
        std::uint64_t sum;
    };

    void operator()(enter const& e);
    void operator()(sleep) {}
    void operator()(close c) { finished_->set_value(c.sum + last_); }

    std::promise<std::uint64_t>* finished_;
    random_numbers random_{shape::barber_random};
    std::uint64_t last_ = 0;
};

struct barber_room {
    struct enter {
        drover::ref<barber_customer> who;
    };
    struct next {};

    void operator()(enter e, drover::context& self);
    void operator()(next, drover::context& self) {
        if (waiting_.empty()) {
            asleep_ = true;
            barber_.tell(barber::sleep{});
            return;
        }
        barber_.tell(barber::enter{std::move(waiting_.front()), self.self<barber_room>()});
        waiting_.pop_front();
    }
    void operator()(barber::close c) { barber_.tell(c); }

    drover::ref<barber> barber_;
    std::deque<drover::ref<barber_customer>> waiting_{};
    bool asleep_ = true;
};

struct barber_street {
    struct start {
        std::uint64_t customers;
    };
    struct returned {
        drover::ref<barber_customer> who;
    };
    struct has_been_served {};

    void operator()(start s, drover::context& self);
    void operator()(returned r) { room_.tell(barber_room::enter{std::move(r.who)}); }
    void operator()(has_been_served) {
        if (++served_ == customers_) room_.tell(barber::close{last_ + served_});
    }

    drover::ref<barber_room> room_;
    random_numbers random_{shape::street_random};
    std::uint64_t customers_ = 0;
    std::uint64_t served_ = 0;
    std::uint64_t last_ = 0;
};

struct barber_customer {
    struct full {};
    struct wait {};
    struct sit_down {};
    struct done {};

    void operator()(full, drover::context& self) {
        street_.tell(barber_street::returned{self.self<barber_customer>()});
    }
    void operator()(wait) {}
    void operator()(sit_down) {}
    void operator()(done, drover::context& self) {
        street_.tell(barber_street::has_been_served{});
        self.stop();
    }

    drover::ref<barber_street> street_;
};

inline void barber::operator()(enter const& e) {
    e.who.tell(barber_customer::sit_down{});
    last_ = shape::pass_time(random_);
    e.who.tell(barber_customer::done{});
    e.room.tell(barber_room::next{});
}
inline void barber_room::operator()(enter e, drover::context& self) {
    if (waiting_.size() == shape::waiting_room) {
        e.who.tell(barber_customer::full{});
        return;
    }
    waiting_.push_back(std::move(e.who));
    if (asleep_) {
        asleep_ = false;
        self.self<barber_room>().tell(next{});
    } else {
        waiting_.back().tell(barber_customer::wait{});
    }
}
inline void barber_street::operator()(start s, drover::context& self) {
    customers_ = s.customers;
    for (std::uint64_t i = 0; i < s.customers; ++i) {
        room_.tell(barber_room::enter{self.spawn<barber_customer>(self.self<barber_street>())});
        last_ = shape::pass_time(random_);
    }
}

/// Sleeping barber: the street makes `messages` customers, each an actor, and sends them to the waiting room with some
/// time between; the room has 1000 places and sends them on to the barber, one at a time; who finds it full goes back
/// to the street, which sends him again; who is served tells the street and stops. Haircuts, and the time between
/// customers, are about 500 random numbers drawn. Senders: all. Time: from the main thread's start message until the
/// barber has told it the last numbers drawn and the count of haircuts. Figure: ns per haircut. Savina's sizes (Imam
/// and Sarkar 2014): 5 000 haircuts, a room of 1 000, both rates 1 000.
inline outcome sleeping_barber(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const street = rt.spawn<barber_street>(rt.spawn<barber_room>(rt.spawn<barber>(&finished)));

    stopwatch const clock;
    street.tell(barber_street::start{messages});
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, messages, usage_of_threads("drover/").threads, "the last numbers drawn, and the haircuts",
                   answer, shape::barber_expected(messages));
}

}  // namespace benches
