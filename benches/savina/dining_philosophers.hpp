// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <future>
#include <vector>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "shape/dining_philosophers.hpp"
#include "shapes.hpp"

namespace benches {

struct philosopher;

struct philosophers_arbitrator {
    struct hungry {
        drover::ref<philosopher> who;
        std::size_t place;
    };
    struct done {
        std::size_t place;
    };
    struct leaves {
        std::uint64_t eaten;
    };

    void operator()(hungry const& h);
    void operator()(done d) { eaten_ += forks_.put_back(d.place) ? 1 : 0; }
    void operator()(leaves l) {
        eaten_ += l.eaten;
        if (--left_ == 0) finished_->set_value(eaten_ + forks_.free());
    }

    std::promise<std::uint64_t>* finished_;
    shape::forks forks_{};
    std::size_t left_ = shape::philosophers;
    std::uint64_t eaten_ = 0;
};

struct philosopher {
    struct start {};
    struct eat {};
    struct denied {};

    void operator()(start, drover::context& self) { say_hungry(self); }
    void operator()(denied, drover::context& self) { say_hungry(self); }
    void operator()(eat, drover::context& self) {
        eaten_ += 1;
        arbitrator_.tell(philosophers_arbitrator::done{place_});
        if (eaten_ < meals_)
            self.self<philosopher>().tell(start{});
        else
            arbitrator_.tell(philosophers_arbitrator::leaves{eaten_});
    }

    void say_hungry(drover::context& self) {
        arbitrator_.tell(philosophers_arbitrator::hungry{self.self<philosopher>(), place_});
    }

    drover::ref<philosophers_arbitrator> arbitrator_;
    std::size_t place_;
    std::uint64_t meals_;
    std::uint64_t eaten_ = 0;
};

inline void philosophers_arbitrator::operator()(hungry const& h) {
    if (forks_.take(h.place))
        h.who.tell(philosopher::eat{});
    else
        h.who.tell(philosopher::denied{});
}

/// Dining philosophers: 20 of them ask an arbitrator for two forks each; who is denied asks again at once, who gets
/// them eats, puts them back and begins anew, by a message to itself. `messages` meals in all, of at least four
/// messages; how often one is denied is up to the order in which the runtime runs them. Senders: all. Time: from the
/// first start message until the arbitrator has told the main thread how many meals all had, by its count and theirs,
/// and how many forks are free. Figure: ns per meal. Savina's sizes (Imam and Sarkar 2014): 20 philosophers, 10 000
/// meals each.
inline outcome dining_philosophers(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::philosophers);
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const arbitrator = rt.spawn<philosophers_arbitrator>(&finished);
    std::vector<drover::ref<philosopher>> all;
    for (std::size_t place = 0; place < shape::philosophers; ++place)
        all.push_back(rt.spawn<philosopher>(arbitrator, place, each));

    stopwatch const clock;
    for (auto const& one : all) one.tell(philosopher::start{});
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, each * shape::philosophers, usage_of_threads("drover/").threads,
                   "the number of meals and of free forks", answer, shape::philosophers_expected(each));
}

}  // namespace benches
