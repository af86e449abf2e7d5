// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <cstddef>
#include <cstdint>
#include <future>
#include <utility>
#include <vector>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "fan_in.hpp"
#include "random_numbers.hpp"
#include "shape/cigarette_smokers.hpp"

namespace benches {

struct smoker;

struct smokers_arbiter {
    struct start {
        std::vector<drover::ref<smoker>> smokers;
        std::uint64_t rounds;
    };
    struct started_smoking {};

    void operator()(start s);
    void operator()(started_smoking);
    void begin_round();

    std::vector<drover::ref<smoker>> smokers_{};
    std::uint64_t left_ = 0;
    random_numbers random_{0};
};

struct smoker {
    struct smoke {
        std::uint64_t period;
    };
    struct leave {};

    void operator()(smoke s) {
        arbiter_.tell(smokers_arbiter::started_smoking{});
        sum_ += shape::smoke(s.period);
    }
    void operator()(leave) { sink_.tell(fan_in_sink::value{sum_}); }

    drover::ref<fan_in_sink> sink_;
    drover::ref<smokers_arbiter> arbiter_;
    std::uint64_t sum_ = 0;
};

inline void smokers_arbiter::operator()(start s) {
    smokers_ = std::move(s.smokers);
    left_ = s.rounds;
    begin_round();
}
inline void smokers_arbiter::operator()(started_smoking) {
    if (left_ != 0) {
        begin_round();
        return;
    }
    for (auto const& each : smokers_) each.tell(smoker::leave{});
}
inline void smokers_arbiter::begin_round() {
    left_ -= 1;
    auto const round = shape::next_smoking_round(random_);
    smokers_[round.smoker].tell(smoker::smoke{round.period});
}

/// Cigarette smokers: an arbiter tells one of 200 smokers, at random, to smoke; he says that he has started, whereupon
/// the arbiter tells the next, and then smokes: about 500 random numbers drawn. `messages` rounds in all, two messages
/// each. Senders: all. Time: from the main thread's start message until a sink has told it the sum of the last numbers
/// drawn. Figure: ns per round. Savina's sizes (Imam and Sarkar 2014): 200 smokers, 1 000 rounds.
inline outcome cigarette_smokers(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const sink = rt.spawn<fan_in_sink>(&finished, shape::smokers);
    auto const arbiter = rt.spawn<smokers_arbiter>();
    std::vector<drover::ref<smoker>> smokers;
    for (std::uint64_t i = 0; i < shape::smokers; ++i) smokers.push_back(rt.spawn<smoker>(sink, arbiter));

    stopwatch const clock;
    arbiter.tell(smokers_arbiter::start{std::move(smokers), messages});
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, messages, usage_of_threads("drover/").threads, "the sum of the last numbers drawn", answer,
                   shape::smokers_expected(messages));
}

}  // namespace benches
