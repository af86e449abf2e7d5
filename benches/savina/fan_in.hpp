// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <future>

#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"
#include "shapes.hpp"

namespace benches {

struct fan_in_sink {
    struct value {
        std::uint64_t number;
    };

    void operator()(value v) {
        sum_ += v.number;
        if (++seen_ == expected_) finished_->set_value(sum_);
    }

    std::promise<std::uint64_t>* finished_;
    std::uint64_t expected_;
    std::uint64_t seen_ = 0;
    std::uint64_t sum_ = 0;
};

struct fan_in_producer {
    struct go {
        std::uint64_t messages;
    };

    void operator()(go g) {
        for (std::uint64_t i = 0; i < g.messages; ++i) sink_.tell(fan_in_sink::value{i});
    }

    drover::ref<fan_in_sink> sink_;
};

/// Fan-in: 4 producer actors send a quarter of `messages` numbers each to one sink actor, every producer from one
/// handler. Senders: the 4 producers. Time: from the first start message until the sink has told the main thread the
/// sum of all numbers. Figure: ns per number.
inline outcome fan_in(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::fan_in_producers);
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const sink = rt.spawn<fan_in_sink>(&finished, each * shape::fan_in_producers);
    std::array<drover::ref<fan_in_producer>, shape::fan_in_producers> producers;
    for (auto& producer : producers) producer = rt.spawn<fan_in_producer>(sink);

    stopwatch const clock;
    for (auto const& producer : producers) producer.tell(fan_in_producer::go{each});
    auto const sum = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, each * shape::fan_in_producers, usage_of_threads("drover/").threads,
            expect_equal("the sum at the sink", sum, shape::fan_in_sum(each))};
}

}  // namespace benches
