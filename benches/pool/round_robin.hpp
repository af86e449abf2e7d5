// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#pragma once

#include <drover/drover.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <future>
#include <span>
#include <string>
#include <vector>

#include "../savina/shapes.hpp"
#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "../support/process.hpp"

namespace benches {

/// Sums the numbers of its share, and tells the collector when it has them all.
struct pool_summer {
    struct value {
        std::uint64_t number;
    };
    struct sum {
        std::uint64_t of;
    };

    struct collector {
        void operator()(sum one) {
            total_ += one.of;
            if (++heard_ == shape::pool_members) finished_->set_value(total_);
        }

        std::promise<std::uint64_t>* finished_;
        std::uint64_t total_ = 0;
        std::size_t heard_ = 0;
    };

    void operator()(value v) {
        sum_ += v.number;
        if (++seen_ == share_) collector_.tell(sum{sum_});
    }

    drover::ref<collector> collector_;
    std::uint64_t share_;
    std::uint64_t sum_ = 0;
    std::uint64_t seen_ = 0;
};

using pool_of_summers = drover::pool<pool_summer, drover::round_robin>;

template <std::size_t Batch>
struct pool_producer {
    struct go {
        std::uint64_t messages;
    };

    void operator()(go g) {
        if constexpr (Batch == 0) {
            for (std::uint64_t i = 0; i != g.messages; ++i) pool_.tell(pool_summer::value{i});
        } else {
            std::array<pool_summer::value, Batch> some;
            for (std::uint64_t i = 0; i != g.messages; i += Batch) {
                for (std::size_t each = 0; each != Batch; ++each) some[each].number = i + each;
                pool_.tell_batch(std::span<pool_summer::value const>(some));
            }
        }
    }

    pool_of_summers pool_;
};

/// 4 producer actors send a quarter of `messages` numbers each to a pool of 8 actors that take turns, every producer
/// from one handler; one by one, or `Batch` at a time. Senders: the producers. Time: from the first start message until
/// the main thread has the sum of all numbers. Figure: ns per number. That each member gets just its share is part of
/// the answer.
template <std::size_t Batch>
outcome pool_round_robin_by(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::pool_share(messages);
    std::promise<std::uint64_t> finished;
    drover::runtime rt({.threads = threads});
    auto const collector = rt.spawn<pool_summer::collector>(&finished);
    auto const pool = drover::spawn_pool<pool_summer, drover::round_robin>(
        rt, {.members = shape::pool_members}, collector, each * shape::fan_in_producers / shape::pool_members);
    std::array<drover::ref<pool_producer<Batch>>, shape::fan_in_producers> producers;
    for (auto& producer : producers) producer = rt.spawn<pool_producer<Batch>>(pool);

    stopwatch const clock;
    for (auto const& producer : producers) producer.tell(typename pool_producer<Batch>::go{each});
    auto const sum = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return {elapsed, each * shape::fan_in_producers, usage_of_threads("drover/").threads,
            expect_equal("the sum of the members", sum, shape::fan_in_sum(each))};
}

inline outcome pool_round_robin(std::uint64_t messages, std::size_t threads) {
    return pool_round_robin_by<0>(messages, threads);
}

inline outcome pool_round_robin_batch(std::uint64_t messages, std::size_t threads) {
    return pool_round_robin_by<shape::pool_batch>(messages, threads);
}

}  // namespace benches
