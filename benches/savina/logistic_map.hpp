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
#include "fan_in.hpp"
#include "shape/logistic_map.hpp"
#include "shapes.hpp"

namespace benches {

struct rate_computer {
    struct compute {
        double term;
    };

    double operator()(compute c) const { return shape::next_term(rate_, c.term); }

    double rate_;
};

struct series_worker {
    struct next {};
    struct get {};

    drover::task<> operator()(next) { term_ = co_await computer_.ask(rate_computer::compute{term_}); }
    void operator()(get) { sink_.tell(fan_in_sink::value{shape::whole_term(term_)}); }

    drover::ref<fan_in_sink> sink_;
    drover::ref<rate_computer> computer_;
    double term_;
};

struct series_master {
    struct start {
        std::uint64_t terms;
    };

    void operator()(start s) {
        for (std::uint64_t i = 0; i < s.terms; ++i)
            for (auto const& worker : workers_) worker.tell(series_worker::next{});
        for (auto const& worker : workers_) worker.tell(series_worker::get{});
    }

    std::vector<drover::ref<series_worker>> workers_;
};

/// Logistic map: a master tells 10 workers, round robin and from one handler, to go on to the next term of their
/// series; each worker asks a computer of its own for each term, and takes the next message when it has the answer:
/// here in a handler that is a coroutine. `messages` terms in all, of three messages. Senders: all. Time: from the main
/// thread's start message until a sink has told it the sum of the last terms. Figure: ns per term. Savina's sizes (Imam
/// and Sarkar 2014): 10 series of 25 000 terms.
inline outcome logistic_map(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::series);
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const sink = rt.spawn<fan_in_sink>(&finished, std::uint64_t{shape::series});
    std::vector<drover::ref<series_worker>> workers;
    for (std::size_t which = 0; which < shape::series; ++which)
        workers.push_back(rt.spawn<series_worker>(sink, rt.spawn<rate_computer>(shape::series_rate(which)),
                                                  shape::first_term(which)));
    auto const master = rt.spawn<series_master>(workers);

    stopwatch const clock;
    master.tell(series_master::start{each});
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, each * shape::series, usage_of_threads("drover/").threads, "the sum of the last terms",
                   answer, shape::logistic_map_expected(each));
}

}  // namespace benches
